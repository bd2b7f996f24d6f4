package notify

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
)

// probe is how long a webhook waits after a failure that may be the event's or the server's,
// before an event of another subject is sent to find out.
const probe = 5 * time.Second

// doubt is what is known of a webhook's server since it last answered: nothing for sure, or,
// once events of two subjects went without an answer, that it is away. It lives in memory; after a
// restart the next failures tell the same.
type doubt struct {
	subject string    // whose event failed first
	until   time.Time // when that is sent again
	away    bool      // an event of another subject failed as well
}

// doubtKey groups deliveries by subject; one without a subject is a group of its own.
func doubtKey(d hooks.Delivery) string {
	if d.Subject == "" {
		return "event/" + d.EventID
	}
	return d.Subject
}

// answered clears the doubt about a webhook's server.
func (q *Queue) answered(id g.WebhookID) {
	q.mu.Lock()
	delete(q.doubts, id)
	q.mu.Unlock()
}

// hold postpones the rest of a webhook after a failure that may be, or is, its server's.
func (q *Queue) hold(ctx context.Context, d hooks.Delivery, out Outcome) error {
	until := d.Next
	if out.Fault == Unclear {
		until = q.restFor(d)
	}
	return q.view.Hooks.PostponeDeliveries(ctx, d.Webhook, until)
}

// restFor is how long all of a webhook waits after a delivery failed without an answer. The first
// such failure costs the others a few seconds: then one of another subject is sent. If that
// fails too, the server is away, and all wait as long as the first.
func (q *Queue) restFor(d hooks.Delivery) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, key := q.now(), doubtKey(d)
	in, ok := q.doubts[d.Webhook]
	switch {
	case ok && in.away && now.Before(in.until): // an event that came meanwhile
		return in.until
	case ok && !in.away && in.subject != key:
		in.away = true
		if d.Next.After(in.until) {
			in.until = d.Next
		}
		q.doubts[d.Webhook] = in
		return in.until
	}
	q.doubts[d.Webhook] = doubt{
		subject: key,
		until:   d.Next,
	}
	return now.Add(probe)
}

// probeFirst moves a delivery of another subject to the front while it is in doubt whether the
// server or the event fails: the first of its subject, and the least tried of those.
func (q *Queue) probeFirst(id g.WebhookID, due []hooks.Delivery) []hooks.Delivery {
	q.mu.Lock()
	in, ok := q.doubts[id]
	q.mu.Unlock()
	if !ok || in.away {
		return due
	}
	best, seen := -1, map[string]bool{in.subject: true}
	for i, d := range due {
		key := doubtKey(d)
		if seen[key] {
			continue // of each subject only the first may be sent
		}
		seen[key] = true
		if best < 0 || d.Attempt < due[best].Attempt {
			best = i
		}
	}
	if best <= 0 {
		return due
	}
	out := append([]hooks.Delivery{due[best]}, due[:best]...)
	return slices.Concat(out, due[best+1:])
}
