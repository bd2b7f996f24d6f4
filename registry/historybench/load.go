package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// columns are the history's columns, in the order of values.
const columns = "seq, id, school, device, zone, person, method, direction, time, received, " +
	"match, media, replayed"

func (p *part) values(i int) ([]any, error) {
	e := p.event(i)
	match := ""
	if e.Sighting.Match != nil {
		b, err := json.Marshal(e.Sighting.Match)
		if err != nil {
			return nil, err
		}
		match = string(b)
	}
	s := e.Sighting
	return []any{int64(e.Seq), string(s.ID), string(e.School), string(e.Device), string(e.Zone),
		string(s.Person), string(s.Method), string(s.Direction),
		e.Time.UnixMicro(), e.Received.UnixMicro(), match, "", int64(0)}, nil
}

// load writes the rows into the registry's schema. As in bulk loads, the secondary indexes are
// dropped before and rebuilt afterwards from their own definitions: updating them row by row would
// take most of the time.
func load(ctx context.Context, o options, p *part, dsn string, r *report) error {
	driver, list := "pgx", "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = "+
		"current_schema() AND tablename = 'sightings' AND indexname NOT LIKE '%\\_pkey' ORDER BY 1"
	if o.engine == "sqlite" {
		path := &url.URL{Path: filepath.Join(dsn, "history.db")}
		dsn = "file:" + path.EscapedPath() +
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=cache_size(-200000)"
		driver, list = "sqlite", "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND "+
			"tbl_name = 'sightings' AND sql IS NOT NULL ORDER BY 1"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	names, defs, err := indexes(ctx, db, list)
	if err != nil {
		return fmt.Errorf("read the indexes: %w", err)
	}
	for _, name := range names {
		if _, err := db.ExecContext(ctx, "DROP INDEX "+name); err != nil {
			return err
		}
	}
	begun := time.Now()
	if o.engine == "sqlite" {
		err = insert(ctx, db, p)
	} else {
		err = copyIn(ctx, db, p)
	}
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	took := time.Since(begun)
	r.LoadRate = float64(p.rows) / took.Seconds()
	o.say("%d sightings on %d school days in %.1f s, %.0f/s", p.rows, p.days, took.Seconds(),
		r.LoadRate)
	for i, def := range defs {
		begun := time.Now()
		if _, err := db.ExecContext(ctx, def); err != nil {
			return fmt.Errorf("build %s: %w", names[i], err)
		}
		r.IndexTimes[names[i]] = time.Since(begun).Seconds()
		o.say("index %s in %.1f s", names[i], time.Since(begun).Seconds())
	}
	if o.engine == "sqlite" {
		if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			return err
		}
		return db.QueryRowContext(ctx,
			"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&r.Bytes)
	}
	// autovacuum would do this within a minute or so
	if _, err := db.ExecContext(ctx, "VACUUM ANALYZE sightings"); err != nil {
		return err
	}
	return db.QueryRowContext(ctx, "SELECT pg_total_relation_size('sightings')").Scan(&r.Bytes)
}

func indexes(ctx context.Context, db *sql.DB, q string) (names, defs []string, err error) {
	rows, err := db.QueryContext(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, def string
		if err := rows.Scan(&name, &def); err != nil {
			return nil, nil, err
		}
		names, defs = append(names, name), append(defs, def)
	}
	return names, defs, rows.Err()
}

// insert writes about 100,000 rows a transaction.
func insert(ctx context.Context, db *sql.DB, p *part) error {
	const each = 100_000
	for from := 0; from < p.rows; from += each {
		if err := insertSome(
			ctx,
			db,
			p,
			from,
			min(from+each, p.rows),
		); err != nil {
			return err
		}
	}
	return nil
}

// insertSome writes the rows from <= i < to in one transaction, 100 a statement.
func insertSome(ctx context.Context, db *sql.DB, p *part, from, to int) error {
	const many, one = 100, "(?,?,?,?,?,?,?,?,?,?,?,?,?)"
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	for i := from; i < to; i += many {
		n := min(many, to-i)
		args := make([]any, 0, 13*n)
		for k := range n {
			row, err := p.values(i + k)
			if err != nil {
				return err
			}
			args = append(args, row...)
		}
		if _, err := tx.ExecContext(ctx,
			"INSERT INTO sightings ("+columns+") VALUES "+one+strings.Repeat(","+one, n-1),
			args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func copyIn(ctx context.Context, db *sql.DB, p *part) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(raw any) error {
		conn, ok := raw.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver pgx has a connection of type %T", raw)
		}
		_, err := conn.Conn().CopyFrom(ctx, pgx.Identifier{"sightings"},
			strings.Split(columns, ", "), pgx.CopyFromSlice(p.rows, p.values))
		return err
	})
}
