package registry

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// store is one database with one writer and a pool of readers: a SQLite file, or the
// registry's or the history's tables in PostgreSQL.
type store struct {
	name     string // registry or history
	w, r     *sql.DB
	postgres bool
	uri      string // SQLite
	lock     int64  // PostgreSQL's advisory lock that makes writers of several processes take turns
}

// conn is what both a store (reading) and a transaction answer queries with.
type conn interface {
	query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	row(ctx context.Context, q string, args ...any) *sql.Row
}

func (s *store) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return s.r.QueryContext(ctx, s.bind(q), args...)
}

func (s *store) row(ctx context.Context, q string, args ...any) *sql.Row {
	return s.r.QueryRowContext(ctx, s.bind(q), args...)
}

// bind turns the question marks of q into the engine's placeholders. No query has a question
// mark inside a literal.
func (s *store) bind(q string) string {
	if !s.postgres || !strings.Contains(q, "?") {
		return q
	}
	var b strings.Builder
	b.Grow(len(q) + 16)
	n := 0
	for i := 0; i < len(q); i++ {
		if q[i] != '?' {
			b.WriteByte(q[i])
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

func (s *store) close() error {
	err := s.r.Close()
	if s.w != s.r {
		if werr := s.w.Close(); err == nil {
			err = werr
		}
	}
	return err
}

// tx is a write transaction. What it changed is told to subscribers once it is committed.
type tx struct {
	*sql.Tx
	s       *store
	now     time.Time
	changes []Change
	outbox  bool // an outbox row was written
	audited *AuditPoint
}

// between is the context of one statement. SQLite's driver starts a goroutine for each whose
// context can end, which costs as much as a small one does: there the transaction's context
// is looked at between statements, and none is broken off.
func (t *tx) between(ctx context.Context) (context.Context, error) {
	if t.s.postgres {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (t *tx) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	ctx, err := t.between(ctx)
	if err != nil {
		return nil, err
	}
	return t.QueryContext(ctx, t.s.bind(q), args...)
}

func (t *tx) row(ctx context.Context, q string, args ...any) *sql.Row {
	if one, err := t.between(ctx); err == nil {
		ctx = one
	}
	return t.QueryRowContext(ctx, t.s.bind(q), args...)
}

// exec answers how many rows it touched.
func (t *tx) exec(ctx context.Context, q string, args ...any) (int64, error) {
	ctx, err := t.between(ctx)
	if err != nil {
		return 0, err
	}
	return touched(t.ExecContext(ctx, t.s.bind(q), args...))
}

func touched(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t *tx) prepare(ctx context.Context, q string) (*stmt, error) {
	s, err := t.PrepareContext(ctx, t.s.bind(q))
	return &stmt{s, t}, err
}

// stmt is a prepared statement of a transaction.
type stmt struct {
	*sql.Stmt
	t *tx
}

// exec answers how many rows it touched.
func (s *stmt) exec(ctx context.Context, args ...any) (int64, error) {
	ctx, err := s.t.between(ctx)
	if err != nil {
		return 0, err
	}
	return touched(s.ExecContext(ctx, args...))
}

// write runs f in a transaction: all of it or nothing. Writers take turns.
func (s *store) write(ctx context.Context, now time.Time, f func(*tx) error) (*tx, error) {
	sqltx, err := s.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin in %s: %w", s.name, err)
	}
	t := &tx{Tx: sqltx, s: s, now: now}
	defer sqltx.Rollback() // does nothing after Commit
	if s.postgres {
		if _, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(?)", s.lock); err != nil {
			return nil, fmt.Errorf("take turns in %s: %w", s.name, err)
		}
	}
	if err := f(t); err != nil {
		return nil, err
	}
	if err := sqltx.Commit(); err != nil {
		return nil, fmt.Errorf("commit in %s: %w", s.name, err)
	}
	return t, nil
}

// each runs a query and hands every row to f.
func each(ctx context.Context, c conn, q string, args []any, f func(scan func(...any) error) error) error {
	rows, err := c.query(ctx, q, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// flag is a boolean in an integer column.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// micros is a time in a column: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the time that micros wrote.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// marks is "?,?,?" for n values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// anys turns identifiers into arguments.
func anys[T ~string](ids []T) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// snapshot is the isolation in which several reads see one state; SQLite's readers always do.
func (s *store) snapshot() sql.IsolationLevel {
	if s.postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}
