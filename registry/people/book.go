package people

import (
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps people for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	places *places.Book

	rolls rollCache
}

// New keeps people in s.
func New(s *store.Store, places *places.Book) *Book {
	r := &Book{s: s, places: places}
	s.Subscribe(func(c store.Change) {
		if c.Kind == change.Person {
			r.rolls.forget(c.School)
		}
	})
	return r
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	places places.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		places: r.places.In(s),
	}
}
