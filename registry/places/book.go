package places

import (
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps schools and places for all scopes. It is safe for concurrent use.
type Book struct {
	s *store.Store
}

// New keeps schools and places in s.
func New(s *store.Store) *Book {
	return &Book{s: s}
}

// View is schools and places as one scope may see it.
type View struct {
	r *Book
	s *store.View
}

// In is the book as the scope of s may see it.
func (r *Book) In(s *store.View) View {
	return View{r: r, s: s}
}
