package app

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// TestFlappingOfTheLastRunIsFoundBehindManyOthers: the oldest firing alert is found although more
// than a page of newer ones comes before it.
func TestFlappingOfTheLastRunIsFoundBehindManyOthers(t *testing.T) {
	const newer = 1100
	c := config.Default()
	dir := t.TempDir()
	c.DataDir, c.HTTP.Listen, c.MQTT.Listen = filepath.Join(dir, "data"), "127.0.0.1:0", ""
	a, err := Open(t.Context(), c, Options{Logger: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	ctx, view := t.Context(), a.reg.In(g.SystemScope("test"))
	if _, err := view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now().UTC().Add(-time.Hour)
	var all []g.Alert
	for _, rule := range []g.RuleID{g.DeviceRule + ruleFlapping} {
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
	f := flapTeller{a: a, view: view}
	if err := f.left(ctx); err != nil || len(f.raised) != 1 {
		t.Errorf("flapping: got %d, %v, want one", len(f.raised), err)
	}
}
