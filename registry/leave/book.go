package leave

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps requests for leave for all scopes. It is safe for concurrent use.
type Book struct {
	s        *store.Store
	people   *people.Book
	access   *access.Book
	sessions *sessions.Book
}

// New keeps requests in s, and what comes of them among sessions.
func New(s *store.Store, people *people.Book, access *access.Book, sessions *sessions.Book) *Book {
	return &Book{
		s:        s,
		people:   people,
		access:   access,
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
