package registry

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

//go:embed migrations
var migrations embed.FS

// Registry is an open registry. It is safe for concurrent use.
type Registry struct {
	reg, hist *store
	vault     *vault
	now       func() time.Time
	log       *slog.Logger
	rolls     rollCache
	looks     looks
	walks     *Walks
	onces     atomic.Uint64 // requests that BeginOnce reserved
	doors     doorCache
	hashing   chan struct{} // bounds concurrent password hashing, which takes memory
	hashers   atomic.Int32  // that hash, or wait for it
	ready     chan struct{} // outbox

	auditSeen atomic.Pointer[AuditPoint] // how far the audit log is known to have come

	mu   sync.Mutex
	subs []*subscriber // in the order in which they came
}

// View is the registry as one scope may see it.
type View struct {
	r *Registry
	s g.Scope
}

// Open opens or creates the registry and brings its schema up to date. A schema newer than
// this program and a master key that does not fit are refused. Call Close when done.
func Open(ctx context.Context, o Options) (*Registry, error) {
	v, err := newVault(o.MasterKey)
	if err != nil {
		return nil, err
	}
	r := &Registry{
		vault: v, walks: NewWalks(walkRows), now: o.Now, log: o.Logger, hashing: make(chan struct{}, 2), ready: make(chan struct{}, 1),
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if err := r.open(ctx, o, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open registry: %w", err), r.Close())
	}
	r.Subscribe(r.drop)
	return r, nil
}

func (r *Registry) open(ctx context.Context, o Options, migrations fs.FS) (err error) {
	engine := func(name string) (*store, error) { return openPostgres(o.Postgres, name) }
	if o.Postgres == "" {
		if o.Dir == "" {
			return g.FieldErrorf("dir", "give the folder in which the registry is kept")
		}
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return err
		}
		engine = func(name string) (*store, error) { return openSQLite(o.Dir, name) }
	}
	if r.reg, err = engine("registry"); err != nil {
		return err
	}
	if r.hist, err = engine("history"); err != nil {
		return err
	}
	for _, s := range []*store{r.reg, r.hist} {
		if err := s.migrate(ctx, r.now(), migrations); err != nil {
			return err
		}
	}
	return r.write(ctx, func(t *tx) error { return r.vault.check(ctx, t) })
}

// Close waits for what is under way and closes both databases. It may be called twice.
func (r *Registry) Close() error {
	var errs []error
	for _, s := range []*store{r.reg, r.hist} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	return errors.Join(errs...)
}

// In is the registry as s may see it; it never is nil. Its methods answer a [g.Error] of code
// Forbidden where s lacks the permission and NotFound where the thing is outside its schools.
func (r *Registry) In(s g.Scope) *View { return &View{r: r, s: s} }

// Backup writes consistent copies of both files into dir while the registry is in use. The
// copies need the same master key. On PostgreSQL it refuses: use pg_dump.
func (r *Registry) Backup(ctx context.Context, dir string) error {
	if r.reg.postgres {
		return g.Errorf(g.Unavailable, "the registry is in PostgreSQL: back it up with pg_dump")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("back up registry: %w", err)
	}
	for _, s := range []*store{r.reg, r.hist} {
		if err := s.copyTo(ctx, dir); err != nil {
			return fmt.Errorf("back up registry: %w", err)
		}
	}
	return nil
}

// subscriber is told of what was committed.
type subscriber struct{ tell func(Change) }

// Subscribe calls f after each commit that changed something, after those who subscribed before.
// f must be quick and must not call the registry; cancel ends the calls.
func (r *Registry) Subscribe(f func(Change)) (cancel func()) {
	one := &subscriber{f}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subs = append(slices.Clone(r.subs), one)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.subs = slices.DeleteFunc(slices.Clone(r.subs), func(s *subscriber) bool { return s == one })
	}
}

// OutboxReady receives when the outbox may hold new rows. It is for one reader, which should
// also look once when it starts.
func (r *Registry) OutboxReady() <-chan struct{} { return r.ready }

// write runs f in a transaction of registry.db and tells of its changes after the commit.
func (r *Registry) write(ctx context.Context, f func(*tx) error) error {
	t, err := r.reg.write(ctx, r.now(), func(t *tx) error {
		if err := holds(ctx); err != nil {
			return err
		}
		return f(t)
	})
	if err != nil {
		return err
	}
	if t.audited != nil {
		r.sawAudit(t.audited)
	}
	if t.outbox {
		select {
		case r.ready <- struct{}{}:
		default: // the reader has been told already
		}
	}
	r.tell(t.changes)
	return nil
}

func (r *Registry) tell(cs []Change) {
	if len(cs) == 0 {
		return
	}
	r.mu.Lock()
	subs := r.subs
	r.mu.Unlock()
	for _, c := range cs {
		for _, s := range subs {
			s.tell(c)
		}
	}
}

// drop lets go of what is kept of a thing that changed.
func (r *Registry) drop(c Change) {
	switch c.Kind {
	case "device", "profile":
		r.doors.forget(g.DeviceID(c.ID), c.Kind == "profile")
	case "person":
		r.rolls.forget(c.School)
	}
}

// change notes what to tell after the commit.
func (t *tx) change(kind string, school g.SchoolID, id string) {
	t.changes = append(t.changes, Change{Kind: kind, School: school, ID: id})
}
