package registry

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

	_ "modernc.org/sqlite" // the driver "sqlite"

	g "github.com/gatehouse-iot/gatehouse"
)

// openSQLite opens dir/name.db: write-ahead log, every commit synced, one connection that
// writes and a few that read.
func openSQLite(dir, name string) (*store, error) {
	path, err := filepath.Abs(filepath.Join(dir, name+".db"))
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // nobody else reads it; the log inherits the mode
	if err != nil {
		return nil, err
	}
	f.Close()
	uri := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=temp_store(MEMORY)"
	w, err := sql.Open("sqlite", uri+"&_txlock=immediate&_pragma=cache_size(-16000)")
	if err != nil {
		return nil, err
	}
	w.SetMaxOpenConns(1)
	r, err := sql.Open("sqlite", uri+"&_pragma=query_only(1)")
	if err != nil {
		w.Close()
		return nil, err
	}
	r.SetMaxOpenConns(max(4, runtime.NumCPU()))
	r.SetMaxIdleConns(max(4, runtime.NumCPU()))
	return &store{name: name, w: w, r: r, uri: uri}, nil
}

// forget moves the log into the file and empties it, so that what was deleted is gone from
// both. It is best effort: it waits half a second for readers, and after that the deleted
// pages stay in the log until the next checkpoint.
func (s *store) forget(ctx context.Context) (done bool, err error) {
	if s.postgres {
		return true, nil
	}
	c, err := s.w.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "PRAGMA busy_timeout = 500"); err != nil {
		return false, err
	}
	busy, log, moved := 0, 0, 0
	err = c.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved)
	_, back := c.ExecContext(context.WithoutCancel(ctx), "PRAGMA busy_timeout = 10000")
	return busy == 0, errors.Join(err, back)
}

// copyTo writes a consistent copy of the file while it is in use.
func (s *store) copyTo(ctx context.Context, dir string) error {
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
	db, err := sql.Open("sqlite", s.uri) // a connection of its own: the readers' may not write, the writer's has work to do
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
