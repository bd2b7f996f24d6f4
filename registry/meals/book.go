package meals

import (
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps meals for all scopes. It is safe for concurrent use.
type Book struct {
	s        *store.Store
	people   *people.Book
	sessions *sessions.Book
}

// New keeps meals in s.
func New(s *store.Store, people *people.Book, sessions *sessions.Book) *Book {
	return &Book{
		s:        s,
		people:   people,
		sessions: sessions,
	}
}

// View is the book restricted to one scope.
type View struct {
	r        *Book
	s        *store.View
	people   people.View
	sessions sessions.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:        r,
		s:        s,
		people:   r.people.In(s),
		sessions: r.sessions.In(s),
	}
}
