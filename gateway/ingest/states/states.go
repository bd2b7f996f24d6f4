// Package states keeps the states that devices do not report themselves: it marks silent devices,
// journals when a device begins and stops flapping, and keeps one alert for each that flaps, or one
// for each school if a driver's program is the cause. Package flapping decides what counts as
// flapping, and the registry what counts as silent.
package states

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/twins"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

const (
	rule      = "flapping"
	lookEvery = 5 * time.Second // between checks for silence, and whether devices still flap
)

// Keeper has all fields set before its methods are called.
type Keeper struct {
	View      *registry.View
	Watch     *flapping.Watch
	Limits    flapping.Limits // of the watch, for the alerts' texts
	Directory *directory.Directory
	Intake    *intake.Intake
	Twins     *twins.Reader
	Alerts    selfwatch.Devices
	Health    *follow.Health
	Now       func() time.Time
	Logger    *slog.Logger

	raised map[about]g.Alert // firing
}

// Silence marks devices that fell silent, and drops unknown faces that waited too long for the
// rules, until ctx ends.
func (s *Keeper) Silence(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		s.Twins.MarkSilent(ctx, s.View)
		s.Intake.Strangers.Expire(s.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Flapping journals when devices begin and stop flapping, and keeps the alerts about it, until ctx
// ends.
func (s *Keeper) Flapping(ctx context.Context) error {
	if !s.Health.Insist(ctx, rule, func() error { return s.left(ctx) }) {
		return nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			s.Logger.Error("that devices flap could not be told; it tries again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.Watch.Began():
		case <-tick.C:
		}
	}
}

// about is what an alert is about: a device, or a driver in a school.
type about struct {
	school g.SchoolID
	device g.DeviceID
	rule   g.RuleID
}

// left loads the firing alerts of the last run.
func (s *Keeper) left(ctx context.Context) error {
	s.raised = map[about]g.Alert{}
	filter := alerts.Filter{RulePrefix: g.DeviceRule + rule}
	return selfwatch.EachFiring(ctx, s.View, filter, func(x g.Alert) {
		if k := (about{x.School, x.Device, x.Rule}); s.raised[k].ID == "" {
			s.raised[k] = x
		}
	})
}

func (s *Keeper) look(ctx context.Context) error {
	if err := s.silent(ctx); err != nil {
		return err
	}
	for _, t := range s.Watch.Due(s.Now()) {
		if err := s.journal(ctx, t); err != nil {
			return err
		}
	}
	return s.alerts(ctx)
}

// silent tells the watch since when each flapping device is silent, which the registry leaves to
// the watch. A silent one that the watch does not know was left by a killed run, and is adopted.
func (s *Keeper) silent(ctx context.Context) error {
	until, ok := s.Twins.HeardUntil()
	if !ok {
		return nil
	}
	devices, err := s.View.Fleet.FlappingDevices(ctx)
	if err != nil {
		return err
	}
	for _, d := range devices {
		if until.Sub(d.LastSeen) > d.Allowed {
			s.Watch.Adopt(d.ID, s.Now())
		}
		s.Watch.Silence(d.ID, d.LastSeen, d.Allowed, until)
	}
	return nil
}

func (s *Keeper) journal(ctx context.Context, t flapping.Turn) error {
	entry, ok := s.Directory.Known(t.Device)
	if !ok {
		s.Watch.Forget(t.Device)
		return nil
	}
	now, status := s.Now(), t.Status
	_, err := s.Intake.Record(ctx, &g.Event{
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
	s.Watch.Told(t)
	s.Logger.Warn("a device's state", "device", t.Device, "state", status.State, "reason",
		status.Reason)
	return nil
}

// alerts raises and resolves alerts until they match the flapping devices, in one write.
func (s *Keeper) alerts(ctx context.Context) error {
	wanted := map[about]g.Alert{}
	for id, flap := range s.Watch.Flapping() {
		entry, ok := s.Directory.Known(id)
		if !ok {
			continue
		}
		x := s.alert(entry.Device, flap)
		key := about{x.School, x.Device, x.Rule}
		if old, ok := wanted[key]; !ok || x.Opened.Before(old.Opened) {
			wanted[key] = x
		}
	}
	var write []g.Alert
	for key, x := range wanted {
		if _, ok := s.raised[key]; !ok {
			write = append(write, x)
		}
	}
	for key, x := range s.raised {
		if _, ok := wanted[key]; !ok {
			write = append(write, selfwatch.Ended(x, s.Now()))
		}
	}
	if len(write) == 0 {
		return nil
	}
	if err := s.Alerts.Tell(ctx, write...); err != nil {
		return err
	}
	for _, x := range write {
		key := about{x.School, x.Device, x.Rule}
		if delete(s.raised, key); x.Firing {
			s.raised[key] = x
		}
	}
	return nil
}

func (s *Keeper) alert(d g.Device, flap flapping.Flap) g.Alert {
	c := s.Limits
	x := selfwatch.DeviceAlert{
		Rule:     rule,
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
