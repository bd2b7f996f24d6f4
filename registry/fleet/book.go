package fleet

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps devices and profiles for all scopes. It is safe for concurrent use.
type Book struct {
	s *store.Store

	credentials credentialCache
}

// New keeps devices and profiles in s.
func New(s *store.Store) *Book {
	r := &Book{s: s}
	s.Subscribe(func(c store.Change) {
		if c.Kind == change.Device || c.Kind == change.Profile {
			r.credentials.forget(g.DeviceID(c.ID), c.Kind == change.Profile)
		}
	})
	return r
}

// View is the book restricted to one scope.
type View struct {
	r *Book
	s *store.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{r: r, s: s}
}
