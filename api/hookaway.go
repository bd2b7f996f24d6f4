package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// hookProbe is how long a webhook waits after a failure that may be the event's or the server's,
// before an event of another subject is posted to find out.
const hookProbe = 5 * time.Second

// doubt is what is known of a webhook's server since it last answered: nothing for sure, or,
// once events of two subjects went without an answer, that it is away. It lives in memory; after a
// restart the next failures tell the same.
type doubt struct {
	subject string    // whose event failed first
	until   time.Time // when that is posted again
	away    bool      // an event of another subject failed as well
}

// doubtKey is what a delivery is held apart by; one without a subject stands for itself.
func doubtKey(d registry.Delivery) string {
	if d.Subject == "" {
		return "event/" + d.EventID
	}
	return d.Subject
}

// unclear says whether a failure may lie with the event alone: there was no answer, or one of a
// server that broke down over it. Where it asks for a pause, or says that it is overloaded, it
// speaks of itself.
func unclear(d registry.Delivery, asked time.Duration) bool {
	switch d.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return false
	}
	return away(d.Status) && asked == 0
}

// answered forgets what was held against a webhook's server.
func (h *hooks) answered(id g.WebhookID) {
	h.mu.Lock()
	delete(h.doubts, id)
	h.mu.Unlock()
}

// restFor is how long all of a webhook waits after a delivery failed without an answer. The first
// such failure costs the others a few seconds: then one of another subject is posted. If that
// fails too, the server is away, and all wait as long as the first.
func (h *hooks) restFor(d registry.Delivery) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, key := h.s.now(), doubtKey(d)
	in, ok := h.doubts[d.Webhook]
	switch {
	case ok && in.away && now.Before(in.until): // an event that came meanwhile
		return in.until
	case ok && !in.away && in.subject != key:
		in.away = true
		if d.Next.After(in.until) {
			in.until = d.Next
		}
		h.doubts[d.Webhook] = in
		return in.until
	}
	h.doubts[d.Webhook] = doubt{subject: key, until: d.Next}
	return now.Add(hookProbe)
}

// probeFirst puts that delivery first whose outcome tells most, where it is in doubt whether the
// server or the event fails: one of another subject, and the least tried of them.
func (h *hooks) probeFirst(id g.WebhookID, due []registry.Delivery) []registry.Delivery {
	h.mu.Lock()
	in, ok := h.doubts[id]
	h.mu.Unlock()
	if !ok || in.away {
		return due
	}
	best, seen := -1, map[string]bool{in.subject: true}
	for i, d := range due {
		key := doubtKey(d)
		if seen[key] {
			continue // of each subject only the first may be posted
		}
		seen[key] = true
		if best < 0 || d.Attempt < due[best].Attempt {
			best = i
		}
	}
	if best <= 0 {
		return due
	}
	out := append([]registry.Delivery{due[best]}, due[:best]...)
	return slices.Concat(out, due[best+1:])
}

// hold has the rest of a webhook wait after a failure that may be, or is, its server's.
func (h *hooks) hold(ctx context.Context, d registry.Delivery, asked time.Duration) error {
	until := d.Next
	if unclear(d, asked) {
		until = h.restFor(d)
	}
	return h.view().PostponeDeliveries(ctx, d.Webhook, until)
}
