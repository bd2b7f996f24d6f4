// Package musters keeps the musters of schools: who had to be found when one began, what was ticked at
// the place where people gather, and what the record says. It decides neither who has to be found nor
// what ticks say together. Nothing of a muster is ever changed or deleted: ticks are added, also those
// that reach the gateway after it was closed.
package musters

import (
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps musters for all scopes. It is safe for concurrent use.
type Book struct{ s *store.Store }

// New keeps musters in s.
func New(s *store.Store) *Book { return &Book{s} }

// View is the book restricted to one scope.
type View struct {
	r *Book
	s *store.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View { return View{r, s} }
