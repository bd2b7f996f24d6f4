// Package lockdown keeps the threat levels of schools: what a school does at each, and when a level
// above normal stood, who raised it and who ended it. Raising one writes the level, its alert and
// its commands in one transaction; package command then sends the commands. It refuses an all-clear
// by whoever raised the level, and a drill in place of the real thing.
package lockdown

import (
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps threat levels for all scopes. It is safe for concurrent use.
type Book struct {
	s      *store.Store
	alerts *alerts.Book
	access *access.Book
	places *places.Book

	messages *messages.Book
}

// New keeps threat levels in s.
func New(
	s *store.Store, alerts *alerts.Book, access *access.Book, places *places.Book,
	messages *messages.Book,
) *Book {
	s.Ask(levelNames)
	return &Book{
		s:      s,
		alerts: alerts,
		access: access,
		places: places,

		messages: messages,
	}
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	alerts alerts.View
	access access.View
	places places.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		alerts: r.alerts.In(s),
		access: r.access.In(s),
		places: r.places.In(s),
	}
}
