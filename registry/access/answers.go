package access

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Answers is the user who answers for what somebody does: a user for themselves, and for a key the
// user behind it; "" where nobody is known.
func Answers(ctx context.Context, v View, t *store.Tx, by g.User) (g.UserID, error) {
	id := string(by.ID)
	for range makerDepth {
		n := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM users WHERE id = ?", id).Scan(&n); err != nil {
			return "", fmt.Errorf("read user: %w", err)
		}
		if n > 0 {
			return g.UserID(id), nil
		}
		err := t.Row(ctx, "SELECT maker FROM api_keys WHERE id = ?", id).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("read key: %w", err)
		}
	}
	return "", nil
}
