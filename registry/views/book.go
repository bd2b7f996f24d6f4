package views

import (
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book reads across aggregates for all scopes. It is safe for concurrent use.
type Book struct {
	s        *store.Store
	people   *people.Book
	alerts   *alerts.Book
	oncall   *oncall.Book
	lockdown *lockdown.Book
}

// New returns a Book on s.
func New(
	s *store.Store, people *people.Book, alerts *alerts.Book, oncall *oncall.Book,
	lockdown *lockdown.Book,
) *Book {
	return &Book{
		s:        s,
		people:   people,
		alerts:   alerts,
		oncall:   oncall,
		lockdown: lockdown,
	}
}

// View is the book restricted to one scope.
type View struct {
	r      *Book
	s      *store.View
	people people.View

	alerts   alerts.View
	oncall   oncall.View
	lockdown lockdown.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{
		r:      r,
		s:      s,
		people: r.people.In(s),

		alerts:   r.alerts.In(s),
		oncall:   r.oncall.In(s),
		lockdown: r.lockdown.In(s),
	}
}
