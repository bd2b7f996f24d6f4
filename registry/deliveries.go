package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const deliveryColumns = "d.id, d.webhook, d.event_id, d.seq, d.subject, d.body_sealed, d.attempt, d.next, d.status, d.error, d.done, d.created, d.finished"

func (r *Registry) scanDelivery(scan func(...any) error) (d Delivery, err error) {
	var sealed []byte
	var next, created, finished int64
	if err := scan(&d.ID, &d.Webhook, &d.EventID, &d.Seq, &d.Subject, &sealed, &d.Attempt, &next, &d.Status, &d.Error, &d.Done, &created, &finished); err != nil {
		return d, err
	}
	d.Next, d.Created, d.Finished = moment(next), moment(created), moment(finished)
	d.Body, err = unseal(r.vault.data, sealed, "delivery "+string(d.Webhook)+" "+d.EventID)
	return d, err
}

// deliveriesAtOnce is how many deliveries a transaction queues: other writers need not wait
// for all of what a burst of events brings.
const deliveriesAtOnce = 256

// QueueDeliveries puts events on their way, a few hundred in a transaction; only system scopes
// do. After an error some may be queued: the same call again queues the rest. An event that
// the webhook had already, and one for a webhook that is gone, are passed over. A zero Next
// is now. One whose subject waits already waits as long as that.
func (v *View) QueueDeliveries(ctx context.Context, ds []Delivery) error {
	if err := v.system(); err != nil {
		return err
	}
	for some := range slices.Chunk(ds, deliveriesAtOnce) {
		if err := v.r.write(ctx, func(t *tx) error { return v.r.queueDeliveries(ctx, t, some) }); err != nil {
			return fmt.Errorf("queue deliveries: %w", err)
		}
	}
	return nil
}

func (r *Registry) queueDeliveries(ctx context.Context, t *tx, ds []Delivery) error {
	stmt, err := t.prepare(ctx, `INSERT INTO deliveries (webhook, event_id, seq, subject, body_sealed, attempt, next, status, error, done, created, finished)
		SELECT w.id, ?, ?, ?, ?, 0, ?, 0, '', 0, ?, 0 FROM webhooks w WHERE w.id = ? ON CONFLICT (webhook, event_id) DO NOTHING`)
	if err != nil {
		return err
	}
	defer stmt.Close()
	last, err := t.prepare(ctx, lastOfSubject)
	if err != nil {
		return err
	}
	defer last.Close()
	for _, d := range ds {
		if d.Next.IsZero() {
			d.Next = t.now
		}
		if d.Next, err = afterSubject(ctx, last, d); err != nil {
			return err
		}
		sealed := seal(r.vault.data, d.Body, "delivery "+string(d.Webhook)+" "+d.EventID)
		if _, err := stmt.exec(ctx, d.EventID, int64(d.Seq), d.Subject, sealed, micros(d.Next), micros(t.now), string(d.Webhook)); err != nil {
			return err
		}
	}
	return nil
}

// DueWebhooks are the enabled webhooks that have a delivery whose time has come, the longest
// due first; only system scopes ask.
func (v *View) DueWebhooks(ctx context.Context, now time.Time) ([]g.WebhookID, error) {
	if err := v.system(); err != nil {
		return nil, err
	}
	out := []g.WebhookID{}
	q := `SELECT id FROM (SELECT w.id AS id, (SELECT MIN(d.next) FROM deliveries d WHERE d.webhook = w.id AND d.done = 0) AS due FROM webhooks w WHERE w.disabled = 0) hooks
		WHERE due <= ? ORDER BY due, id`
	err := each(ctx, v.r.reg, q, []any{micros(now)}, func(scan func(...any) error) error {
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

// DueDeliveries are a webhook's undone deliveries whose time has come, the longest due first,
// none while it is disabled; only system scopes ask.
func (v *View) DueDeliveries(ctx context.Context, id g.WebhookID, now time.Time, limit int) ([]Delivery, error) {
	if err := v.system(); err != nil {
		return nil, err
	}
	out := []Delivery{}
	q := "SELECT " + deliveryColumns + " FROM deliveries d JOIN webhooks w ON w.id = d.webhook WHERE d.webhook = ? AND d.done = 0 AND d.next <= ? AND w.disabled = 0 ORDER BY d.next, d.id LIMIT ?"
	err := each(ctx, v.r.reg, q, []any{string(id), micros(now), Page{Limit: limit}.limit()}, func(scan func(...any) error) error {
		d, err := v.r.scanDelivery(scan)
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read deliveries: %w", err)
	}
	return out, nil
}

// PostponeDeliveries has all that a webhook has to deliver wait until a time, however much it
// is; only system scopes do. What waits longer already stays as it is.
func (v *View) PostponeDeliveries(ctx context.Context, id g.WebhookID, until time.Time) error {
	if err := v.system(); err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, "UPDATE deliveries SET next = ? WHERE webhook = ? AND done = 0 AND next < ?", micros(until), string(id), micros(until)); err != nil {
			return fmt.Errorf("postpone deliveries: %w", err)
		}
		return nil
	})
}

// DeliveredSince says whether a delivery of the webhook succeeded at a time or after it; only
// system scopes ask.
func (v *View) DeliveredSince(ctx context.Context, id g.WebhookID, since time.Time) (bool, error) {
	if err := v.system(); err != nil {
		return false, err
	}
	found := false
	// The latest due first: where one succeeded it is among these.
	q := "SELECT d.id FROM deliveries d WHERE d.webhook = ? AND d.done = 1 AND d.error = '' AND d.finished >= ? ORDER BY d.next DESC LIMIT 1"
	err := each(ctx, v.r.reg, q, []any{string(id), micros(since)}, func(func(...any) error) error {
		found = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("find a delivery that succeeded: %w", err)
	}
	return found, nil
}

// SaveDelivery writes the outcome of an attempt; only system scopes do. Where it failed, what
// came later of the same subject waits with it.
func (v *View) SaveDelivery(ctx context.Context, d Delivery) error {
	if err := v.system(); err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, "UPDATE deliveries SET attempt = ?, next = ?, status = ?, error = ?, done = ?, finished = ? WHERE id = ?",
			d.Attempt, micros(d.Next), d.Status, clean(d.Error), flag(d.Done), micros(d.Finished), d.ID)
		if err != nil {
			return fmt.Errorf("write delivery: %w", err)
		}
		if n == 0 {
			return notFound("delivery", digits(d.ID))
		}
		if d.Done {
			return nil
		}
		return holdSubject(ctx, t, d)
	})
}

// Deliveries lists a webhook's deliveries, newest first.
func (v *View) Deliveries(ctx context.Context, id g.WebhookID, p Page) ([]Delivery, string, error) {
	in, err := v.reach(ctx, g.KeysAdmin)
	if err != nil {
		return nil, "", err
	}
	school, err := schoolOf(ctx, v.r.reg, "webhooks", "webhook", string(id))
	if err != nil {
		return nil, "", err
	}
	if err := in.owns(school, "webhook", string(id)); err != nil {
		return nil, "", err
	}
	var w where
	w.and("d.webhook = ?", string(id))
	if err := before(&w, p, "d.id"); err != nil {
		return nil, "", err
	}
	out := []Delivery{}
	err = each(ctx, v.r.reg, "SELECT "+deliveryColumns+" FROM deliveries d"+w.String()+" ORDER BY d.id DESC LIMIT ?", append(w.args, p.limit()+1), func(scan func(...any) error) error {
		d, err := v.r.scanDelivery(scan)
		out = append(out, d)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list deliveries: %w", err)
	}
	out, next := cut(out, p.limit(), func(d Delivery) string { return cursor(digits(d.ID)) })
	return out, next, nil
}

// Redeliver makes a delivery due now and its attempts begin anew. What waits of the same
// subject and came later is posted after it.
func (v *View) Redeliver(ctx context.Context, id int64) error {
	in, err := v.reach(ctx, g.KeysAdmin)
	if err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error {
		var school g.SchoolID
		var hook, subject string
		err := t.row(ctx, "SELECT w.school, w.id, d.subject FROM deliveries d JOIN webhooks w ON w.id = d.webhook WHERE d.id = ?", id).
			Scan(&school, &hook, &subject)
		if err != nil {
			return missing(err, "delivery", digits(id))
		}
		if err := in.owns(school, "delivery", digits(id)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE deliveries SET attempt = 0, next = ?, done = 0, finished = 0, error = '' WHERE id = ?", micros(t.now), id); err != nil {
			return fmt.Errorf("redeliver: %w", err)
		}
		if err := holdSubject(ctx, t, Delivery{ID: id, Webhook: g.WebhookID(hook), Subject: subject, Next: t.now}); err != nil {
			return err
		}
		t.change("webhook", school, hook)
		return v.audit(ctx, t, school, "webhook.redeliver", hook+" "+digits(id))
	})
}

// TrimDeliveries removes finished deliveries that were created before a time, and answers how
// many; only system scopes do.
func (v *View) TrimDeliveries(ctx context.Context, before time.Time) (n int64, err error) {
	if err := v.system(); err != nil {
		return 0, err
	}
	err = v.r.write(ctx, func(t *tx) error {
		n, err = t.exec(ctx, "DELETE FROM deliveries WHERE done = 1 AND created < ?", micros(before))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("trim deliveries: %w", err)
	}
	return n, nil
}
