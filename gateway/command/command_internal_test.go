package command

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// house is a registry with a school and devices, and what gives those their commands.
type house struct {
	*Commands
	t    *testing.T
	view *registry.View
	time time.Time
}

func newHouse(t *testing.T, devices ...g.Device) *house {
	ctx := t.Context()
	h := &house{t: t, time: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}
	now := func() time.Time { return h.time }
	log := slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx,
		registry.Options{Dir: t.TempDir(), MasterKey: make([]byte, 32), Now: now, Logger: log})
	h.must(err)
	t.Cleanup(func() { reg.Close() })
	h.view = reg.In(g.SystemScope("test"))
	_, err = h.view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "Riverside", Timezone: "UTC", Language: "en"})
	h.must(err)
	h.must(h.view.Fleet.PutProfile(ctx, g.Profile{ID: "p", Title: "P", Type: g.TypeSensor}))
	for _, d := range devices {
		d.School = "sch"
		d.Profile = "p"
		d.Enabled = true
		if d.Name == "" {
			d.Name = string(d.ID)
		}
		_, _, err := h.view.Fleet.CreateDevice(ctx, d, nil)
		h.must(err)
	}
	dir, err := directory.New(ctx, reg, log)
	h.must(err)
	h.Commands = New(Options{
		View:      reg.In(g.SystemScope("commands")),
		Directory: dir,
		Host:      host.New(host.Options{Logger: log}),
		Alerts:    selfwatch.Devices{View: reg.In(g.SystemScope("watch"))},
		Started:   h.time,
		Now:       now,
		Log:       log,
	})
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) device(id g.DeviceID) g.Device {
	h.t.Helper()
	e, ok := h.o.Directory.Known(id)
	if !ok {
		h.t.Fatalf("no device %q", id)
	}
	return e.Device
}

// alerts are the rules and titles of the alerts so far, the oldest first.
func (h *house) alerts(ctx context.Context) []g.Alert {
	h.t.Helper()
	rows, _, err := h.view.Alerts.List(ctx, alerts.Filter{School: "sch"})
	h.must(err)
	var out []g.Alert
	for i := len(rows) - 1; i >= 0; i-- {
		out = append(out, rows[i].Alert)
	}
	return out
}

func TestCommandsHaveAnOutcome(t *testing.T) {
	ctx := t.Context()
	h := newHouse(t, g.Device{ID: "door", Driver: "modbus", Name: "Gate 1"})
	if _, err := h.Command(ctx, h.device("door"), fleet.DeviceOrder{Action: "open", By: "Ms Li"}); g.ErrorCode(
		err) != g.NotFound {
		t.Errorf("got %v, want the word that the driver is not there", err)
	}
	if told := h.alerts(ctx); len(told) != 0 {
		t.Errorf("got %v, want no alert for what a person was answered", told)
	}
	h.time = h.time.Add(time.Second)
	if _, err := h.Command(ctx, h.device("door"),
		fleet.DeviceOrder{Action: "open", By: byRule + "fire"}); err == nil {
		t.Error("got no error for a driver that is not there")
	}
	told := h.alerts(ctx)
	if len(told) != 1 || told[0].Rule != "device:command" || told[0].Severity != g.Major ||
		told[0].Title != "Not carried out: open, Gate 1" {
		t.Errorf("got %+v, want one alert for the rule's command", told)
	}

	h.time = h.time.Add(time.Second)
	for id, state := range map[string]g.CommandState{
		"cmd_q": g.CommandQueued,
		"cmd_s": g.CommandSent,
		"cmd_t": g.CommandSent,
	} {
		row := h.row(h.device("door"), fleet.DeviceOrder{Action: id, By: "Ms Li"})
		row.ID, row.State = id, state
		h.must(h.view.Fleet.SaveCommand(ctx, row))
	}
	h.keep(ctx, outcome{id: "cmd_t"})
	h.time = h.time.Add(maxAge)
	h.expire(ctx) // not yet: an acknowledgement may be under way
	h.time = h.time.Add(5 * time.Second)
	h.expire(ctx)
	h.expire(ctx)
	h.keep(ctx, outcome{id: "cmd_q"}) // too late: it has expired
	rows, err := h.view.Fleet.Commands(ctx, "door")
	h.must(err)
	got := map[string]string{}
	for _, c := range rows {
		got[c.Action] = string(c.State) + ": " + c.Reason
	}
	for action, want := range map[string]string{
		"open":  `failed: no driver "modbus" is configured; there are []`,
		"cmd_t": "delivered: the device has taken it",
		"cmd_q": "expired: the device did not come within a minute; it will not get it any more",
		"cmd_s": "expired: the device did not acknowledge it within a minute; it may have been " +
			"done all the same",
	} {
		if got[action] != want {
			t.Errorf("%s: got %q, want %q", action, got[action], want)
		}
	}
	if told := h.alerts(ctx); len(told) != 3 ||
		!strings.Contains(told[1].Text+told[2].Text, "by Ms Li") {
		t.Errorf("got %+v, want an alert for each command that expired", told)
	}
}
