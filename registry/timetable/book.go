package timetable

import (
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps timetables for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	people *people.Book
}

// New keeps timetables in s.
func New(s *store.Store, people *people.Book) *Book {
	return &Book{s: s, people: people}
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
