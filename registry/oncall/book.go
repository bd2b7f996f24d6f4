package oncall

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps rotas and chains for all scopes. It is safe for concurrent use.
type Book struct {
	s        *store.Store
	access   *access.Book
	messages *messages.Book
}

// New keeps rotas and chains in s.
func New(s *store.Store, access *access.Book, messages *messages.Book) *Book {
	s.Ask(chainNames)
	return &Book{
		s:        s,
		access:   access,
		messages: messages,
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
