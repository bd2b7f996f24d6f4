package history

import (
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps what was seen for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	people *people.Book

	looks looks
}

// New keeps what was seen in s.
func New(s *store.Store, people *people.Book) *Book {
	return &Book{s: s, people: people}
}

// View is what was seen as one scope may see it.
type View struct {
	r      *Book
	s      *store.View
	people people.View
}

// In is the book as the scope of s may see it.
func (r *Book) In(s *store.View) View {
	return View{r: r, s: s, people: r.people.In(s)}
}
