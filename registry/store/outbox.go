package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// eventsAtOnce is the most events of a transaction that share a row of the outbox.
const eventsAtOnce = 50

// Send adds events of the gateway itself to the outbox, in the transaction of their cause. It is
// idempotent: event IDs are deterministic, and a second row of the same ID is ignored.
func (r *Store) Send(ctx context.Context, t *Tx, events ...g.Event) error {
	for some := range slices.Chunk(events, eventsAtOnce) {
		id := some[0].ID
		b, err := json.Marshal(some[0])
		if len(some) > 1 {
			id = manyID(some)
			b, err = json.Marshal(some)
		}
		if err != nil {
			return fmt.Errorf("write outbox: %w", err)
		}
		if _, err := t.Exec(ctx,
			"INSERT INTO outbox (event_id, body_sealed) VALUES (?, ?) ON CONFLICT (event_id) DO NOTHING",
			id, Seal(r.Vault.Data, b, "outbox "+id)); err != nil {
			return fmt.Errorf("write outbox: %w", err)
		}
		t.outbox = true
	}
	return nil
}

// manyID is the ID of a row of several events.
func manyID(events []g.Event) string {
	h := sha256.New()
	for _, e := range events {
		h.Write([]byte(e.ID + "\n"))
	}
	return "evs_" + hex.EncodeToString(h.Sum(nil)[:12])
}

// errEnough ends a read of the outbox.
var errEnough = errors.New("enough")

// Outbox returns the oldest unjournalled events after a row, of whole rows, until there are limit of
// them; only for system scopes. Rows stay until DeleteOutbox, so an event may be returned twice. Row
// IDs can be reused after rows are deleted.
func (v *View) Outbox(ctx context.Context, after int64, limit int) ([]OutboxRow, error) {
	if err := v.OnlySystem(); err != nil {
		return nil, err
	}
	limit = Page{Limit: limit}.Size()
	var out []OutboxRow
	err := Each(ctx, v.Reg,
		"SELECT id, event_id, body_sealed FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
		[]any{after, limit}, func(scan func(...any) error) error {
			var row int64
			var id string
			var sealed []byte
			if err := scan(&row, &id, &sealed); err != nil {
				return err
			}
			events, err := v.unsealEvents(id, sealed)
			if err != nil {
				out, events = append(out, OutboxRow{ID: row, Err: err}), nil
			}
			for _, e := range events {
				out = append(out, OutboxRow{ID: row, Event: e})
			}
			if len(out) >= limit {
				return errEnough
			}
			return nil
		})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return out, nil
}

func (v *View) unsealEvents(id string, sealed []byte) (events []g.Event, err error) {
	b, err := Unseal(v.Vault.Data, sealed, "outbox "+id)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(b, []byte("[")) {
		err = json.Unmarshal(b, &events)
		return events, err
	}
	events = make([]g.Event, 1)
	err = json.Unmarshal(b, &events[0])
	return events, err
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
		for _, id := range slices.Compact(slices.Sorted(slices.Values(upTo))) {
			if _, err := stmt.Exec(ctx, id); err != nil {
				return fmt.Errorf("empty outbox: %w", err)
			}
		}
		return nil
	})
}
