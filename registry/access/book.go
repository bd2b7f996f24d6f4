package access

import (
	"sync/atomic"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps users and keys for all scopes. It is safe for concurrent use.
type Book struct {
	s *store.Store

	onces   atomic.Uint64 // requests that BeginOnce reserved
	hashing chan struct{} // bounds concurrent password hashing, which takes memory
	hashers atomic.Int32  // that hash, or wait for it
}

// New keeps users and keys in s.
func New(s *store.Store) *Book {
	return &Book{s: s, hashing: make(chan struct{}, 2)}
}

// View is users and keys as one scope may see it.
type View struct {
	r *Book
	s *store.View
}

// In is the book as the scope of s may see it.
func (r *Book) In(s *store.View) View {
	return View{r: r, s: s}
}
