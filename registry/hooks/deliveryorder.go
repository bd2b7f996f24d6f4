package hooks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// The order of deliveries lies in their times: of one webhook and one subject, what was queued
// later never has an earlier time than what was queued before it and is not done. So DueDeliveries,
// which is ordered by time and then by id, gives each subject's in order, and whoever sets a
// time back sets that of the later ones back with it.

// lastOfSubject is the time of the newest delivery of a subject that is not done. No other has
// a later one.
const lastOfSubject = "SELECT next FROM deliveries WHERE webhook = ? AND subject = ? AND done = " +
	"0 ORDER BY id DESC LIMIT 1"

// afterSubject is the time of a new delivery: its own, or that of the one before it where that
// is later. What has no subject has its own.
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

// holdSubject has what was queued after a delivery, of the same subject, wait at least as long.
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

// WaitingAfter says whether at least n deliveries of the same subject wait behind this one;
// only system scopes ask.
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
