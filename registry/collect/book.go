package collect

import (
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps collectors and hand-overs for all scopes. It is safe for concurrent use.
type Book struct {
	s        *store.Store
	people   *people.Book
	sessions *sessions.Book
}

// New keeps them in s; who is on leave stands among sessions.
func New(s *store.Store, people *people.Book, sessions *sessions.Book) *Book {
	return &Book{
		s:        s,
		people:   people,
		sessions: sessions,
	}
}

// View is the book restricted to one scope.
type View struct {
	r *Book
	s *store.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r: r,
		s: s,
	}
}
