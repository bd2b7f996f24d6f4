package registry

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// CheckFiles says whether the databases' files are whole, as far as SQLite can tell
// (PRAGMA quick_check); a server checks its own.
func (r *Registry) CheckFiles(ctx context.Context) error {
	if r.reg.postgres {
		return nil
	}
	for _, s := range []*store{r.reg, r.hist} {
		var verdict string
		if err := s.row(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
			return fmt.Errorf("check %s.db: %w", s.name, err)
		}
		if verdict != "ok" {
			return g.Errorf(g.Conflict, "%s.db is damaged: %s", s.name, verdict)
		}
	}
	return nil
}
