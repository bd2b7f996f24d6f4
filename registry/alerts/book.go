package alerts

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps alerts and incidents for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	people *people.Book
	access *access.Book
}

// New keeps alerts and incidents in s.
func New(s *store.Store, people *people.Book, access *access.Book) *Book {
	return &Book{
		s:      s,
		people: people,
		access: access,
	}
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	people people.View
	access access.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		people: r.people.In(s),
		access: r.access.In(s),
	}
}
