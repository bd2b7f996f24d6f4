package notify

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Run delivers until ctx ends, and returns when every worker has.
func (q *Queue) Run(ctx context.Context) error {
	defer q.unsub()
	var wg sync.WaitGroup
	defer wg.Wait()
	done := make(chan turn, workers)
	turns := newTurns()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var trimmed time.Time
	for {
		if now := q.now(); now.Sub(trimmed) > time.Hour {
			trimmed = now
			clear(turns.last) // of webhooks that are gone, too
			q.trim(ctx, now)
		}
		due, err := q.view.Hooks.Due(ctx, q.now())
		if err != nil && ctx.Err() == nil {
			q.log.WarnContext(ctx, "webhook queue cannot be read", "error", err)
		}
		for _, id := range turns.begin(due, q.now()) {
			wg.Go(func() {
				err := q.serve(ctx, id)
				done <- turn{id, err} // never blocks: at most as many as workers are busy
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case t := <-done:
			turns.end(t, q.now())
			if t.err != nil && ctx.Err() == nil {
				q.log.WarnContext(ctx, "webhook rests", "webhook", t.id, "for", restLimit, "error",
					t.err)
			}
		case <-q.kick:
		case <-ticker.C:
		}
	}
}

func (q *Queue) trim(ctx context.Context, now time.Time) {
	if _, err := q.view.Hooks.TrimDeliveries(ctx, now.Add(-kept)); err != nil && ctx.Err() == nil {
		q.log.WarnContext(ctx, "old webhook deliveries cannot be removed", "error", err)
	}
}

// turn is a webhook's turn that ended.
type turn struct {
	id  g.WebhookID
	err error // of this side
}

// turns assigns due webhooks to workers. It belongs to one goroutine.
type turns struct {
	busy map[g.WebhookID]bool
	rest map[g.WebhookID]time.Time // until when it is left alone
	last map[g.WebhookID]int       // the number of its last turn
	n    int
}

func newTurns() *turns {
	return &turns{
		busy: map[g.WebhookID]bool{},
		rest: map[g.WebhookID]time.Time{},
		last: map[g.WebhookID]int{},
	}
}

// begin picks due webhooks for the free workers. The one whose last turn is longest ago comes
// first, so that webhooks with much to deliver to slow servers do not keep the workers; among those
// that had no turn yet, the one that is due longest.
func (t *turns) begin(due []g.WebhookID, now time.Time) (picked []g.WebhookID) {
	maps.DeleteFunc(t.rest, func(_ g.WebhookID, until time.Time) bool { return !now.Before(until) })
	due = slices.Clone(due)
	slices.SortStableFunc(due, func(a, b g.WebhookID) int {
		return cmp.Compare(t.last[a], t.last[b])
	})
	for _, id := range due {
		if _, rests := t.rest[id]; rests || t.busy[id] || len(t.busy) == workers {
			continue
		}
		t.n++
		t.busy[id], t.last[id] = true, t.n
		picked = append(picked, id)
	}
	return picked
}

// end frees the worker. A webhook whose outcome could not be saved would be sent the same
// again at once, so it rests.
func (t *turns) end(done turn, now time.Time) {
	delete(t.busy, done.id)
	if done.err != nil {
		t.rest[done.id] = now.Add(restLimit)
	}
}
