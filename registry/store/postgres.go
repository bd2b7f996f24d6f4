package store

import (
	"database/sql"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// openPostgres opens the tables of one store. Writers of all processes are serialised by an
// advisory lock, as SQLite's single writer is.
func openPostgres(dsn, name string) (*DB, error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(4)
	s := &DB{
		name:     name,
		w:        db,
		r:        db,
		Postgres: true,
		lock:     0x67617465_01,
	}
	if name == "history" {
		s.lock++
	}
	return s, nil
}
