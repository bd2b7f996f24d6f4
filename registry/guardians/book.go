package guardians

import (
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps pages, codes and sign-ins for all scopes. It is safe for concurrent use.
type Book struct {
	s        *store.Store
	people   *people.Book
	messages *messages.Book
}

// New keeps them in s; codes are sent by messages.
func New(s *store.Store, people *people.Book, messages *messages.Book) *Book {
	return &Book{
		s:        s,
		people:   people,
		messages: messages,
	}
}

// View is the book restricted to one scope.
type View struct {
	r        *Book
	s        *store.View
	messages messages.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:        r,
		s:        s,
		messages: r.messages.In(s),
	}
}
