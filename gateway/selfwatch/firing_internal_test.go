package selfwatch

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// TestAlertsOfTheLastRunAreFoundBehindManyOthers: the oldest firing alert of each kind lies behind
// more than a page of newer ones; it is taken over, and ended, all the same.
func TestAlertsOfTheLastRunAreFoundBehindManyOthers(t *testing.T) {
	const newer = 1100
	reg, err := registry.Open(t.Context(), registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       time.Now,
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reg.Close() })
	ctx, view := t.Context(), reg.In(g.SystemScope("test"))
	if _, err := view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now().UTC().Add(-time.Hour)
	var all []g.Alert
	for _, rule := range []g.RuleID{g.DeviceRule + "two-clients", g.GatewayRule + "disk"} {
		for n := range newer + 1 {
			x := g.Alert{
				ID:        g.AlertID(fmt.Sprintf("alt_%s_%d", rule[len(rule)-4:], n)),
				School:    "sch",
				Rule:      rule,
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
	devices := Devices{View: view}
	rivals, err := devices.Firing(ctx, "two-clients")
	if err != nil || len(rivals) != 1 || rivals["d0"].ID == "" {
		t.Errorf("two clients: got %d, %v, want that of d0", len(rivals), err)
	}
	w := newWall(Options{View: view, Now: time.Now})
	left, err := w.left(ctx, "sch")
	if err != nil || len(left) != 1 || !w.since[g.GatewayRule+"disk"].Equal(begun) {
		t.Errorf("the gateway's own: got %d, %v, since %v, want one since %v", len(left), err,
			w.since, begun)
	}
	if err := devices.End(ctx, "d0", "two-clients", time.Now()); err != nil {
		t.Fatal(err)
	}
	if rivals, err = devices.Firing(ctx, "two-clients"); err != nil || len(rivals) != 0 {
		t.Errorf("after its end: got %v, %v, want none", rivals, err)
	}
}
