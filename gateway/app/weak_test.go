package app_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// builtDriver builds a driver's program.
func builtDriver(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program,
		"github.com/gatehouse-iot/gatehouse/drivers/"+name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// freePort is an address of this machine on which nobody listened a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

// equipment runs simulated equipment until the test ends, or until the returned function is called.
func equipment(t *testing.T, scenario string) (s *sim.Sim, stop func()) {
	t.Helper()
	sc, err := sim.Parse([]byte(scenario), ".")
	ok(t, err)
	s, err = sim.New(sc, slog.New(slog.DiscardHandler))
	ok(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	stop = func() { cancel(); <-ended }
	t.Cleanup(stop)
	<-s.Ready()
	return s, stop
}

// TestWeakTerminalsAreSaidInTheFleet: with the real driver, a terminal that connects with nothing
// but its serial number is listed and counted as weak, also after a restart, until it has an
// address to connect from.
func TestWeakTerminalsAreSaidInTheFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts a driver; not with -short")
	}
	t.Parallel()
	s := newSchool(t)
	listen := freePort(t)
	c := configOf(s.dir)
	c.Drivers = []config.Driver{
		{
			Name:     "zkteco",
			Path:     builtDriver(t, "zkteco"),
			Settings: map[string]string{"listen": listen},
		},
	}
	c.Reach.ThisMachine = true
	r := s.runWith(t, c)
	equipment(t,
		"equipment: [{id: gate, kind: zkteco, connect: 'http://"+listen+
			"', serial: SIM1, timezone: Asia/Shanghai, interval: 20ms}]")
	eventually(t, "the profile that the driver brings along", func() bool {
		_, err := r.view().Fleet.Profile(t.Context(), "zkteco-push-terminal")
		return err == nil
	})
	gate, _, err := r.view().Fleet.CreateDevice(t.Context(), g.Device{
		ID:      "gate",
		School:  killSchool,
		Zone:    "zone",
		Driver:  "zkteco",
		Profile: "zkteco-push-terminal", Name: "Gate", Serial: "SIM1", Enabled: true,
		Address: map[string]string{"timezone": "Asia/Shanghai"},
	}, nil)
	ok(t, err)
	r.send(t, "sensor-1", 1)
	found := func(weak string) (out []g.DeviceID) {
		p, err := get[page[fleet.DeviceRow]](t.Context(), s, r.a.URL()+"/v1/devices?weak="+weak)
		ok(t, err)
		for _, d := range p.Items {
			out = append(out, d.ID)
		}
		return out
	}
	counted := func() map[string]int {
		counts, err := get[struct{ Weak map[string]int }](t.Context(), s,
			r.a.URL()+"/v1/devices/summary")
		ok(t, err)
		return counts.Weak
	}
	only := func(weak string, id g.DeviceID) bool {
		got := found(weak)
		return len(got) == 1 && got[0] == id
	}
	eventually(t, "the weak terminal", func() bool {
		return only("serial_only", "gate") && only("any", "gate")
	})
	eventually(t, "that the sensor is not weak", func() bool { return only("none", "sensor-1") })
	if n := counted(); n["serial_only"] != 1 || n["none"] != 1 ||
		n["unknown"] != sensors+readers-1 {
		t.Errorf("counted %v, want one weak, one not, and of the others nothing known", n)
	}

	_, err = r.end(t)
	ok(t, err)
	r = s.runWith(t, c)
	if !only("any", "gate") {
		t.Errorf("after a restart: %v are weak, want the gate", found("any"))
	}

	gate.Address["ip"] = "127.0.0.1"
	ok(t, r.view().Fleet.UpdateDevice(t.Context(), gate, nil))
	eventually(t, "that the terminal is weak no more", func() bool {
		return len(found("any")) == 0 && counted()["none"] == 2
	})
	if row, err := r.view().Fleet.Device(t.Context(), "gate"); err != nil || row.Twin.Weak != g.WeakNone {
		t.Errorf("its twin says %q, %v", row.Twin.Weak, err)
	}
}
