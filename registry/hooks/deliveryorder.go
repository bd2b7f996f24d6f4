package hooks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Deliveries are ordered by their times: for one webhook and subject, a pending delivery is never
// due before one that was queued earlier. So DueDeliveries, ordered by time and ID, returns each
// subject in order, and whoever postpones a delivery must postpone the later ones of its subject.

// lastOfSubject is the time of the newest pending delivery of a subject, which is the latest of
// all.
const lastOfSubject = "SELECT next FROM deliveries WHERE webhook = ? AND subject = ? AND done = " +
	"0 ORDER BY id DESC LIMIT 1"

// afterSubject is the time of a new delivery: its own, or that of the previous one of its subject
// if that is later.
func afterSubject(ctx context.Context, last *store.Stmt, d Delivery) (time.Time, error) {
	if d.Subject == "" {
		return d.Next, nil
	}
	var next int64
	err := last.QueryRowContext(ctx, string(d.Webhook), d.Subject).Scan(&next)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return d.Next, nil
	case err != nil:
		return d.Next, fmt.Errorf("find what the subject waits for: %w", err)
	case store.Moment(next).After(d.Next):
		return store.Moment(next), nil
	}
	return d.Next, nil
}

// holdSubject postpones later deliveries of the same subject to at least the same time.
func holdSubject(ctx context.Context, t *store.Tx, d Delivery) error {
	if d.Subject == "" {
		return nil
	}
	_, err := t.Exec(ctx,
		"UPDATE deliveries SET next = ? WHERE webhook = ? AND subject = ? AND done = 0 AND id > "+
			"? AND next < ?",
		store.Micros(d.Next), string(d.Webhook), d.Subject, d.ID, store.Micros(d.Next))
	if err != nil {
		return fmt.Errorf("hold what came later of the same subject: %w", err)
	}
	return nil
}

// WaitingAfter reports whether at least n deliveries of the same subject are waiting behind this
// one; only for system scopes.
func (v View) WaitingAfter(ctx context.Context, d Delivery, n int) (bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return false, err
	}
	if d.Subject == "" {
		return false, nil
	}
	found := false
	q := "SELECT d.id FROM deliveries d WHERE d.webhook = ? AND d.subject = ? AND d.done = 0 AND " +
		"d.id > ? ORDER BY d.id LIMIT 1 OFFSET ?"
	err := store.Each(ctx, v.s.Reg, q, []any{string(d.Webhook), d.Subject, d.ID, n - 1},
		func(func(...any) error) error {
			found = true
			return nil
		})
	if err != nil {
		return false, fmt.Errorf("count what the subject waits for: %w", err)
	}
	return found, nil
}
