package notify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
)

// pauses are the waits after each failed attempt: about three days in all.
func pauses() []time.Duration {
	return []time.Duration{
		5 * time.Second,
		5 * time.Minute,
		30 * time.Minute,
		2 * time.Hour,
		5 * time.Hour,
		10 * time.Hour,
		14 * time.Hour,
		20 * time.Hour,
		24 * time.Hour,
	}
}

// serve sends what is due to one webhook in turn. While the server is away everything for it waits,
// which costs two attempts and not hundreds: an event may fail for its own sake, so one of another
// subject has to fail as well (see doubt). When a healthy server refuses an event, the later ones
// of its subject wait, since they come in order, and the next one of another subject is sent. An
// error is this side's: what is due stays due.
func (q *Queue) serve(ctx context.Context, id g.WebhookID) error {
	w, secrets, err := q.targets.find(ctx, id)
	if err != nil {
		return fmt.Errorf("read webhook: %w", err)
	}
	if w.ID == "" || w.Disabled {
		return nil // deleted, or what is queued waits until it is enabled again
	}
	due, err := q.view.Hooks.DueDeliveries(ctx, id, q.now(), batch)
	if err != nil {
		return err
	}
	began := q.now()
	held := map[string]bool{} // subjects of which one failed in this turn
	for i, d := range q.probeFirst(id, due) {
		if held[d.Subject] {
			continue // its time was set back with that of the one that failed
		}
		if i > 0 && q.now().Sub(began) >= turnLimit {
			return nil // the rest stays due
		}
		if q.forbidden(w, d.Body) {
			if err := q.withhold(ctx, d); err != nil {
				return err
			}
			continue
		}
		d, more, err := q.one(ctx, &w, secrets, d)
		if err != nil {
			return err
		}
		if !more || ctx.Err() != nil {
			return nil
		}
		held[d.Subject] = d.Subject != "" && !d.Done
	}
	return nil
}

// forbidden says whether a body that was queued holds an event of a kind that the webhook's
// maker may no longer read.
func (q *Queue) forbidden(w g.Webhook, body []byte) bool {
	kind, ok := q.channel.Kind(body)
	return !ok || kind != "" && !slices.Contains(w.Effective, kind)
}

// withhold finishes a delivery without sending it.
func (q *Queue) withhold(ctx context.Context, d hooks.Delivery) error {
	d.Done, d.Finished = true, q.now()
	d.Error = "not sent: who made the webhook may not read this any more"
	if err := q.view.Hooks.SaveDelivery(ctx, d); err != nil {
		return fmt.Errorf("save webhook delivery: %w", err)
	}
	return nil
}

// one tries one delivery and saves what came of it; more says whether the next may be sent now.
func (q *Queue) one(
	ctx context.Context,
	w *g.Webhook,
	secrets []string,
	d hooks.Delivery,
) (_ hooks.Delivery, more bool, err error) {
	d, out := q.attempt(ctx, *w, secrets, d)
	if ctx.Err() != nil && out.Err != nil {
		return d, false, nil // stopping is no failure of the other side
	}
	if d, err = q.crowded(ctx, d, out); err != nil {
		return d, false, fmt.Errorf("count what waits: %w", err)
	}
	if more, err = q.settle(ctx, w, d, out); err != nil {
		return d, false, fmt.Errorf("save webhook delivery: %w", err)
	}
	return d, more, nil
}

// attempt sends once and returns the delivery with its outcome.
func (q *Queue) attempt(
	ctx context.Context,
	w g.Webhook,
	secrets []string,
	d hooks.Delivery,
) (hooks.Delivery, Outcome) {
	d.Attempt++
	out := q.channel.Send(ctx, Message{
		ID:      d.EventID,
		Subject: d.Subject,
		Seq:     d.Seq,
		To:      w.URL,
		Secrets: secrets,
		Body:    d.Body,
		Now:     q.now(),
	})
	d.Status = out.Status
	now := q.now()
	if out.Err == nil {
		d.Done = true
		d.Finished = now
		d.Error = ""
		return d, out
	}
	d.Error = out.Err.Error()
	steps := pauses()
	if out.Fault == Gone || d.Attempt > len(steps) {
		d.Done, d.Finished = true, now
		return d, out
	}
	pause := steps[d.Attempt-1]
	pause += time.Duration(rand.Int64N(int64(pause)/5+1)) - pause/10
	d.Next = now.Add(max(pause, out.Pause))
	return d, out
}

// crowded gives a refused delivery up, before its attempts are used up, where too many of its
// subject wait for it: what is newer matters more, and the list of deliveries says so.
func (q *Queue) crowded(
	ctx context.Context, d hooks.Delivery, out Outcome,
) (hooks.Delivery, error) {
	if d.Done || out.Fault != Refused {
		return d, nil
	}
	full, err := q.view.Hooks.WaitingAfter(ctx, d, mostBehind)
	if err == nil && full {
		d.Done, d.Finished = true, q.now()
		d.Error = fmt.Sprintf("given up, since %d newer events of %s waited for it: %s",
			mostBehind, d.Subject, d.Error)
	}
	return d, err
}

// settle saves the outcome of an attempt and what follows from it; more says whether the next
// delivery may be sent now.
func (q *Queue) settle(
	ctx context.Context, w *g.Webhook, d hooks.Delivery, out Outcome,
) (more bool, err error) {
	over, err := q.over(ctx, d, out)
	if err == nil && over {
		err = q.disable(ctx, w, d, out)
	}
	if err == nil {
		err = q.view.Hooks.SaveDelivery(ctx, d)
	}
	away := out.Err != nil && (out.Fault == Unclear || out.Fault == Away)
	if !away {
		q.answered(d.Webhook)
	}
	if err == nil && away && !d.Done {
		err = q.hold(ctx, d, out)
	}
	return err == nil && !over && !away, err
}

// over says whether the webhook is to be disabled: its server wants nothing more, or this delivery
// is given up and none succeeded since it was first tried. That time is not stored: it is taken as
// four days ago, or as when the delivery was queued, whichever is later.
func (q *Queue) over(ctx context.Context, d hooks.Delivery, out Outcome) (bool, error) {
	if out.Err == nil {
		return false, nil
	}
	if out.Fault == Gone {
		return true, nil
	}
	if !d.Done || d.Attempt <= len(pauses()) {
		return false, nil
	}
	since := q.now().Add(-4 * 24 * time.Hour)
	if d.Created.After(since) {
		since = d.Created
	}
	delivered, err := q.view.Hooks.DeliveredSince(ctx, d.Webhook, since)
	return err == nil && !delivered, err
}

// disable stops a webhook and says why.
func (q *Queue) disable(ctx context.Context, w *g.Webhook, d hooks.Delivery, out Outcome) error {
	w.Disabled = true
	w.Reason = "no delivery succeeded in three days: " + d.Error
	if out.Fault == Gone {
		w.Reason = d.Error
	}
	if err := q.view.Hooks.Update(ctx, *w); err != nil {
		return fmt.Errorf("disable webhook: %w", err)
	}
	q.log.WarnContext(
		ctx,
		"webhook disabled",
		"webhook",
		w.ID,
		"reason",
		w.Reason,
	)
	q.targets.forget()
	return nil
}
