package alerting

import (
	"context"
	"fmt"

	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// When changes of the rules' state are folded into a snapshot: once they are as large as the
// last one, so that each byte of a change costs one of a snapshot, or as many as a start
// should have to put together. A snapshot takes longer than an alert should, so that effects
// leave it to the save that comes next, up to twice the bound.
const (
	foldBytes   = 32 << 20 // at least
	foldChanges = 1000
)

// keptRules saves the engine's state: what changed each time, and everything now and then.
type keptRules struct {
	engine *rules.Engine
	view   *registry.View

	whole   int // bytes of the last snapshot
	changed int // of the changes since
	changes int
}

// save keeps the effects and the state that they came of in one transaction. What fails is
// saved again, with all that came of the same events.
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

// due says whether the changes are to be folded into a snapshot.
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
