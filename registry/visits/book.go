package visits

import "github.com/gatehouse-iot/gatehouse/registry/store"

// Book keeps visits for all scopes. It is safe for concurrent use.
type Book struct{ s *store.Store }

// New keeps visits in s.
func New(s *store.Store) *Book { return &Book{s: s} }

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
