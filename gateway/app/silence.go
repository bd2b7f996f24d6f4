package app

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry"
)

// margin is how long a message may take from its arrival to the readers of the journal.
const margin = time.Second

// heardUntil is the time up to which the twins know everything that was heard; false where
// they are held up. By any later time, devices that were heard would look silent.
func (a *App) heardUntil() (time.Time, bool) {
	a.health.mu.Lock()
	held, current := a.health.cursors["twin"] != "", a.health.current["twin"]
	a.health.mu.Unlock()
	for _, c := range a.journal.Stat().Cursors {
		if c.Name == "twin" {
			if c.Lag == 0 {
				current = a.now()
			}
			return current.Add(-margin), !held && !current.IsZero()
		}
	}
	return time.Time{}, false
}

// markSilent marks devices that fell silent; the registry tells of each through the outbox.
func (a *App) markSilent(ctx context.Context, view *registry.View) {
	for {
		until, ok := a.heardUntil()
		if !ok {
			return
		}
		marked, err := view.MarkStale(ctx, until)
		if err != nil && ctx.Err() == nil {
			a.log.Error("look for silent devices", "error", err)
		}
		if err != nil || len(marked) == 0 {
			return
		}
		a.opt.Pause("silent marked")
	}
}
