package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// Store holds the two open databases and what every aggregate needs. It is safe for concurrent use.
type Store struct {
	Reg, Hist *DB // current state, and append-only history
	Vault     *Vault
	Walks     *Walks
	Now       func() time.Time
	Log       *slog.Logger

	ready chan struct{} // the outbox may hold new rows

	auditSeen atomic.Pointer[AuditPoint] // last audit entry known to have existed

	mu   sync.Mutex
	subs []*subscriber // in order of subscription

	naming []Naming // set before the first use
}

// Naming returns an error where something of a school names an id.
type Naming func(ctx context.Context, c Conn, school g.SchoolID, id string) error

// Ask has Remove ask n, too. Rooms call it when they are made.
func (s *Store) Ask(n Naming) { s.naming = append(s.naming, n) }

// unnamed refuses to delete what something else names by its id, such as the place of a chain or
// the device of a threat level: they would call nobody and command nothing, without a word.
func (s *Store) unnamed(ctx context.Context, t *Tx, school g.SchoolID, id string) error {
	for _, n := range s.naming {
		if err := n(ctx, t, school, id); err != nil {
			return err
		}
	}
	return nil
}

// View is the store restricted to one scope.
type View struct {
	*Store
	g.Scope
}

// Open opens or creates both databases and applies the migrations. It refuses a schema newer than
// this program, and a master key that does not fit. Call Close when done.
func Open(ctx context.Context, o Options, migrations fs.FS) (*Store, error) {
	v, err := newVault(o.MasterKey)
	if err != nil {
		return nil, err
	}
	r := &Store{
		Vault: v,
		Walks: NewWalks(walkRows),
		Now:   o.Now,
		Log:   o.Logger,
		ready: make(chan struct{}, 1),
	}
	if r.Now == nil {
		r.Now = time.Now
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	if err := r.open(ctx, o, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open registry: %w", err), r.Close())
	}
	return r, nil
}

// In returns the store restricted to a scope.
func (r *Store) In(s g.Scope) *View {
	return &View{
		Store: r,
		Scope: s,
	}
}

func (r *Store) open(ctx context.Context, o Options, migrations fs.FS) (err error) {
	engine := func(name string) (*DB, error) { return openPostgres(o.Postgres, name) }
	if o.Postgres == "" {
		if o.Dir == "" {
			return g.FieldErrorf("dir", "give the folder in which the registry is kept")
		}
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return err
		}
		engine = func(name string) (*DB, error) { return openSQLite(o.Dir, name) }
	}
	if r.Reg, err = engine("registry"); err != nil {
		return err
	}
	if r.Hist, err = engine("history"); err != nil {
		return err
	}
	for _, s := range []*DB{r.Reg, r.Hist} {
		if err := s.migrate(ctx, r.Now, migrations); err != nil {
			return err
		}
	}
	return r.Write(ctx, func(t *Tx) error { return r.Vault.check(ctx, t) })
}

// Close waits for queries in progress and closes both databases. It may be called twice.
func (r *Store) Close() error {
	var errs []error
	for _, s := range []*DB{r.Reg, r.Hist} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	return errors.Join(errs...)
}

// Backup writes consistent copies of both databases into dir while the registry is in use; they
// need the same master key. It is not available on PostgreSQL: use pg_dump.
func (r *Store) Backup(ctx context.Context, dir string) error {
	if r.Reg.Postgres {
		return g.Errorf(g.Unavailable, "the registry is in PostgreSQL: back it up with pg_dump")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("back up registry: %w", err)
	}
	for _, s := range []*DB{r.Reg, r.Hist} {
		if err := s.copyTo(ctx, dir); err != nil {
			return fmt.Errorf("back up registry: %w", err)
		}
	}
	return nil
}

// subscriber is notified of commits.
type subscriber struct{ tell func(Change) }

// Subscribe calls f after each commit that changed something, in order of subscription. f blocks
// the committing goroutine, so it must be quick, and must not call the registry; cancel ends the
// calls.
func (r *Store) Subscribe(f func(Change)) (cancel func()) {
	one := &subscriber{f}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subs = append(slices.Clone(r.subs), one)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.subs = slices.DeleteFunc(slices.Clone(r.subs),
			func(s *subscriber) bool { return s == one })
	}
}

// OutboxReady signals that the outbox may have new rows. It serves one reader, which should also
// look once when it starts.
func (r *Store) OutboxReady() <-chan struct{} { return r.ready }

// Write runs f in a transaction of registry.db and notifies the subscribers after the commit.
func (r *Store) Write(ctx context.Context, f func(*Tx) error) error {
	t, err := r.Reg.Write(ctx, r.Now, func(t *Tx) error {
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
		default: // a signal is pending already
		}
	}
	r.tell(t.changes)
	return nil
}

func (r *Store) tell(cs []Change) {
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

// Change records a change to be published after the commit. Without fields the object is new,
// deleted, or any of its fields may have changed.
func (t *Tx) Change(kind change.Kind, school g.SchoolID, id string, fields ...string) {
	t.changes = append(t.changes, Change{
		Kind:   kind,
		School: school,
		ID:     id,
		Fields: fields,
	})
}

// Changed records the fields in which before and after differ as JSON; either is nil if the object
// is new or deleted. beside adds fields that are not in the JSON, such as a password. It does
// nothing without differences.
func (t *Tx) Changed(
	kind change.Kind, school g.SchoolID, id string, before, after any, beside ...string,
) error {
	if before == nil || after == nil {
		t.Change(kind, school, id)
		return nil
	}
	fields, err := fieldsOf(before, after)
	if err != nil {
		return err
	}
	if fields = append(fields, beside...); len(fields) > 0 {
		t.Change(kind, school, id, fields...)
	}
	return nil
}

// Options say where the registry is stored.
type Options struct {
	Dir       string // folder of registry.db and history.db (SQLite); created if missing
	Postgres  string // DSN of a PostgreSQL database; empty: SQLite in Dir
	MasterKey []byte // 32 bytes; wraps all other keys, and is needed to read the data
	Now       func() time.Time
	Logger    *slog.Logger
}

// Change describes a committed change: the kind of object, its school and the changed fields. An
// empty ID means many objects, as after an import.
type Change struct {
	Kind   change.Kind
	School g.SchoolID
	ID     string
	Fields []string // JSON names, "name.key" for nested ones; empty: any may have changed
}

// Touches reports whether any of the fields may have changed.
func (c Change) Touches(fields ...string) bool {
	if len(c.Fields) == 0 {
		return true
	}
	return slices.ContainsFunc(c.Fields, func(name string) bool {
		whole, _, _ := strings.Cut(name, ".")
		return slices.Contains(fields, whole)
	})
}

// Page selects part of a list: Limit rows (default 100, at most 1000) after Cursor, which is opaque
// and comes from the previous page. An empty next cursor means the end.
type Page struct {
	Limit  int
	Cursor string
}

// OutboxRow is an event to be journalled; Event.Seq is 0.
type OutboxRow struct {
	ID    int64
	Event g.Event
	Err   error // why the event cannot be read; the row stays and does not block others
}

// Forget removes data just deleted from disk by a checkpoint, as far as readers allow.
func (r *Store) Forget(ctx context.Context) {
	if done, err := r.Reg.Checkpoint(ctx); err != nil || !done {
		r.Log.Warn("what was deleted may be in the write-ahead log until the next checkpoint",
			"error", err)
	}
}
