package api

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Bounds of delivering webhooks.
const (
	hookWorkers = 8                // webhooks that are posted to at a time, each by one delivery at a time
	hookBatch   = 100              // due deliveries of a webhook taken from the registry at a time
	hookTurn    = 10 * time.Second // after which no further delivery of a turn is begun
	hookTick    = 2 * time.Second
	hookTimeout = 15 * time.Second
	hookRest    = time.Minute         // how long a webhook is left alone after the registry failed
	hookKept    = 30 * 24 * time.Hour // how long finished deliveries are listed
	hookHeld    = 1000                // newer events of a subject that wait for a refused one; then it is given up
	hookFresh   = time.Minute         // how old what a maker may read can be: a maker's key ends with time alone
)

// hooks queues events for webhooks and delivers them. The queue is the registry's: what is
// queued survives a restart, and a delivery may happen twice but never not at all.
type hooks struct {
	s      *Server
	client *http.Client
	kick   chan struct{} // something is due; holds one

	mu     sync.Mutex
	doubts map[g.WebhookID]doubt // of those whose server has not answered lately
	loaded time.Time             // when all and parent were read; zero: they are to be read again
	all    []g.Webhook
	parent map[g.SchoolID]g.SchoolID
}

func newHooks(s *Server) *hooks {
	return &hooks{s: s, client: s.hookClient(), kick: make(chan struct{}, 1), doubts: map[g.WebhookID]doubt{}}
}

func (h *hooks) view() *registry.View { return h.s.reg.In(g.SystemScope("webhooks")) }

func (h *hooks) wake() {
	select {
	case h.kick <- struct{}{}:
	default: // a wake is waiting already
	}
}

// forget makes the next use read webhooks and schools again.
func (h *hooks) forget() {
	h.mu.Lock()
	h.loaded = time.Time{}
	h.mu.Unlock()
}

// load returns the webhooks and each school's parent, from memory where nothing changed.
func (h *hooks) load(ctx context.Context) ([]g.Webhook, map[g.SchoolID]g.SchoolID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.s.now()
	if age := now.Sub(h.loaded); age >= 0 && age < hookFresh {
		return h.all, h.parent, nil
	}
	h.loaded = now // before reading: a change while reading sets it back after the lock
	all, err := h.view().Webhooks(ctx, "")
	if err != nil {
		h.loaded = time.Time{}
		return nil, nil, err
	}
	schools, err := h.view().Schools(ctx)
	if err != nil {
		h.loaded = time.Time{}
		return nil, nil, err
	}
	h.all, h.parent = all, map[g.SchoolID]g.SchoolID{}
	for _, s := range schools {
		h.parent[s.ID] = s.Parent
	}
	return h.all, h.parent, nil
}

// queue writes a delivery for each event and each webhook that wants it.
func (h *hooks) queue(ctx context.Context, events []g.Event) error {
	all, parent, err := h.load(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	now := h.s.now()
	var ds []registry.Delivery
	for i := range events {
		e := &events[i]
		var body []byte
		for _, w := range all {
			if !wants(w, e, parent) {
				continue
			}
			if body == nil {
				if body, err = envelope(e); err != nil {
					return err
				}
			}
			ds = append(ds, registry.Delivery{
				Webhook: w.ID,
				EventID: e.ID,
				Seq:     e.Seq,
				Subject: orderedBy(e),
				Body:    body,
				Next:    now,
				Created: now,
			})
		}
	}
	if len(ds) == 0 {
		return nil
	}
	if err := h.view().QueueDeliveries(ctx, ds); err != nil {
		return err
	}
	h.wake()
	return nil
}

// wants says whether the webhook is for the event: of its school or one below, and of a kind
// that it asks for and its maker may read.
func wants(w g.Webhook, e *g.Event, parent map[g.SchoolID]g.SchoolID) bool {
	if w.Disabled || !slices.Contains(w.Effective, e.Kind) {
		return false
	}
	for s, depth := e.School, 0; s != "" && depth < 16; s, depth = parent[s], depth+1 {
		if s == w.School {
			return true
		}
	}
	return false
}

// forbidden says whether a body that was queued holds an event of a kind that the webhook's
// maker may no longer read.
func forbidden(w g.Webhook, body []byte) bool {
	var e struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return true
	}
	kind, _ := strings.CutPrefix(e.Type, "school.gatehouse.")
	return kind != "test" && !slices.Contains(w.Effective, g.EventKind(kind))
}

// test queues a test event.
func (h *hooks) test(ctx context.Context, w g.Webhook, id string) error {
	now := h.s.now()
	body, err := json.Marshal(cloudEvent{SpecVersion: "1.0", ID: id, Source: source(w.School), Type: "school.gatehouse.test", Time: now,
		ContentType: "application/json", Data: map[string]string{"message": "this is a test of the webhook " + string(w.ID)}})
	if err != nil {
		return err
	}
	if err := h.view().QueueDeliveries(ctx, []registry.Delivery{{Webhook: w.ID, EventID: id, Body: body, Next: now, Created: now}}); err != nil {
		return err
	}
	h.wake()
	return nil
}

// turn is a webhook's turn that ended.
type turn struct {
	id  g.WebhookID
	err error // of this side
}

// run delivers until ctx ends, and returns when every worker has.
func (h *hooks) run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	done := make(chan turn, hookWorkers)
	turns := newTurns()
	tick := time.NewTicker(hookTick)
	defer tick.Stop()
	var trimmed time.Time
	for {
		if now := h.s.now(); now.Sub(trimmed) > time.Hour {
			trimmed = now
			clear(turns.last) // of webhooks that are gone, too
			if _, err := h.view().TrimDeliveries(ctx, now.Add(-hookKept)); err != nil && ctx.Err() == nil {
				h.s.log.WarnContext(ctx, "old webhook deliveries cannot be removed", "error", err)
			}
		}
		due, err := h.view().DueWebhooks(ctx, h.s.now())
		if err != nil && ctx.Err() == nil {
			h.s.log.WarnContext(ctx, "webhook queue cannot be read", "error", err)
		}
		for _, id := range turns.begin(due, h.s.now()) {
			wg.Go(func() {
				err := h.deliver(ctx, id)
				done <- turn{id, err} // never blocks: at most hookWorkers are busy
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case t := <-done:
			turns.end(t, h.s.now())
			if t.err != nil && ctx.Err() == nil {
				h.s.log.WarnContext(ctx, "webhook rests", "webhook", t.id, "for", hookRest, "error", t.err)
			}
		case <-h.kick:
		case <-tick.C:
		}
	}
}

// turns says which webhooks are posted to. It belongs to one goroutine.
type turns struct {
	busy map[g.WebhookID]bool
	rest map[g.WebhookID]time.Time // until when it is left alone
	last map[g.WebhookID]int       // the number of its last turn
	n    int
}

func newTurns() *turns {
	return &turns{busy: map[g.WebhookID]bool{}, rest: map[g.WebhookID]time.Time{}, last: map[g.WebhookID]int{}}
}

// begin picks those of the due webhooks that there is a worker for: the one whose last turn is
// the longest ago first, so that those with much to deliver to slow servers pass the workers
// on, and among those without one the longest due.
func (t *turns) begin(due []g.WebhookID, now time.Time) (picked []g.WebhookID) {
	maps.DeleteFunc(t.rest, func(_ g.WebhookID, until time.Time) bool { return !now.Before(until) })
	due = slices.Clone(due)
	slices.SortStableFunc(due, func(a, b g.WebhookID) int { return cmp.Compare(t.last[a], t.last[b]) })
	for _, id := range due {
		if _, rests := t.rest[id]; rests || t.busy[id] || len(t.busy) == hookWorkers {
			continue
		}
		t.n++
		t.busy[id], t.last[id] = true, t.n
		picked = append(picked, id)
	}
	return picked
}

// end frees the worker. A webhook whose outcome could not be saved would be posted the same
// again at once, so it rests.
func (t *turns) end(done turn, now time.Time) {
	delete(t.busy, done.id)
	if done.err != nil {
		t.rest[done.id] = now.Add(hookRest)
	}
}
