package messages

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps addresses, channels, templates and messages for all scopes. It is safe for concurrent
// use.
type Book struct {
	s      *store.Store
	people *people.Book
	access *access.Book
}

// New keeps messages in s.
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
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		people: r.people.In(s),
	}
}

// everything is the reach within which the gateway itself looks recipients up.
func everything() store.Reach { return store.Reach{All: true} }
