package visits

import (
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps visits for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	people *people.Book
}

// New keeps visits in s, and who comes among people.
func New(s *store.Store, people *people.Book) *Book {
	return &Book{
		s:      s,
		people: people,
	}
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	people people.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		people: r.people.In(s),
	}
}
