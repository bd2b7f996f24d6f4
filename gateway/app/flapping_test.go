package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
	"github.com/gatehouse-iot/gatehouse/gateway/app"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const flapRule = `
rules:
  - id: offline
    title: Offline
    severity: warning
    when: {status: offline}
  - id: boiler-hot
    title: Boiler hot
    severity: major
    when: {property: heat, above: 90}
`

// boiler is Modbus equipment whose power the test cuts, and the gateway's device for it.
type boiler struct {
	*running
	t   *testing.T
	sim *sim.Sim
}

const boilerID g.DeviceID = "boiler"

// newBoiler runs the real driver's program against simulated equipment.
func newBoiler(t *testing.T, c config.Config, s *school, o app.Options) (*boiler, config.Config) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "modbus")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program,
		"github.com/gatehouse-iot/gatehouse/drivers/modbus")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sc, err := sim.Parse([]byte("equipment: [{id: boiler, kind: modbus, listen: '127.0.0.1:0', "+
		"values: {heat: 60}, registers: {heat: {register: 'holding:0'}}}]"),
		".")
	ok(t, err)
	equipment, err := sim.New(sc, nil)
	ok(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- equipment.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	<-equipment.Ready()

	ok(t, os.WriteFile(filepath.Join(s.dir, "rules", "flap.yaml"), []byte(flapRule), 0o600))
	c.Drivers = []config.Driver{{Name: "modbus", Path: program}}
	c.Reach.ThisMachine = true
	a, err := open(t.Context(), c, o)
	ok(t, err)
	v := a.Registry().In(g.SystemScope("test"))
	p, err := fleet.ParseProfile("profile",
		[]byte("id: boiler\ntitle: Boiler\ntype: sensor\noffline_after: 86400\nproperties:\n  "+
			"heat: {title: Heat, type: number, forms: {register: 'holding:0'}}\n"))
	ok(t, err)
	ok(t, v.Fleet.PutProfile(t.Context(), p))
	_, _, err = v.Fleet.CreateDevice(t.Context(), g.Device{
		ID:     boilerID,
		School: killSchool,
		Zone:   "zone", Driver: "modbus", Profile: "boiler", Name: "Boiler", Enabled: true,
		Address: map[string]string{
			"address":  equipment.Addr("boiler"),
			"interval": "20ms",
			"timeout":  "500ms",
		},
	}, nil)
	ok(t, err)
	ok(t, a.Close())
	return &boiler{t: t, sim: equipment}, c
}

func (b *boiler) power(on bool) { ok(b.t, b.sim.Power(b.t.Context(), "boiler", on)) }

// states are those that the journal tells of the boiler, oldest first.
func (b *boiler) states() (out []g.DeviceState) {
	b.t.Helper()
	told, err := get[page[g.Event]](b.t.Context(), b.school,
		b.a.URL()+"/v1/events?kinds=status&limit=1000")
	ok(b.t, err)
	for _, e := range told.Items {
		if e.Device == boilerID {
			out = append(out, e.Status.State)
		}
	}
	return out
}

func (b *boiler) waits(want ...g.DeviceState) {
	b.t.Helper()
	eventually(b.t, fmt.Sprint("the states ", want), func() bool {
		return slices.Equal(b.states(), want)
	})
}

// reads sets a new value and waits until the gateway has it, whatever the device's state is.
func (b *boiler) reads(heat float64) {
	b.t.Helper()
	ok(b.t, b.sim.Set("boiler", map[string]g.Value{"heat": g.NumberValue(heat)}))
	eventually(b.t, fmt.Sprint("a heat of ", heat), func() bool {
		row, err := b.view().Fleet.Device(b.t.Context(), boilerID)
		if err != nil {
			return false
		}
		v, _ := row.Twin.Reported["heat"].Value.Float()
		return v == heat
	})
}

func (b *boiler) alerts(rule string) (out []g.Alert) {
	b.t.Helper()
	rows, _, err := b.view().Alerts.List(b.t.Context(), alerts.Filter{RulePrefix: rule})
	ok(b.t, err)
	for _, r := range rows {
		out = append(out, r.Alert)
	}
	return out
}

// TestADeviceThatComesAndGoesIsToldOnce: a flapping device has one alert and no offline alerts,
// over a restart, until it has been stable.
func TestADeviceThatComesAndGoesIsToldOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	t.Parallel()
	s, clock := newSchool(t), &wall{} // the driver, a program of its own, has the machine's clock
	c := configOf(s.dir)
	c.Flapping = config.Flapping{Changes: 4, Within: time.Hour, Quiet: 2 * time.Hour}
	o := app.Options{Now: clock.now, Logger: slog.New(slog.DiscardHandler), Version: "test"}
	b, c := newBoiler(t, c, s, o)
	b.running = s.runOver(t, c, o)

	b.waits(g.StateOnline)
	b.power(false)
	b.waits(g.StateOnline, g.StateOffline)
	b.power(true)
	b.waits(g.StateOnline, g.StateOffline, g.StateOnline)
	b.power(false)
	b.waits(g.StateOnline, g.StateOffline, g.StateOnline, g.StateOffline)
	b.power(true)
	told := []g.DeviceState{
		g.StateOnline, g.StateOffline, g.StateOnline, g.StateOffline, g.StateFlapping,
	}
	b.waits(told...)

	eventually(t, "the list of devices that flap", func() bool {
		found, err := get[page[fleet.DeviceRow]](t.Context(), s,
			b.a.URL()+"/v1/devices?state=flapping")
		ok(t, err)
		return len(found.Items) == 1 && found.Items[0].ID == boilerID &&
			found.Items[0].Twin.State == g.StateFlapping
	})
	counts, err := get[struct{ States map[string]int }](t.Context(), s,
		b.a.URL()+"/v1/devices/summary")
	ok(t, err)
	if counts.States["flapping"] != 1 {
		t.Errorf("counted: %v, want one that flaps", counts.States)
	}
	var raised g.Alert
	eventually(t, "the alert that it flaps", func() bool {
		all := b.alerts("device:flapping")
		if len(all) == 1 {
			raised = all[0]
		}
		return len(all) == 1 && all[0].Firing && all[0].Device == boilerID && all[0].Zone == "zone"
	})
	eventually(t, "the end of the alert that it is offline", func() bool {
		all := b.alerts("offline")
		return len(all) > 0 && !slices.ContainsFunc(all, func(a g.Alert) bool { return a.Firing })
	})
	offline := len(b.alerts("offline"))

	b.reads(61)
	b.power(false)
	b.power(true)
	b.reads(95) // its readings are accepted as before, and rules fire on them
	eventually(t, "the boiler's alarm", func() bool { return len(b.alerts("boiler-hot")) == 1 })
	b.waits(told...)

	if _, err := b.end(t); err != nil {
		t.Fatal(err)
	}
	b.running = s.runOver(t, c, o)
	b.reads(62)
	b.power(false)
	b.power(true)
	b.reads(63)
	b.waits(told...)
	if got := b.alerts("device:flapping"); len(got) != 1 || got[0].ID != raised.ID ||
		!got[0].Firing {
		t.Errorf("alerts that it flaps, after a restart: %+v, want the one of before", got)
	}
	if got := len(b.alerts("offline")); got != offline {
		t.Errorf("%d alerts that it is offline, want the %d of before", got, offline)
	}

	clock.move(3 * time.Hour)
	b.waits(append(told, g.StateOnline)...)
	eventually(t, "the end of the alert that it flaps", func() bool {
		got := b.alerts("device:flapping")
		return len(got) == 1 && !got[0].Firing && got[0].State == g.AlertResolved
	})
}
