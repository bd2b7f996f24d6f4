package alerting_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/strangers"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/live"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

const forcedDoor = `
rules:
  - id: forced-door
    title: The door was forced
    severity: critical
    when: {occurrence: {kind: door, data: {what: forced}}}
`

// house is a registry with a school and a door, a journal, and the journal's readers.
type house struct {
	t    *testing.T
	reg  *registry.Registry
	view *registry.View
	j    *journal.Journal
	feed *follow.Feed
	dir  *directory.Directory
}

func openHouse(t *testing.T) *house {
	t.Helper()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       time.Now,
		Logger:    log,
	})
	must(t, err)
	t.Cleanup(func() { reg.Close() })
	h := &house{t: t, reg: reg, view: reg.In(g.SystemScope("test"))}
	_, err = h.view.Places.CreateSchool(ctx,
		g.School{ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: "UTC", Language: "en"})
	must(t, err)
	must(t, h.view.Fleet.PutProfile(ctx, g.Profile{
		ID:    "lock",
		Title: "Lock",
		Type:  g.TypeOther,
		Events: map[string]g.Affordance{
			"door": {Data: map[string]g.Property{"what": {Type: "string"}}},
		},
	}))
	_, _, err = h.view.Fleet.CreateDevice(ctx, g.Device{
		ID:      "lock-1",
		School:  "sch",
		Profile: "lock",
		Driver:  g.DriverMQTTFront,
		Name:    "Side door",
		Enabled: true,
	}, nil)
	must(t, err)
	h.dir, err = directory.New(ctx, reg, log)
	must(t, err)
	h.j, err = journal.Open(t.TempDir(), journal.Options{})
	must(t, err)
	t.Cleanup(func() { h.j.Close() })
	h.feed = &follow.Feed{
		Cursors: []string{"rules"},
		Journal: h.j,
		Hub:     live.New(h.j, log),
		Health:  follow.NewHealth(log),
		Logger:  log,
		Pause:   func(string) {},
	}
	h.start(h.feed.Hub.Run)
	return h
}

// start runs part until the test ends or the returned function is called.
func (h *house) start(part func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Error(err)
		}
	})
	h.t.Cleanup(stop)
	return stop
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// happen journals an occurrence at the door.
func (h *house) happen(what string, replayed bool) {
	h.t.Helper()
	now := time.Now()
	b, err := event.Append(nil, &g.Event{
		Kind:     g.EventOccurrence,
		School:   "sch",
		Device:   "lock-1",
		Driver:   g.DriverMQTTFront,
		Time:     now,
		Received: now,
		Replayed: replayed,
		Occurrence: &g.Occurrence{
			ID:   g.OccurrenceID(g.NewID("occ")),
			Kind: g.OccurrenceDoor,
			Data: map[string]g.Value{"what": g.StringValue(what)},
		},
	})
	must(h.t, err)
	done := make(chan error, 1)
	must(h.t, h.j.Append("lock-1", b, func(_ uint64, err error) { done <- err }))
	must(h.t, <-done)
}

// run runs the rules' reader until the returned function is called.
func (h *house) run() (stop func()) {
	h.t.Helper()
	return h.runRules(forcedDoor)
}

// runRules is run with these rules.
func (h *house) runRules(text string) (stop func()) {
	h.t.Helper()
	dir := h.t.TempDir()
	must(h.t, os.WriteFile(filepath.Join(dir, "doors.yaml"), []byte(text), 0o600))
	files, err := alerting.Load(dir)
	must(h.t, err)
	x := alerting.New(alerting.Options{
		Feed:      h.feed,
		View:      h.view,
		Directory: h.dir,
		Files:     files,
		Strangers: &strangers.Place{},
		Allowed:   func(g.SchoolID) bool { return false },
		Now:       time.Now,
		Logger:    slog.New(slog.DiscardHandler),
	})
	return h.start(x.Run)
}

// raised waits until the school has this many findings in its alerts.
func (h *house) raised(want int) []alerts.AlertRow {
	h.t.Helper()
	over := time.After(20 * time.Second)
	for {
		rows, _, err := h.view.Alerts.List(h.t.Context(), alerts.Filter{School: "sch"})
		must(h.t, err)
		found := 0
		for _, row := range rows {
			found += row.Count
		}
		if found == want {
			return rows
		}
		select {
		case <-h.reg.OutboxReady():
		case <-over:
			h.t.Fatalf("got %d findings in %d alerts, want %d", found, len(rows), want)
		}
	}
}

// TestAnOccurrenceRaisesAnAlert: only a current occurrence of the rule's kind raises an alert, and
// none is lost or repeated by a restart.
func TestAnOccurrenceRaisesAnAlert(t *testing.T) {
	h := openHouse(t)
	h.happen("opened", false)
	h.happen("forced", true)
	h.happen("forced", false)
	stop := h.run()
	rows := h.raised(1)
	stop()
	if a := rows[0]; a.Rule != "forced-door" || a.Device != "lock-1" ||
		a.Severity != g.Critical || a.Firing {
		t.Errorf("got %+v, want the forced door's, which does not last", a)
	}
	stop = h.run()
	h.happen("opened", false)
	h.happen("forced", false)
	for _, a := range h.raised(2) {
		if a.Rule != "forced-door" || a.Device != "lock-1" {
			t.Errorf("got %+v, want the forced door's alone", a)
		}
	}
	stop()
}

// TestALevelThatStandsIsKnownAtTheStart: a level that was raised before the rules ran, and whose event
// they never read, holds for the first thing that happens.
func TestALevelThatStandsIsKnownAtTheStart(t *testing.T) {
	h := openHouse(t)
	_, err := h.view.Lockdown.PutLevel(t.Context(), g.ThreatLevel{
		ID:       "lockdown",
		School:   "sch",
		Title:    "Lockdown",
		Severity: g.Critical,
	})
	must(t, err)
	_, err = h.view.Lockdown.Raise(t.Context(), lockdown.Order{
		School: "sch",
		Level:  "lockdown",
	})
	must(t, err)
	h.happen("forced", false)
	stop := h.runRules(`
rules:
  - id: forced-in-lockdown
    title: The door was forced
    severity: critical
    when: {all: [{occurrence: {kind: door, data: {what: forced}}}, {level: lockdown}]}
`)
	for _, a := range h.raised(2) { // the level's own and the rule's
		if a.Device == "lock-1" && a.Rule != "forced-in-lockdown" {
			t.Errorf("got %+v, want the forced door's", a)
		}
	}
	stop()
}
