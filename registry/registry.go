package registry

import (
	"context"
	"embed"
	"sync/atomic"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

//go:embed migrations
var migrations embed.FS

// Registry is an open registry. It is safe for concurrent use.
type Registry struct {
	s       *store.Store
	rolls   rollCache
	looks   looks
	walks   *Walks
	onces   atomic.Uint64 // requests that BeginOnce reserved
	doors   doorCache
	hashing chan struct{} // bounds concurrent password hashing, which takes memory
	hashers atomic.Int32  // that hash, or wait for it
}

// View is the registry as one scope may see it.
type View struct {
	r *Registry
	s *store.View
}

// Open opens or creates the registry and brings its schema up to date. A schema newer than
// this program and a master key that does not fit are refused. Call Close when done.
func Open(ctx context.Context, o Options) (*Registry, error) {
	s, err := store.Open(ctx, o, migrations)
	if err != nil {
		return nil, err
	}
	r := &Registry{s: s, walks: NewWalks(walkRows), hashing: make(chan struct{}, 2)}
	s.Subscribe(r.drop)
	return r, nil
}

// walkRows is how many rows the kept orders of all walks name together.
const walkRows = 500_000

// In is the registry as s may see it; it never is nil. Its methods answer a [g.Error] of code
// Forbidden where s lacks the permission and NotFound where the thing is outside its schools.
func (r *Registry) In(s g.Scope) *View { return &View{r: r, s: r.s.In(s)} }

// drop lets go of what is kept of a thing that changed.
func (r *Registry) drop(c store.Change) {
	switch c.Kind {
	case "device", "profile":
		r.doors.forget(g.DeviceID(c.ID), c.Kind == "profile")
	case "person":
		r.rolls.forget(c.School)
	}
}
