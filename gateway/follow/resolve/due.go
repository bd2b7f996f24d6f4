package resolve

import (
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
)

// dueSchools is the set of schools for which there is something to do. Adding one twice changes
// nothing, so there are never more than there are schools.
type dueSchools struct {
	some chan struct{} // capacity 1; receives when the set is not empty

	mu  sync.Mutex
	all map[g.SchoolID]bool
}

func newDueSchools() *dueSchools {
	return &dueSchools{
		some: make(chan struct{}, 1),
		all:  map[g.SchoolID]bool{},
	}
}

// add does not block.
func (d *dueSchools) add(id g.SchoolID) {
	d.mu.Lock()
	d.all[id] = true
	d.mu.Unlock()
	select {
	case d.some <- struct{}{}:
	default:
	}
}

// take returns the schools and empties the set.
func (d *dueSchools) take() []g.SchoolID {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]g.SchoolID, 0, len(d.all))
	for id := range d.all {
		out = append(out, id)
	}
	clear(d.all)
	return out
}
