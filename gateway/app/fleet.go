package app

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// specs are the driver programs of a configuration.
func (c *Config) specs() []host.Spec {
	out := make([]host.Spec, len(c.Drivers))
	for i, d := range c.Drivers {
		settings := map[string]string{}
		for k, v := range d.Settings {
			settings[k] = v
		}
		out[i] = host.Spec{
			Name:     d.Name,
			Path:     c.Path(d.Path),
			SHA256:   d.SHA256,
			Args:     d.Args,
			Settings: settings,
			Memory:   c.driverMemory(d),
			User:     d.User,
			Read:     c.paths(d.Read),
			Write:    c.paths(d.Write),
		}
	}
	return out
}

// assign tells the driver host of a device that was added, changed or removed. It runs in
// the directory's goroutine.
func (a *App) assign(id g.DeviceID, e directory.Entry, ok bool) {
	select {
	case a.changed <- struct{}{}:
	default:
	}
	if !ok {
		a.intake.Fields.Forget(id)
	}
	if !ok || !e.Device.Enabled {
		a.flapping.Forget(id)
		a.alerting.Forget(id)
	}
	if !ok || !e.Device.Enabled || e.Device.Driver == g.DriverMQTTFront {
		a.host.Drop(id)
		return
	}
	if err := a.mayServe(e.Device); err != nil {
		a.host.Drop(id)
		a.log.Warn("a device is not served: drivers may not be told of its address", "device", id,
			"driver", e.Device.Driver, "error", err)
		a.noteRefused(id, e.Device.Driver, err)
		return
	}
	d, err := a.driverDevice(context.Background(), e)
	if err == nil {
		err = a.host.Put(e.Device.Driver, d)
	}
	if err != nil {
		a.log.Warn("a device has no driver to serve it", "device", id, "driver", e.Device.Driver,
			"error", err)
	}
}

func (a *App) driverDevice(ctx context.Context, e directory.Entry) (drivers.Device, error) {
	secret, err := a.reg.In(g.SystemScope("fleet")).Fleet.DeviceSecret(ctx, e.Device.ID)
	if err != nil {
		return drivers.Device{}, fmt.Errorf("read the device's secret: %w", err)
	}
	return drivers.Device{
		ID:      e.Device.ID,
		Serial:  e.Device.Serial,
		Profile: e.Profile,
		Address: e.Device.Address,
		Secret:  secret,
		Reach:   a.cfg.Reach.reach(),
	}, nil
}

// fleet is the drivers and devices as the API sees them.
type fleet struct{ a *App }

func (f fleet) Drivers() []api.DriverInfo {
	var out []api.DriverInfo
	for _, s := range f.a.host.Status() {
		d := s.Description
		info := api.DriverInfo{
			Name:         s.Name,
			Title:        d.Title,
			TitleZH:      d.TitleZH,
			Version:      d.Version,
			Contract:     s.Contract,
			State:        string(s.State),
			Reason:       s.Reason,
			PID:          s.PID,
			Restarts:     s.Restarts,
			Started:      s.Started,
			Devices:      s.Devices,
			Observations: s.Observations,
			Pinned:       s.Pinned,
			SHA256:       s.SHA256,
			Address:      fields(d.Address),
			Settings:     fields(d.Settings),
			Template:     d.Template,
			Profiles:     d.Profiles,
		}
		info.Memory, info.MemoryMax = s.Memory, s.MemoryMax
		info.Confinement = confined(s.Confined)
		info.Quarantine, info.NextAttempt = s.Quarantine, s.NextAttempt
		if info.Title == "" {
			info.Title = string(s.Name)
		}
		if info.Profiles == nil {
			info.Profiles = []g.Profile{}
		}
		out = append(out, info)
	}
	return out
}

func fields(in []drivers.Field) []api.Field {
	out := make([]api.Field, len(in))
	for i, f := range in {
		out[i] = api.Field(f)
	}
	return out
}

func (f fleet) DriverLog(name g.DriverName) ([]api.LogLine, error) {
	lines, err := f.a.host.Log(name)
	if err != nil {
		return nil, err
	}
	out := make([]api.LogLine, len(lines))
	for i, l := range lines {
		out[i] = api.LogLine{Time: l.Time, Level: strings.ToLower(l.Level.String()), Text: l.Text}
	}
	return out, nil
}

func (f fleet) Restart(name g.DriverName) error { return f.a.host.Restart(name) }

func (f fleet) Probe(
	ctx context.Context, driver g.DriverName, d g.Device, p g.Profile, secret map[string]string,
) (api.Probe, error) {
	got, err := f.a.host.Probe(ctx, driver, drivers.Device{
		ID:      d.ID,
		Serial:  d.Serial,
		Profile: p,
		Address: d.Address,
		Secret:  secret,
		Reach:   f.a.cfg.Reach.reach(),
	})
	return api.Probe{Message: got.Message, Values: got.Values, Snapshot: got.Snapshot}, err
}

func (f fleet) Snapshot(ctx context.Context, d g.Device) ([]byte, error) {
	got, err := f.a.host.Command(ctx, d.Driver,
		drivers.Command{ID: g.NewID("cmd"), Device: d.ID, Action: "snapshot"})
	return got.Data, err
}

func (f fleet) Refusals() []api.Refusal {
	out := []api.Refusal{}
	if f.a.front == nil {
		return out
	}
	at := map[api.Refusal]int{}
	for _, r := range f.a.front.Refusals() { // newest first
		host, _, err := net.SplitHostPort(r.Remote)
		if err != nil {
			host = r.Remote
		}
		x := api.Refusal{Source: "mqtt " + host, Claimed: r.Username, Reason: r.Why}
		i, ok := at[x]
		if !ok {
			i = len(out)
			at[x] = i
			x.Time = r.Time
			out = append(out, x)
		}
		out[i].Count++
	}
	return out
}

func (f fleet) MQTT(d g.Device) *api.MQTTInfo {
	if d.Driver != g.DriverMQTTFront || f.a.front == nil {
		return nil
	}
	addr, withTLS := f.a.front.Addr(), f.a.cfg.MQTT.Listen == ""
	if addr == nil {
		return nil
	}
	name, portText, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(name); ip == nil || ip.IsUnspecified() {
		name = ""
	}
	port, _ := strconv.Atoi(portText)
	return &api.MQTTInfo{
		Host:     name,
		Port:     port,
		TLS:      withTLS,
		ClientID: string(d.ID),
		Username: string(d.ID),
		Prefix:   mqttfront.Prefix + string(d.School) + "/" + string(d.ID),
	}
}

// faces has photographs checked by the camera driver.
type faces struct{ a *App }

// Enrol asks the driver's action enrol: its data is the template as little-endian float32.
func (f faces) Enrol(ctx context.Context, photo []byte) (p api.Portrait, err error) {
	got, err := f.a.host.Command(ctx, f.a.cfg.Faces.Driver,
		drivers.Command{ID: g.NewID("cmd"), Action: "enrol", Data: photo})
	if err != nil {
		return p, err
	}
	template, err := vision.DecodeEmbedding(got.Data)
	if err == nil && len(template) > g.MaxEmbedding {
		err = fmt.Errorf("its face template has %d numbers; at most %d are taken", len(template),
			g.MaxEmbedding)
	}
	if err != nil {
		return p, fmt.Errorf("driver %q: %w", f.a.cfg.Faces.Driver, err)
	}
	p.Embedding = template
	p.Quality, _ = got.Values["quality"].Float()
	p.Model, _ = got.Values["model"].Text()
	for _, part := range []string{"mouth", "eyes"} {
		if covered, _ := got.Values["covered_"+part].Bool(); covered {
			p.Covered = append(p.Covered, part)
		}
	}
	return p, nil
}

// manual takes what people enter by hand.
type manual struct{ a *App }

func (m manual) Manual(
	ctx context.Context, _ g.Scope, school g.SchoolID, s g.Sighting,
) (uint64, g.SightingID, error) {
	return m.a.intake.Manual(ctx, school, s)
}
