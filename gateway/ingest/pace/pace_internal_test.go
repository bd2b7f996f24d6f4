package pace

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// counted counts the observations that it is given.
type counted int

func (c *counted) Accept(_ context.Context, _ g.DriverName, obs []g.Observation) error {
	*c += counted(len(obs))
	return nil
}

// TestFloodingDeviceIsHeldBackAndNamed: a driver's device has the rate limit of an MQTT device.
func TestFloodingDeviceIsHeldBackAndNamed(t *testing.T) {
	ctx := t.Context()
	reg, err := registry.Open(ctx,
		registry.Options{
			Dir:       t.TempDir(),
			MasterKey: make([]byte, 32),
			Now:       time.Now,
			Logger:    slog.New(slog.DiscardHandler),
		})
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	view := reg.In(g.SystemScope("test"))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "Riverside", Timezone: "UTC", Language: "en"})
	must(err)
	must(view.Fleet.PutProfile(ctx, g.Profile{ID: "p", Title: "P", Type: g.TypeSensor}))
	for _, id := range []g.DeviceID{"flood", "calm"} {
		_, _, err := view.Fleet.CreateDevice(ctx,
			g.Device{
				ID:      id,
				School:  "sch",
				Profile: "p",
				Driver:  "bad",
				Name:    "Meter " + string(id),
				Enabled: true,
			},
			nil)
		must(err)
	}
	dir, err := directory.New(ctx, reg, slog.New(slog.DiscardHandler))
	must(err)

	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	var kept counted
	p := New(&kept, dir, Rates{Device: 100, School: 20_000},
		func() time.Time { return now })
	var waited time.Duration
	p.wait = func(_ context.Context, d time.Duration) bool {
		waited += d
		now = now.Add(d)
		return true
	}
	send := func(id g.DeviceID, n int, replayed bool) {
		t.Helper()
		obs := make([]g.Observation, n)
		for i := range obs {
			obs[i] = g.Observation{Device: id, Replayed: replayed}
		}
		must(p.Accept(ctx, "bad", obs))
	}
	for range 50 { // 39,000 would have come in a second
		send("flood", 780, false)
	}
	if want := 380 * time.Second; waited.Round(time.Second) != want || kept != 39_000 {
		t.Errorf("39,000 observations took %s and %d were kept; want %s, and all", waited, kept,
			want)
	}
	waited = 0
	send("calm", 500, false)
	send("flood", 5000, true)
	if waited != 0 {
		t.Errorf("a calm device, and what another had kept, waited %s", waited)
	}
	p.Held(mqttfront.Identity{School: "sch"})
	var told []string
	for _, x := range p.troubles(now, nil) {
		told = append(told, string(x.Rule)+": "+x.Title)
	}
	want := "gateway:rate-device-flood: Sends too much: device Meter flood (flood, driver " +
		"bad)\ngateway:rate-school-sch: Sends too much: school Riverside"
	if got := strings.Join(told, "\n"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := p.check(ctx, now, nil); c.State != "warning" ||
		!strings.Contains(c.Message, "Meter flood") {
		t.Errorf("got %+v, want a warning that names it", c)
	}
	if later := p.lately(now.Add(2 * heldLately)); len(later) != 0 {
		t.Errorf("got %v long after", later)
	}
	send("ghost", 1001, false)
	if held := p.lately(now); len(held) == 0 || held[0].id != "of bad" {
		t.Errorf("got %v, want what is no device of the driver's held back, too", held)
	}
	// However much a device sends, its questions are answered, until they are too many themselves.
	answer := p.Answering(func(context.Context, g.DriverName, g.Ask) (g.Answer, error) {
		return g.Answer{Allow: true}, nil
	})
	asked := func(id g.DeviceID, n int) (answered int) {
		for range n {
			if a, err := answer(ctx, "bad", g.Ask{Device: id}); err == nil && a.Allow {
				answered++
			}
		}
		return answered
	}
	if flood, calm := asked("flood", 1200), asked("calm", 1000); flood != 1000 || calm != 1000 {
		t.Errorf("got %d of 1200 and %d of 1000 questions answered; want 10 s' worth, 1000, of each",
			flood, calm)
	}
}
