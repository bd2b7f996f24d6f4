package store

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// Send adds an event of the gateway itself to the outbox, in the transaction of its cause. It is
// idempotent: event IDs are deterministic, and a second row of the same ID is ignored.
func (r *Store) Send(ctx context.Context, t *Tx, e g.Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	if _, err := t.Exec(ctx,
		"INSERT INTO outbox (event_id, body_sealed) VALUES (?, ?) ON CONFLICT (event_id) DO NOTHING",
		e.ID, Seal(r.Vault.Data, b, "outbox "+e.ID)); err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	t.outbox = true
	return nil
}

// Outbox returns the oldest unjournalled events after a row; only for system scopes. Rows stay
// until DeleteOutbox, so an event may be returned twice. Row IDs can be reused after rows are
// deleted.
func (v *View) Outbox(ctx context.Context, after int64, limit int) ([]OutboxRow, error) {
	if err := v.OnlySystem(); err != nil {
		return nil, err
	}
	var out []OutboxRow
	err := Each(ctx, v.Reg,
		"SELECT id, event_id, body_sealed FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
		[]any{after, Page{Limit: limit}.Size()}, func(scan func(...any) error) error {
			var row OutboxRow
			var id string
			var sealed []byte
			if err := scan(&row.ID, &id, &sealed); err != nil {
				return err
			}
			b, err := Unseal(v.Vault.Data, sealed, "outbox "+id)
			if err == nil {
				err = json.Unmarshal(b, &row.Event)
			}
			row.Err = err
			out = append(out, row)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return out, nil
}

// DeleteOutbox removes journalled rows; only for system scopes. Missing rows are ignored.
func (v *View) DeleteOutbox(ctx context.Context, upTo []int64) error {
	if err := v.OnlySystem(); err != nil {
		return err
	}
	if len(upTo) == 0 {
		return nil
	}
	return v.Write(ctx, func(t *Tx) error {
		stmt, err := t.Prepare(ctx, "DELETE FROM outbox WHERE id = ?")
		if err != nil {
			return fmt.Errorf("empty outbox: %w", err)
		}
		defer stmt.Close()
		for _, id := range upTo {
			if _, err := stmt.Exec(ctx, id); err != nil {
				return fmt.Errorf("empty outbox: %w", err)
			}
		}
		return nil
	})
}
