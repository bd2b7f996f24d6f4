package states

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// TestFlappingOfTheLastRunIsFoundBehindManyOthers: the oldest firing alert is found although more
// than a page of newer ones comes before it.
func TestFlappingOfTheLastRunIsFoundBehindManyOthers(t *testing.T) {
	const newer = 1100
	ctx := t.Context()
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       time.Now,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	view := reg.In(g.SystemScope("test"))
	if _, err := view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now().UTC().Add(-time.Hour)
	var all []g.Alert
	for _, of := range []g.RuleID{g.DeviceRule + rule} {
		for n := range newer + 1 {
			x := g.Alert{
				ID:        g.AlertID(fmt.Sprintf("alt_%s_%d", of[len(of)-4:], n)),
				School:    "sch",
				Rule:      of,
				Severity:  g.Warning,
				State:     g.AlertResolved,
				Title:     "T",
				TitleZH:   "T",
				Count:     1,
				Opened:    begun.Add(time.Duration(n) * time.Second),
				LastFired: begun, Resolved: begun,
				Device: g.DeviceID(fmt.Sprintf("d%d", n)),
			}
			if n == 0 {
				x.State = g.AlertOpen
				x.Firing = true
				x.Resolved = time.Time{}
			}
			all = append(all, x)
		}
	}
	for len(all) > 0 {
		n := min(500, len(all))
		if err := view.Alerts.Apply(ctx, alerts.Effects{Alerts: all[:n]}); err != nil {
			t.Fatal(err)
		}
		all = all[n:]
	}
	f := Keeper{View: view}
	if err := f.left(ctx); err != nil || len(f.raised) != 1 {
		t.Errorf("flapping: got %d, %v, want one", len(f.raised), err)
	}
}
