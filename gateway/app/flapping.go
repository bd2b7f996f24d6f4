package app

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

const (
	ruleFlapping = "flapping"
	flapEvery    = 5 * time.Second // between checks whether devices still flap
)

// takeUpFlapping runs at the start: devices that flapped when the gateway stopped count as flapping
// until they have been stable.
func (a *App) takeUpFlapping(ctx context.Context) error {
	left, err := a.reg.In(g.SystemScope("flapping")).Fleet.FlappingDevices(ctx)
	if err != nil {
		return err
	}
	for _, d := range left {
		a.flapping.Adopt(d.ID, a.now())
	}
	return nil
}

// flapTeller journals when devices begin and stop flapping, and keeps one alert for each, or one
// for each school if a driver's program is the cause.
type flapTeller struct {
	a      *App
	view   *registry.View
	raised map[flapAlert]g.Alert // firing
}

// flapAlert is what an alert is about: a device, or a driver in a school.
type flapAlert struct {
	school g.SchoolID
	device g.DeviceID
	rule   g.RuleID
}

func (a *App) runFlapping(ctx context.Context) error {
	f := flapTeller{a: a, view: a.reg.In(g.SystemScope("flapping"))}
	if !a.health.Insist(ctx, "flapping", func() error { return f.left(ctx) }) {
		return nil
	}
	tick := time.NewTicker(flapEvery)
	defer tick.Stop()
	for {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("that devices flap could not be told; it tries again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.flapping.Began():
		case <-tick.C:
		}
	}
}

// left loads the firing alerts of the last run.
func (f *flapTeller) left(ctx context.Context) error {
	f.raised = map[flapAlert]g.Alert{}
	filter := alerts.Filter{RulePrefix: g.DeviceRule + ruleFlapping}
	return selfwatch.EachFiring(ctx, f.view, filter, func(x g.Alert) {
		if k := (flapAlert{x.School, x.Device, x.Rule}); f.raised[k].ID == "" {
			f.raised[k] = x
		}
	})
}

func (f *flapTeller) look(ctx context.Context) error {
	if err := f.silent(ctx); err != nil {
		return err
	}
	for _, t := range f.a.flapping.Due(f.a.now()) {
		if err := f.journal(ctx, t); err != nil {
			return err
		}
	}
	return f.alerts(ctx)
}

// silent tells the watch since when each flapping device is silent, which the registry leaves to
// the watch. A silent one that the watch does not know was left by a killed run, and is adopted.
func (f *flapTeller) silent(ctx context.Context) error {
	until, ok := f.a.twins.HeardUntil()
	if !ok {
		return nil
	}
	devices, err := f.view.Fleet.FlappingDevices(ctx)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if until.Sub(d.LastSeen) > d.Allowed {
			f.a.flapping.Adopt(d.ID, f.a.now())
		}
		f.a.flapping.Silence(d.ID, d.LastSeen, d.Allowed, until)
	}
	return nil
}

func (f *flapTeller) journal(ctx context.Context, t flapping.Turn) error {
	entry, ok := f.a.directory.Known(t.Device)
	if !ok {
		f.a.flapping.Forget(t.Device)
		return nil
	}
	now, status := f.a.now(), t.Status
	_, err := f.a.intake.Record(ctx, &g.Event{
		Kind:     g.EventStatus,
		School:   entry.Device.School,
		Device:   t.Device,
		Zone:     entry.Device.Zone,
		Driver:   entry.Device.Driver,
		Time:     now,
		Received: now,
		Status:   &status,
	})
	if err != nil {
		return err
	}
	f.a.flapping.Told(t)
	f.a.log.Warn("a device's state", "device", t.Device, "state", status.State, "reason",
		status.Reason)
	return nil
}

// alerts raises and resolves alerts until they match the flapping devices, in one write.
func (f *flapTeller) alerts(ctx context.Context) error {
	wanted := map[flapAlert]g.Alert{}
	for id, flap := range f.a.flapping.Flapping() {
		entry, ok := f.a.directory.Known(id)
		if !ok {
			continue
		}
		x := f.alert(entry.Device, flap)
		key := flapAlert{x.School, x.Device, x.Rule}
		if old, ok := wanted[key]; !ok || x.Opened.Before(old.Opened) {
			wanted[key] = x
		}
	}
	var write []g.Alert
	for key, x := range wanted {
		if _, ok := f.raised[key]; !ok {
			write = append(write, x)
		}
	}
	for key, x := range f.raised {
		if _, ok := wanted[key]; !ok {
			write = append(write, selfwatch.Ended(x, f.a.now()))
		}
	}
	if len(write) == 0 {
		return nil
	}
	if err := devices(f.a.reg).Tell(ctx, write...); err != nil {
		return err
	}
	for _, x := range write {
		key := flapAlert{x.School, x.Device, x.Rule}
		if delete(f.raised, key); x.Firing {
			f.raised[key] = x
		}
	}
	return nil
}

func (f *flapTeller) alert(d g.Device, flap flapping.Flap) g.Alert {
	c := f.a.cfg.Flapping
	x := selfwatch.DeviceAlert{
		Rule:     ruleFlapping,
		Severity: g.Warning,
		Title:    "Comes and goes: " + d.Name,
		TitleZH:  "反复上下线：" + d.Name,
		Text: fmt.Sprintf("Its state changed %d times within %s. That is told once: meanwhile "+
			"there is no alert each time it goes, and what it measures and sees is taken as ever. "+
			"It is over when nothing changed for %s. Look at its power, its cable or wireless "+
			"link, and whether another device has its address or its id.",
			c.Changes, c.Within, c.Quiet),
		TextZH: fmt.Sprintf("该设备状态在 %s 内变化 %d 次。此情况只告警一次：期间不再逐次提示离线，其测量和识别数据照常接收；连续 %s "+
			"无变化后自动结束。请检查供电、网线或无线链路，以及是否有其他设备占用同一地址或标识。",
			c.Within, c.Changes, c.Quiet),
		Firing: true,
		Since:  flap.Since,
	}
	if flap.Last != "" {
		x.Text += " The last time: " + flap.Last
		x.TextZH += "最近一次原因：" + flap.Last
	}
	if !flap.Program {
		return x.Alert(d)
	}
	x.Rule += "-driver-" + string(d.Driver)
	x.Title = fmt.Sprintf("Devices come and go with their driver %s", d.Driver)
	x.TitleZH = fmt.Sprintf("驱动 %s 反复中断，其设备随之上下线", d.Driver)
	d.ID, d.Zone = "", ""
	return x.Alert(d)
}
