package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DB is one database with one writer and a pool of readers: a SQLite file, or the
// registry's or the history's tables in PostgreSQL.
type DB struct {
	name     string // registry or history
	w, r     *sql.DB
	Postgres bool
	uri      string // SQLite
	lock     int64  // PostgreSQL: advisory lock that serialises the writers of all processes
	turns    turns
}

// Conn runs queries: a DB for reading, or a transaction.
type Conn interface {
	Query(ctx context.Context, q string, args ...any) (*sql.Rows, error)
	Row(ctx context.Context, q string, args ...any) *sql.Row
}

func (s *DB) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return s.r.QueryContext(ctx, s.bind(q), args...)
}

func (s *DB) Row(ctx context.Context, q string, args ...any) *sql.Row {
	return s.r.QueryRowContext(ctx, s.bind(q), args...)
}

// bind replaces the question marks of q by the engine's placeholders. Queries must not contain a
// question mark in a literal.
func (s *DB) bind(q string) string {
	if !s.Postgres || !strings.Contains(q, "?") {
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

func (s *DB) close() error {
	err := s.r.Close()
	if s.w != s.r {
		if werr := s.w.Close(); err == nil {
			err = werr
		}
	}
	return err
}

// Tx is a write transaction. Subscribers are notified of its changes after the commit.
type Tx struct {
	*sql.Tx
	s       *DB
	Now     time.Time
	changes []Change
	outbox  bool // an outbox row was written
	audited *AuditPoint
}

// between is the context for one statement. SQLite's driver starts a goroutine for each statement
// whose context can end, which costs as much as a small statement. So for SQLite, ctx is checked
// before each statement and does not interrupt it.
func (t *Tx) between(ctx context.Context) (context.Context, error) {
	if t.s.Postgres {
		return ctx, nil
	}
	return context.WithoutCancel(ctx), ctx.Err()
}

func (t *Tx) Query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	ctx, err := t.between(ctx)
	if err != nil {
		return nil, err
	}
	return t.QueryContext(ctx, t.s.bind(q), args...)
}

func (t *Tx) Row(ctx context.Context, q string, args ...any) *sql.Row {
	if one, err := t.between(ctx); err == nil {
		ctx = one
	}
	return t.QueryRowContext(ctx, t.s.bind(q), args...)
}

// Exec returns the number of rows affected.
func (t *Tx) Exec(ctx context.Context, q string, args ...any) (int64, error) {
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

func (t *Tx) Prepare(ctx context.Context, q string) (*Stmt, error) {
	s, err := t.PrepareContext(ctx, t.s.bind(q))
	return &Stmt{s, t}, err
}

// Stmt is a prepared statement of a transaction.
type Stmt struct {
	*sql.Stmt
	t *Tx
}

// Exec returns the number of rows affected.
func (s *Stmt) Exec(ctx context.Context, args ...any) (int64, error) {
	ctx, err := s.t.between(ctx)
	if err != nil {
		return 0, err
	}
	return touched(s.ExecContext(ctx, args...))
}

// Write runs f in a transaction and commits it if f returns nil. Writers are serialised, Patient ones
// after the others; now is called when this one's turn has come, so that later transactions have
// later times.
func (s *DB) Write(ctx context.Context, now func() time.Time, f func(*Tx) error) (*Tx, error) {
	if err := s.turns.take(ctx); err != nil {
		return nil, fmt.Errorf("wait for a turn in %s: %w", s.name, err)
	}
	defer s.turns.give()
	sqltx, err := s.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin in %s: %w", s.name, err)
	}
	t := &Tx{Tx: sqltx, s: s}
	defer sqltx.Rollback() // does nothing after Commit
	if s.Postgres {
		if _, err := t.Exec(ctx, "SELECT pg_advisory_xact_lock(?)", s.lock); err != nil {
			return nil, fmt.Errorf("take turns in %s: %w", s.name, err)
		}
	}
	t.Now = now()
	if err := f(t); err != nil {
		return nil, err
	}
	if err := sqltx.Commit(); err != nil {
		return nil, fmt.Errorf("commit in %s: %w", s.name, err)
	}
	return t, nil
}

// Each runs a query and calls f for every row.
func Each(
	ctx context.Context, c Conn, q string, args []any, f func(scan func(...any) error) error,
) error {
	rows, err := c.Query(ctx, q, args...)
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

// Flag converts a boolean for an integer column.
func Flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Micros converts a time for a column: Unix microseconds, 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Moment is the inverse of Micros.
func Moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Marks is "?,?,?" for n values.
func Marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// Anys converts identifiers to query arguments.
func Anys[T ~string](ids []T) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// snapshot is the isolation level in which several reads see one state, which SQLite always does.
func (s *DB) snapshot() sql.IsolationLevel {
	if s.Postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}
