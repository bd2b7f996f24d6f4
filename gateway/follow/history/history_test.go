package history_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/history"
	"github.com/gatehouse-iot/gatehouse/registry"
	kept "github.com/gatehouse-iot/gatehouse/registry/history"
)

// TestABatchIsKeptAndThenComputed: what happened is kept first, then the sessions of known people's
// passages are computed; where that fails the batch comes again, and nothing is kept twice.
func TestABatchIsKeptAndThenComputed(t *testing.T) {
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
	defer reg.Close()
	view := reg.In(g.SystemScope("history"))
	if _, err := view.Places.CreateSchool(ctx, g.School{
		ID:       "sch",
		Kind:     g.KindSchool,
		Name:     "S",
		Timezone: "UTC",
		Language: "en",
	}); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	event := func(seq uint64, kind g.EventKind) g.Event {
		return g.Event{
			Seq:      seq,
			Kind:     kind,
			School:   "sch",
			Device:   "gate",
			Time:     at.Add(time.Duration(seq) * time.Minute),
			Received: at.Add(time.Duration(seq) * time.Minute),
		}
	}
	known, stranger := event(1, g.EventSighting), event(2, g.EventSighting)
	known.Sighting = &g.Sighting{ID: "sgt_1", Method: g.ByCard, Person: "per_1"}
	stranger.Sighting = &g.Sighting{ID: "sgt_2", Method: g.ByFace}
	happened, reading := event(3, g.EventOccurrence), event(4, g.EventReading)
	happened.Occurrence = &g.Occurrence{ID: "occ_1", Kind: g.OccurrenceTamper}
	reading.Reading = &g.Reading{Values: map[string]g.Value{"t": g.NumberValue(1)}}
	batch := []g.Event{known, stranger, happened, reading}

	touch := follow.Touch{Person: "per_1", At: known.Time}
	var computed []follow.Touch
	fails := errors.New("the registry is away")
	r := history.Reader{
		View: view,
		Recompute: func(_ context.Context, school g.SchoolID, touches []follow.Touch) error {
			if school != "sch" {
				t.Errorf("computed for %q", school)
			}
			computed = append(computed, touches...)
			err := fails
			fails = nil
			return err
		},
	}
	if err := r.Apply(ctx, batch); err == nil {
		t.Error("a batch whose sessions are not computed was taken as done")
	}
	if err := r.Apply(ctx, batch); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff(computed, []follow.Touch{touch, touch}); d != "" {
		t.Errorf("computed for, want the known one's time, twice:\n%s", d)
	}
	sightings, _, err := view.History.Sightings(ctx, kept.SightingFilter{})
	if err != nil || len(sightings) != 2 {
		t.Errorf("got %d sightings, %v; want 2", len(sightings), err)
	}
	occurrences, _, err := view.History.Occurrences(ctx, kept.OccurrenceFilter{})
	if err != nil || len(occurrences) != 1 || occurrences[0].ID != "occ_1" {
		t.Errorf("got %+v, %v; want the one that happened", occurrences, err)
	}
}
