package twins

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry"
)

// margin is how long a message may take from its arrival to the readers of the journal.
const margin = time.Second

// HeardUntil is the time up to which the twins know everything that was heard; false where they are
// held up. Judged by any later time, devices that were heard would look silent.
func (x *Reader) HeardUntil() (time.Time, bool) {
	current, well := x.Feed.Health.Current(name)
	for _, c := range x.Feed.Journal.Stat().Cursors {
		if c.Name != name {
			continue
		}
		if c.Lag == 0 {
			current = x.Now()
		}
		return current.Add(-margin), well && !current.IsZero()
	}
	return time.Time{}, false
}

// MarkSilent marks devices that fell silent, through the caller's view; the registry reports each
// through the outbox.
func (x *Reader) MarkSilent(ctx context.Context, view *registry.View) {
	for {
		until, ok := x.HeardUntil()
		if !ok {
			return
		}
		marked, err := view.Fleet.MarkStale(ctx, until)
		if err != nil && ctx.Err() == nil {
			x.Feed.Logger.Error("look for silent devices", "error", err)
		}
		if err != nil || len(marked) == 0 {
			return
		}
		x.Feed.Pause("silent marked")
	}
}
