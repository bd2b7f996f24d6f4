package access

import (
	"sync/atomic"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps users and keys for all scopes. It is safe for concurrent use.
type Book struct {
	s *store.Store

	onces   atomic.Uint64 // requests that BeginOnce has reserved
	hashing chan struct{} // semaphore: hashing passwords takes memory
	hashers atomic.Int32  // running and waiting
}

// New keeps users and keys in s.
func New(s *store.Store) *Book {
	return &Book{
		s:       s,
		hashing: make(chan struct{}, 2),
	}
}

// View is the book restricted to one scope.
type View struct {
	r *Book
	s *store.View
}

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View {
	return View{r: r, s: s}
}
