package store

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// migrate applies the missing migrations, each in its own transaction. migrations has a folder of
// that name with one for each engine and store.
func (s *DB) migrate(ctx context.Context, now func() time.Time, migrations fs.FS) error {
	engine := "sqlite"
	if s.Postgres {
		engine = "postgres"
	}
	dir := path.Join("migrations", engine, s.name)
	files, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return err
	}
	_, err = s.Write(ctx, now, func(t *Tx) error {
		_, err := t.Exec(ctx,
			"CREATE TABLE IF NOT EXISTS "+s.name+"_schema (version INTEGER PRIMARY KEY)")
		return err
	})
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	newest := 0
	for _, f := range files {
		n, err := strconv.Atoi(strings.SplitN(f.Name(), "_", 2)[0])
		if err != nil {
			return fmt.Errorf("migration %s: the name should begin with its number: %w", f.Name(),
				err)
		}
		newest = n
		if err := s.step(
			ctx,
			now,
			n,
			migrations,
			path.Join(dir, f.Name()),
		); err != nil {
			return err
		}
	}
	have := 0
	if err := s.Row(ctx, "SELECT COALESCE(MAX(version), 0) FROM "+s.name+"_schema").Scan(&have); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if have > newest {
		return g.Errorf(g.Unavailable,
			"the %s has schema %d and this program knows only %d: start the newer gateway that "+
				"wrote it, or restore a backup",
			s.name, have, newest)
	}
	return nil
}

// step applies one migration, unless that or a newer one has been applied.
func (s *DB) step(ctx context.Context, now func() time.Time, n int, migrations fs.FS, file string) error {
	text, err := fs.ReadFile(migrations, file)
	if err != nil {
		return err
	}
	_, err = s.Write(ctx, now, func(t *Tx) error {
		have := 0
		if err := t.Row(ctx, "SELECT COALESCE(MAX(version), 0) FROM "+s.name+"_schema").Scan(&have); err != nil ||
			have >= n {
			return err
		}
		if _, err := t.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		_, err := t.Exec(ctx, "INSERT INTO "+s.name+"_schema (version) VALUES (?)", n)
		return err
	})
	if err != nil {
		return fmt.Errorf("migrate %s to schema %d: %w", s.name, n, err)
	}
	return nil
}
