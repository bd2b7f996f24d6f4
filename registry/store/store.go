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
)

// Store is the two open databases with what every aggregate needs. It is safe for concurrent use.
type Store struct {
	Reg, Hist *DB // what is changed, and what only grows
	Vault     *Vault
	Walks     *Walks
	Now       func() time.Time
	Log       *slog.Logger

	ready chan struct{} // the outbox may hold new rows

	auditSeen atomic.Pointer[AuditPoint] // how far the audit log is known to have come

	mu   sync.Mutex
	subs []*subscriber // in the order in which they came
}

// View is the store as one scope may see it.
type View struct {
	*Store
	g.Scope
}

// Open opens or creates both databases and applies the migrations. A schema newer than this
// program and a master key that does not fit are refused. Call Close when done.
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

// In is the store as a scope may see it.
func (r *Store) In(s g.Scope) *View { return &View{Store: r, Scope: s} }

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
		if err := s.migrate(ctx, r.Now(), migrations); err != nil {
			return err
		}
	}
	return r.Write(ctx, func(t *Tx) error { return r.Vault.check(ctx, t) })
}

// Close waits for what is under way and closes both databases. It may be called twice.
func (r *Store) Close() error {
	var errs []error
	for _, s := range []*DB{r.Reg, r.Hist} {
		if s != nil {
			errs = append(errs, s.close())
		}
	}
	return errors.Join(errs...)
}

// Backup writes consistent copies of both files into dir while the registry is in use. The
// copies need the same master key. On PostgreSQL it refuses: use pg_dump.
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

// subscriber is told of what was committed.
type subscriber struct{ tell func(Change) }

// Subscribe calls f after each commit that changed something, after those who subscribed before.
// f must be quick and must not call the registry; cancel ends the calls.
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

// OutboxReady receives when the outbox may hold new rows. It is for one reader, which should
// also look once when it starts.
func (r *Store) OutboxReady() <-chan struct{} { return r.ready }

// Write runs f in a transaction of registry.db and tells of its changes after the commit.
func (r *Store) Write(ctx context.Context, f func(*Tx) error) error {
	t, err := r.Reg.Write(ctx, r.Now(), func(t *Tx) error {
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

// Change notes what to tell after the commit. No fields: it is new, gone, or anything of it may
// be another.
func (t *Tx) Change(kind string, school g.SchoolID, id string, fields ...string) {
	t.changes = append(t.changes, Change{
		Kind:   kind,
		School: school,
		ID:     id,
		Fields: fields,
	})
}

// Changed is Change for a thing as it was and as it is, as JSON, nil where it is new or gone;
// beside are fields that neither shows, such as a password. Where all is as it was, nothing is
// told.
func (t *Tx) Changed(
	kind string, school g.SchoolID, id string, before, after any, beside ...string,
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

// Options say where the registry lives.
type Options struct {
	Dir       string // folder of registry.db and history.db (SQLite); made when missing
	Postgres  string // DSN of a PostgreSQL database; empty: SQLite in Dir
	MasterKey []byte // 32 bytes; wraps every other key. Without it the data cannot be read
	Now       func() time.Time
	Logger    *slog.Logger
}

// Change says that something committed: of which kind, whose, and which of its fields are others
// now. An ID of "" is many at once, as after an import.
type Change struct {
	// Kind is device, desired, fields, command, profile, person, consent, face, pass, site,
	// building, zone, session, webhook, user, key, school, leave or setting.
	Kind   string
	School g.SchoolID
	ID     string
	Fields []string // as in its JSON, an object's key behind a full stop; none: any may be
}

// Touches says whether any of the fields may be another now.
func (c Change) Touches(fields ...string) bool {
	if len(c.Fields) == 0 {
		return true
	}
	return slices.ContainsFunc(c.Fields, func(name string) bool {
		whole, _, _ := strings.Cut(name, ".")
		return slices.Contains(fields, whole)
	})
}

// Page bounds a list: Limit rows (default 100, at most 1000) after Cursor, which is opaque
// and comes from the list before. An empty next cursor means that there is no more.
type Page struct {
	Limit  int
	Cursor string
}

// OutboxRow is an event that is to be journalled; Event.Seq is 0 until it is.
type OutboxRow struct {
	ID    int64
	Event g.Event
}

// Forget makes what was just deleted unreadable on disk, as far as readers let it.
func (r *Store) Forget(ctx context.Context) {
	if done, err := r.Reg.Checkpoint(ctx); err != nil || !done {
		r.Log.Warn("what was deleted may be in the write-ahead log until the next checkpoint",
			"error", err)
	}
}
