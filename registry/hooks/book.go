package hooks

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps webhooks and their deliveries for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	access *access.Book
}

// New keeps webhooks and their deliveries in s.
func New(s *store.Store, access *access.Book) *Book {
	return &Book{s: s, access: access}
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	access access.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		access: r.access.In(s),
	}
}
