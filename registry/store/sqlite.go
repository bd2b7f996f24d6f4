package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// openSQLite opens dir/name.db with a write-ahead log, an fsync for every commit, one writing
// connection and several reading ones.
func openSQLite(dir, name string) (*DB, error) {
	path, err := filepath.Abs(filepath.Join(dir, name+".db"))
	if err != nil {
		return nil, err
	}
	// readable by its owner only; the log inherits the mode
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f.Close()
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	uri := "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
		"&_pragma=secure_delete(1)&_pragma=temp_store(MEMORY)"
	// SQLite's busy wait ignores the context, so the writer's is short and begin repeats it.
	w, err := sql.Open("sqlite",
		file+uri+"&_pragma=busy_timeout(500)&_txlock=immediate&_pragma=cache_size(-64000)")
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	uri = file + uri + "&_pragma=busy_timeout(10000)"
	r, err := sql.Open("sqlite", uri+"&_pragma=query_only(1)&_pragma=cache_size(-8000)")
	if err != nil {
		w.Close()
		return nil, err
	}
	r.SetMaxOpenConns(max(4, runtime.NumCPU()))
	r.SetMaxIdleConns(max(4, runtime.NumCPU()))
	return &DB{
		name: name,
		w:    w,
		r:    r,
		uri:  uri,
	}, nil
}

// Checkpoint moves the write-ahead log into the database and truncates it, so that deleted data is
// gone from both. It waits half a second for readers; if done is false, deleted pages stay in the
// log until the next checkpoint.
func (s *DB) Checkpoint(ctx context.Context) (done bool, err error) {
	if s.Postgres {
		return true, nil
	}
	c, err := s.w.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer c.Close()
	busy, log, moved := 0, 0, 0
	err = c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	return busy == 0, err
}

// patience is how long a writer waits while another process holds the lock.
const patience = 10 * time.Second

// begin begins a write transaction. While another process holds the lock it retries for up to
// patience, or until half a second after ctx ends.
func (s *DB) begin(ctx context.Context) (*sql.Tx, error) {
	for begun := time.Now(); ; {
		t, err := s.w.BeginTx(ctx, nil)
		if err == nil || !busy(err) || ctx.Err() != nil || time.Since(begun) > patience {
			return t, err
		}
	}
}

// busy reports SQLITE_BUSY, with any extended code.
func busy(err error) bool {
	var e interface{ Code() int }
	return errors.As(err, &e) && e.Code()&0xff == 5
}

// copyTo writes a consistent copy of the database while it is in use.
func (s *DB) copyTo(ctx context.Context, dir string) error {
	path := filepath.Join(dir, s.name+".db")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return g.Errorf(g.Conflict, "%s exists already: give an empty folder", path)
	}
	part := path + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an unfinished copy: %w", err)
	}
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	// a connection of its own: the reading ones may not write, and the writer must not wait
	db, err := sql.Open("sqlite", s.uri)
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return errors.Join(fmt.Errorf("copy %s: %w", s.name, err), os.Remove(part))
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync the copy of %s: %w", s.name, err)
	}
	return os.Rename(part, path)
}
