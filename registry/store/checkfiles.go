package store

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// CheckFiles checks the integrity of the database files with PRAGMA quick_check. It does nothing on
// PostgreSQL.
func (r *Store) CheckFiles(ctx context.Context) error {
	if r.Reg.Postgres {
		return nil
	}
	for _, s := range []*DB{r.Reg, r.Hist} {
		var verdict string
		if err := s.Row(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
			return fmt.Errorf("check %s.db: %w", s.name, err)
		}
		if verdict != "ok" {
			return g.Errorf(g.Conflict, "%s.db is damaged: %s", s.name, verdict)
		}
	}
	return nil
}
