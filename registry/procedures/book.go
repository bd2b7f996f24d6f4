package procedures

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Book keeps procedures for all scopes. It is safe for concurrent use.
type Book struct{ s *store.Store }

// New keeps procedures in s.
func New(s *store.Store) *Book { return &Book{s: s} }

// View is the book restricted to one scope.
type View struct{ s *store.View }

// In returns the book restricted to the scope of s.
func (r *Book) In(s *store.View) View { return View{s: s} }

// Limits of what is kept.
const (
	MaxOfSchool = 100 // procedures of one school that are not deleted
	MaxVersions = 200 // of one procedure that a list returns, the newest
)

// ProcedureVersion is one version of a procedure.
type ProcedureVersion struct {
	g.Procedure
	School  g.SchoolID `json:"school"`  // whose it is; empty: of the gateway's files
	Version int        `json:"version"` // from 1
	Note    string     `json:"note,omitempty"`
	Deleted bool       `json:"deleted,omitempty"`
	// who wrote it: the ID of a user or key, and the name at the time
	By     string    `json:"by,omitempty"`
	ByName string    `json:"by_name,omitempty"`
	At     time.Time `json:"at"`
}
