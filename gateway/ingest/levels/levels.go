// Package levels keeps in memory which threat level stands in each school, for those who decide
// something while somebody waits: a door that asks, a command to a device that a level holds. It
// refuses to raise or end one.
package levels

import (
	"context"
	"fmt"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// Levels is safe for concurrent use.
type Levels struct {
	view *registry.View

	mu      sync.Mutex
	changes uint64 // how often a level has changed
	stand   map[g.SchoolID]lockdown.Held
	known   bool // stand is what the registry says
}

// New makes Levels that read from a view of a system scope. Changed must be told of the registry's
// changes.
func New(view *registry.View) *Levels { return &Levels{view: view} }

// Changed has the next question read the registry, if a level was raised or ended. It does not block.
func (l *Levels) Changed(c registry.Change) {
	if c.Kind != change.Lockdown && c.Kind != change.School {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = false
	l.changes++
}

// InForce returns the level that stands in a school as it was when it was raised; false: none
// stands. Where one was raised before the call, it is that one.
func (l *Levels) InForce(ctx context.Context, school g.SchoolID) (lockdown.Held, bool, error) {
	l.mu.Lock()
	held, ok := l.stand[school]
	known, changes := l.known, l.changes
	l.mu.Unlock()
	if known {
		return held, ok, nil
	}
	all, err := l.view.Lockdown.Holding(ctx)
	if err != nil {
		return lockdown.Held{}, false, fmt.Errorf("read the threat levels: %w", err)
	}
	stand := make(map[g.SchoolID]lockdown.Held, len(all))
	for _, h := range all {
		if _, ok := stand[h.School]; !ok { // the newest comes first
			stand[h.School] = h
		}
	}
	held, ok = stand[school]
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changes == changes {
		l.stand, l.known = stand, true
	}
	return held, ok, nil
}
