package resolve

import (
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
)

// dueSchools are the schools for which there is something to do: each once, however often it
// is added, so that they are as many as there are schools.
type dueSchools struct {
	some chan struct{} // size 1: there are some

	mu  sync.Mutex
	all map[g.SchoolID]bool
}

func newDueSchools() *dueSchools {
	return &dueSchools{some: make(chan struct{}, 1), all: map[g.SchoolID]bool{}}
}

// add blocks nobody.
func (d *dueSchools) add(id g.SchoolID) {
	d.mu.Lock()
	d.all[id] = true
	d.mu.Unlock()
	select {
	case d.some <- struct{}{}:
	default:
	}
}

// take answers those that are due, and none is any more.
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
