package outbox_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/outbox"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// TestWhatTheRegistryChangedIsJournalled: an alert becomes an event under its own id, and the row
// goes once the pump ends; a pump that begins again journals nothing twice.
func TestWhatTheRegistryChangedIsJournalled(t *testing.T) {
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       time.Now,
		Logger:    log,
	})
	must(t, err)
	defer reg.Close()
	view := reg.In(g.SystemScope("test"))
	_, err = view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"})
	must(t, err)
	j, err := journal.Open(t.TempDir(), journal.Options{})
	must(t, err)
	defer j.Close()
	must(t, view.Alerts.Apply(ctx, alerts.Effects{Alerts: []g.Alert{{
		ID:       "alt_1",
		School:   "sch",
		Rule:     "r",
		Severity: g.Major,
		State:    g.AlertOpen,
		Title:    "T",
		Count:    1,
		Opened:   time.Now(),
	}}}))
	for range 2 {
		journalled := make(chan struct{}, 1)
		p := outbox.Pump{
			View:    view,
			Ready:   reg.OutboxReady(),
			Journal: j,
			Health:  follow.NewHealth(log),
			Silent:  func(g.DeviceID, g.Status, time.Time) bool { return true },
			Now:     time.Now,
			Pause:   func(string) { journalled <- struct{}{} },
			Logger:  log,
		}
		run, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- p.Run(run) }()
		rows, err := view.Outbox(ctx, 0, 10)
		must(t, err)
		if len(rows) > 0 {
			<-journalled
		}
		cancel()
		must(t, <-done)
	}
	records, err := j.ReadFrom(ctx, 0, 10)
	must(t, err)
	if len(records) != 1 {
		t.Fatalf("got %d events, want 1", len(records))
	}
	e, err := event.Decode(records[0].Seq, records[0].Data)
	must(t, err)
	if e.Kind != g.EventAlert || e.Alert.ID != "alt_1" || e.Received.IsZero() {
		t.Errorf("got %+v, want the alert, with the time at which it was journalled", e)
	}
	rows, err := view.Outbox(ctx, 0, 10)
	must(t, err)
	if len(rows) != 0 {
		t.Errorf("%d rows stay in the outbox", len(rows))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
