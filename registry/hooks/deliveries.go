package hooks

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const deliveryColumns = "d.id, d.webhook, d.event_id, d.seq, d.subject, d.body_sealed, " +
	"d.attempt, d.next, d.status, d.error, d.done, d.created, d.finished"

func (r *Book) scanDelivery(scan func(...any) error) (d Delivery, err error) {
	var sealed []byte
	var next, created, finished int64
	if err := scan(&d.ID, &d.Webhook, &d.EventID, &d.Seq, &d.Subject, &sealed, &d.Attempt, &next,
		&d.Status, &d.Error, &d.Done, &created, &finished); err != nil {
		return d, err
	}
	d.Next, d.Created, d.Finished = store.Moment(next), store.Moment(created), store.Moment(
		finished)
	d.Body, err = store.Unseal(r.s.Vault.Data, sealed, "delivery "+string(d.Webhook)+" "+d.EventID)
	return d, err
}

// deliveriesAtOnce is the most deliveries queued in one transaction, which limits how long other
// writers wait.
const deliveriesAtOnce = 256

// QueueDeliveries queues events for delivery, a few hundred in a transaction; only for system
// scopes. It is idempotent: after an error the same call queues the rest. Events that the webhook
// had already, and those for deleted webhooks, are ignored. A zero Next means now. A delivery is
// not due before earlier ones of its subject.
func (v View) QueueDeliveries(ctx context.Context, ds []Delivery) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	for some := range slices.Chunk(ds, deliveriesAtOnce) {
		if err := v.s.Write(ctx, func(t *store.Tx) error {
			return v.r.queueDeliveries(ctx, t, some)
		}); err != nil {
			return fmt.Errorf("queue deliveries: %w", err)
		}
	}
	return nil
}

func (r *Book) queueDeliveries(ctx context.Context, t *store.Tx, ds []Delivery) error {
	stmt, err := t.Prepare(ctx,
		`INSERT INTO deliveries (webhook, event_id, seq, subject, body_sealed, attempt, next, status, error, done, created, finished)
		SELECT w.id, ?, ?, ?, ?, 0, ?, 0, '', 0, ?, 0 FROM webhooks w WHERE w.id = ? ON CONFLICT (webhook, event_id) DO NOTHING`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	last, err := t.Prepare(ctx, lastOfSubject)
	if err != nil {
		return err
	}
	defer last.Close()
	for _, d := range ds {
		if d.Next.IsZero() {
			d.Next = t.Now
		}
		if d.Next, err = afterSubject(ctx, last, d); err != nil {
			return err
		}
		sealed := store.Seal(r.s.Vault.Data, d.Body, "delivery "+string(d.Webhook)+" "+d.EventID)
		if _, err := stmt.Exec(ctx, d.EventID, int64(d.Seq), d.Subject, sealed,
			store.Micros(d.Next), store.Micros(t.Now), string(d.Webhook)); err != nil {
			return err
		}
	}
	return nil
}

// Due are the enabled webhooks with a due delivery, longest due first; only for system scopes.
func (v View) Due(ctx context.Context, now time.Time) ([]g.WebhookID, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := []g.WebhookID{}
	q := `SELECT id FROM (SELECT w.id AS id, (SELECT MIN(d.next) FROM deliveries d WHERE d.webhook = w.id AND d.done = 0) AS due FROM webhooks w WHERE w.disabled = 0) hooks
		WHERE due <= ? ORDER BY due, id`
	err := store.Each(ctx, v.s.Reg, q, []any{store.Micros(now)},
		func(scan func(...any) error) error {
			var id g.WebhookID
			err := scan(&id)
			out = append(out, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find webhooks that have something due: %w", err)
	}
	return out, nil
}

// DueDeliveries are a webhook's due deliveries, longest due first; none while it is disabled. Only
// for system scopes.
func (v View) DueDeliveries(
	ctx context.Context, id g.WebhookID, now time.Time, limit int,
) ([]Delivery, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := []Delivery{}
	q := "SELECT " + deliveryColumns +
		" FROM deliveries d JOIN webhooks w ON w.id = d.webhook WHERE d.webhook = ? AND d.done = " +
		"0 AND d.next <= ? AND w.disabled = 0 ORDER BY d.next, d.id LIMIT ?"
	err := store.Each(ctx, v.s.Reg, q,
		[]any{string(id), store.Micros(now), store.Page{Limit: limit}.Size()},
		func(scan func(...any) error) error {
			d, err := v.r.scanDelivery(scan)
			out = append(out, d)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

// PostponeDeliveries postpones all pending deliveries of a webhook until a time; only for system
// scopes. Those due later are unchanged.
func (v View) PostponeDeliveries(ctx context.Context, id g.WebhookID, until time.Time) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if _, err := t.Exec(ctx,
			"UPDATE deliveries SET next = ? WHERE webhook = ? AND done = 0 AND next < ?",
			store.Micros(until), string(id), store.Micros(until)); err != nil {
			return fmt.Errorf("postpone deliveries: %w", err)
		}
		return nil
	})
}

// DeliveredSince reports whether a delivery of the webhook succeeded at or after a time; only for
// system scopes.
func (v View) DeliveredSince(ctx context.Context, id g.WebhookID, since time.Time) (bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return false, err
	}
	found := false
	// In order of the index: a successful one is among the latest due.
	q := "SELECT d.id FROM deliveries d WHERE d.webhook = ? AND d.done = 1 AND d.error = '' AND " +
		"d.finished >= ? ORDER BY d.next DESC LIMIT 1"
	err := store.Each(ctx, v.s.Reg, q, []any{string(id), store.Micros(since)},
		func(func(...any) error) error {
			found = true
			return nil
		})
	if err != nil {
		return false, fmt.Errorf("find a delivery that succeeded: %w", err)
	}
	return found, nil
}

// SaveDelivery writes the outcome of an attempt; only for system scopes. After a failure, later
// deliveries of the same subject wait too.
func (v View) SaveDelivery(ctx context.Context, d Delivery) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		n, err := t.Exec(ctx,
			"UPDATE deliveries SET attempt = ?, next = ?, status = ?, error = ?, done = ?, "+
				"finished = ? WHERE id = ?",
			d.Attempt, store.Micros(d.Next), d.Status, store.Clean(d.Error), store.Flag(d.Done),
			store.Micros(d.Finished), d.ID)
		if err != nil {
			return fmt.Errorf("write delivery: %w", err)
		}
		if n == 0 {
			return store.NotFound("delivery", store.Digits(d.ID))
		}
		if d.Done {
			return nil
		}
		return holdSubject(ctx, t, d)
	})
}

// Deliveries lists a webhook's deliveries, newest first.
func (v View) Deliveries(
	ctx context.Context, id g.WebhookID, p store.Page,
) ([]Delivery, string, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return nil, "", err
	}
	school, err := store.SchoolOf(ctx, v.s.Reg, "webhooks", "webhook", string(id))
	if err != nil {
		return nil, "", err
	}
	if err := in.Owns(school, "webhook", string(id)); err != nil {
		return nil, "", err
	}
	var w store.Where
	w.And("d.webhook = ?", string(id))
	if err := store.Falling(&w, p, "d.id"); err != nil {
		return nil, "", err
	}
	out := []Delivery{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+deliveryColumns+" FROM deliveries d"+w.String()+" ORDER BY d.id DESC LIMIT ?",
		append(w.Args, p.Size()+1), func(scan func(...any) error) error {
			d, err := v.r.scanDelivery(scan)
			out = append(out, d)
			return err
		})
	if err != nil {
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	out, next := store.Cut(out, p.Size(), func(d Delivery) string {
		return store.Cursor(store.Digits(d.ID))
	})
	return out, next, nil
}

// Redeliver makes a delivery due now and resets its attempts. Later deliveries of the same subject
// follow it.
func (v View) Redeliver(ctx context.Context, id int64) error {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		var school g.SchoolID
		var hook, subject string
		err := t.Row(ctx,
			"SELECT w.school, w.id, d.subject FROM deliveries d JOIN webhooks w ON w.id = "+
				"d.webhook WHERE d.id = ?",
			id).
			Scan(&school, &hook, &subject)
		if err != nil {
			return store.Missing(err, "delivery", store.Digits(id))
		}
		if err := in.Owns(school, "delivery", store.Digits(id)); err != nil {
			return err
		}
		if _, err := t.Exec(ctx,
			"UPDATE deliveries SET attempt = 0, next = ?, done = 0, finished = 0, error = '' "+
				"WHERE id = ?",
			store.Micros(t.Now), id); err != nil {
			return fmt.Errorf("redeliver: %w", err)
		}
		if err := holdSubject(ctx, t, Delivery{
			ID:      id,
			Webhook: g.WebhookID(hook),
			Subject: subject,
			Next:    t.Now,
		}); err != nil {
			return err
		}
		t.Change(change.Webhook, school, hook, "deliveries")
		return v.s.Audit(
			ctx,
			t,
			school,
			"webhook.redeliver",
			hook+" "+store.Digits(id),
		)
	})
}

// TrimDeliveries deletes finished deliveries created before a time, and returns how many; only for
// system scopes.
func (v View) TrimDeliveries(ctx context.Context, before time.Time) (n int64, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		n, err = t.Exec(ctx, "DELETE FROM deliveries WHERE done = 1 AND created < ?",
			store.Micros(before))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("trim deliveries: %w", err)
	}
	return n, nil
}
