package fleet

import (
	"context"
	"net"
	"strconv"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	apifleet "github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// Drivers are the driver programs, for people.
func (f *Fleet) Drivers() []apifleet.DriverInfo {
	var out []apifleet.DriverInfo
	for _, s := range f.o.Host.Status() {
		out = append(out, driver(s))
	}
	return out
}

// driver is a program as the host knows it, for the API.
func driver(s host.Status) apifleet.DriverInfo {
	d := s.Description
	info := apifleet.DriverInfo{
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
		Answered:     s.Answered,
		Unanswered:   s.Unanswered,
		Pinned:       s.Pinned,
		SHA256:       s.SHA256,
		Address:      fields(d.Address),
		Settings:     fields(d.Settings),
		Template:     d.Template,
		Profiles:     d.Profiles,
		Memory:       s.Memory,
		MemoryMax:    s.MemoryMax,
		Confinement:  confined(s.Confined),
		Quarantine:   s.Quarantine,
		NextAttempt:  s.NextAttempt,
	}
	if info.Title == "" {
		info.Title = string(s.Name)
	}
	if info.Profiles == nil {
		info.Profiles = []g.Profile{}
	}
	return info
}

// confined is how a driver is confined, for the API.
func confined(c host.Confined) apifleet.Confinement {
	return apifleet.Confinement{
		Confined: c.Held(),
		Landlock: c.Landlock,
		User:     c.User,
		Why:      string(c.Why),
		Detail:   c.Detail,
	}
}

func fields(in []drivers.Field) []apifleet.Field {
	out := make([]apifleet.Field, len(in))
	for i, f := range in {
		out[i] = apifleet.Field(f)
	}
	return out
}

// DriverLog is the latest that a program wrote, the oldest line first.
func (f *Fleet) DriverLog(name g.DriverName) ([]apifleet.LogLine, error) {
	lines, err := f.o.Host.Log(name)
	if err != nil {
		return nil, err
	}
	out := make([]apifleet.LogLine, len(lines))
	for i, l := range lines {
		out[i] = apifleet.LogLine{
			Time:  l.Time,
			Level: strings.ToLower(l.Level.String()),
			Text:  l.Text,
		}
	}
	return out, nil
}

// Restart ends a program and starts it anew.
func (f *Fleet) Restart(name g.DriverName) error { return f.o.Host.Restart(name) }

// Probe has a driver look at a device that need not be registered.
func (f *Fleet) Probe(
	ctx context.Context, driver g.DriverName, d g.Device, p g.Profile, secret map[string]string,
) (apifleet.Probe, error) {
	got, err := f.o.Host.Probe(ctx, driver, drivers.Device{
		ID:      d.ID,
		Serial:  d.Serial,
		Profile: p,
		Address: d.Address,
		Secret:  secret,
		Reach:   f.o.Reach.bounds(),
	})
	return apifleet.Probe{
		Message:  got.Message,
		Values:   got.Values,
		Snapshot: got.Snapshot,
	}, err
}

// Snapshot asks a camera for its picture now, as JPEG.
func (f *Fleet) Snapshot(ctx context.Context, d g.Device) ([]byte, error) {
	got, err := f.o.Host.Command(ctx, d.Driver,
		drivers.Command{
			ID:     g.NewID("cmd"),
			Device: d.ID,
			Action: "snapshot",
		})
	return got.Data, err
}

// Refusals are the sign-ins that the MQTT listener refused lately, newest
// first; equal ones are counted.
func (f *Fleet) Refusals() []apifleet.Refusal {
	out := []apifleet.Refusal{}
	if f.o.Front == nil {
		return out
	}
	at := map[apifleet.Refusal]int{}
	for _, r := range f.o.Front.Refusals() { // newest first
		from, _, err := net.SplitHostPort(r.Remote)
		if err != nil {
			from = r.Remote
		}
		x := apifleet.Refusal{
			Source:  "mqtt " + from,
			Claimed: r.Username,
			Reason:  r.Why,
		}
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

// MQTT is how a device connects to the MQTT listener; nil for one that does not.
func (f *Fleet) MQTT(d g.Device) *apifleet.MQTTInfo {
	if d.Driver != g.DriverMQTTFront || f.o.Front == nil {
		return nil
	}
	addr, withTLS := f.o.Front.Addr(), f.o.OnlyTLS
	if addr == nil {
		return nil
	}
	name, portText, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(name); ip == nil || ip.IsUnspecified() {
		name = ""
	}
	port, _ := strconv.Atoi(portText)
	return &apifleet.MQTTInfo{
		Host:     name,
		Port:     port,
		TLS:      withTLS,
		ClientID: string(d.ID),
		Username: string(d.ID),
		Prefix:   mqttfront.Prefix + string(d.School) + "/" + string(d.ID),
	}
}
