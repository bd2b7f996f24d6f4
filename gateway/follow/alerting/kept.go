package alerting

import (
	"context"
	"fmt"

	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// Deltas of the rules' state are folded into a new snapshot once they exceed the size of the last
// one, and foldBytes, or number foldChanges, which bounds what a start has to apply. A snapshot
// takes longer than an alert should wait, so a save with alerts or incidents leaves it to the next
// save, up to twice either bound.
const (
	foldBytes   = 32 << 20 // at least
	foldChanges = 1000
)

// keptRules saves the engine's state: a delta each time, and a snapshot now and then.
type keptRules struct {
	engine *rules.Engine
	view   *registry.View

	whole   int // bytes of the last snapshot
	changed int // bytes of the deltas since
	changes int
}

// save stores the effects and the engine's state in one transaction. A failed save may be repeated
// with the same effects.
func (k *keptRules) save(ctx context.Context, e alerts.Effects) (err error) {
	if e.Changes, err = k.engine.Changes(); err != nil {
		return fmt.Errorf("save the rules' state: %w", err)
	}
	fold := k.due(e)
	if fold {
		e.Changes = nil
		if e.State, err = k.engine.Snapshot(); err != nil {
			return fmt.Errorf("save the rules' state: %w", err)
		}
	}
	if err := k.view.Alerts.Apply(ctx, e); err != nil {
		return err
	}
	k.engine.Saved()
	if fold {
		k.whole, k.changed, k.changes = len(e.State), 0, 0
	} else {
		k.changed, k.changes = k.changed+len(e.Changes), k.changes+1
	}
	return nil
}

// due reports whether this save should write a snapshot.
func (k *keptRules) due(e alerts.Effects) bool {
	patience := 1
	if len(e.Alerts)+len(e.Incidents) > 0 {
		patience = 2
	}
	switch {
	case e.Changes == nil:
		return true
	case k.changes >= patience*foldChanges:
		return true
	}
	return k.changed+len(e.Changes) > patience*max(k.whole, foldBytes)
}
