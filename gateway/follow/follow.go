// Package follow delivers the journal's events to the gateway's readers: in order, from a committed
// position, at least once. A batch that fails is tried again for ever, and the status page shows
// what holds a reader up. Each package below it is one reader, is given only what it uses, and
// imports no other. This package decides nothing about an event and skips none that decodes.
package follow

import (
	"context"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
	"github.com/gatehouse-iot/gatehouse/gateway/live"
)

const (
	// Batch is the most events that a reader which does not gather handles at once.
	Batch = 1000
	// Gathered is the most for one that gathers: what a busy school sends in a second or two.
	Gathered = 16_000
	// ReadingsEvery is how often readers look while only readings arrive: nobody waits for what
	// becomes of them, and one transaction for many costs little more than one for one. All other
	// events are handled at once, and the rules never pause.
	ReadingsEvery = time.Second
)

// Feed is where readers get their events from. All fields are set before the first reader.
type Feed struct {
	Journal *journal.Journal
	Hub     *live.Hub
	Health  *Health
	Logger  *slog.Logger
	Pause   func(after string) // called between two steps that a crash may separate; for tests
	Cursors []string           // names of all readers; the position of any other is dropped
}

// Follow returns a function that hands events to handle, batch by batch, until its context ends. A
// batch that fails is tried again until it works: nothing is skipped, and the lag shows on the
// status page. handle may see an event twice.
func (f *Feed) Follow(
	name string, handle func(context.Context, []g.Event) error,
) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := f.Read(name, 0, ReadingsEvery)
		if err != nil {
			return err
		}
		defer r.Close()
		for {
			events, err := r.Next(ctx, Gathered)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if !f.Health.Insist(ctx, name, func() error { return handle(ctx, events) }) {
				return nil
			}
			f.Pause(name + " handled")
			if !f.Health.Insist(ctx, name, r.Commit) {
				return nil
			}
		}
	}
}

// At is the position of one of the journal's readers, 0 where there is none of that name.
func (f *Feed) At(name string) uint64 {
	for _, c := range f.Journal.Stat().Cursors {
		if c.Name == name {
			return c.Seq
		}
	}
	return 0
}

func (f *Feed) decode(name string, records []journal.Record) []g.Event {
	events := make([]g.Event, 0, len(records))
	for _, r := range records {
		e, err := event.Decode(r.Seq, r.Data)
		if err != nil {
			f.Logger.Error("an event in the journal does not decode and is passed over", "cursor",
				name, "seq", r.Seq, "error", err)
			continue
		}
		if e.Kind != "" { // else of a kind that only a newer version knows
			events = append(events, e)
		}
	}
	return events
}

// Rest waits for d. It is false when ctx ended before.
func Rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
