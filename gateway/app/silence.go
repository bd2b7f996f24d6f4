package app

import (
	"context"

	"github.com/gatehouse-iot/gatehouse/registry"
)

// twinsCurrent says whether the twins know what was heard lately. Where they are behind,
// every device looks silent.
func (a *App) twinsCurrent() bool {
	a.health.mu.Lock()
	held, current := a.health.cursors["twin"] != "", a.health.current["twin"]
	a.health.mu.Unlock()
	for _, c := range a.journal.Stat().Cursors {
		if c.Name == "twin" {
			return !held && (c.Lag == 0 || a.now().Sub(current) < staleEvery)
		}
	}
	return false
}

// markSilent marks devices that fell silent; the registry tells of each through the outbox.
func (a *App) markSilent(ctx context.Context, view *registry.View) {
	for a.twinsCurrent() {
		marked, err := view.MarkStale(ctx, a.now())
		if err != nil && ctx.Err() == nil {
			a.log.Error("look for silent devices", "error", err)
		}
		if err != nil || len(marked) == 0 {
			return
		}
		a.opt.Pause("silent marked")
	}
}
