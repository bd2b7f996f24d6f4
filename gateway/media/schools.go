package media

import (
	"context"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// Schools knows which schools keep pictures of unknown people. It is safe for concurrent use.
type Schools struct {
	view *registry.View

	mu  sync.Mutex
	off map[g.SchoolID]bool // cache: true where a school keeps none
}

// NewSchools asks the registry through the view.
func NewSchools(view *registry.View) *Schools {
	return &Schools{
		view: view,
		off:  map[g.SchoolID]bool{},
	}
}

// Allowed says whether the school keeps pictures. Where that cannot be read, it does not.
func (s *Schools) Allowed(school g.SchoolID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if off, known := s.off[school]; known {
		return !off
	}
	on, err := s.view.Places.PicturesTaken(context.Background(), school)
	if err != nil {
		return false // not cached
	}
	s.off[school] = !on
	return on
}

// Changed drops the cache when a setting or a school changes.
func (s *Schools) Changed(c registry.Change) {
	if c.Kind != change.Setting && c.Kind != change.School {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.off)
}
