package deeds

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book performs operations across aggregates for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	places *places.Book
	people *people.Book
	access *access.Book
	alerts *alerts.Book
}

// New returns a Book on s.
func New(
	s *store.Store, places *places.Book, people *people.Book, access *access.Book,
	alerts *alerts.Book,
) *Book {
	return &Book{
		s:      s,
		places: places,
		people: people,
		access: access,
		alerts: alerts,
	}
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	places places.View
	people people.View
	access access.View
	alerts alerts.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		places: r.places.In(s),
		people: r.people.In(s),
		access: r.access.In(s),
		alerts: r.alerts.In(s),
	}
}
