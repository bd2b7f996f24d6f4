package notify

import (
	"context"
	"log/slog"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
)

// Bounds of the queue. What waits is on disk: a target that takes nothing for three days is
// disabled, and nothing more is queued for it.
const (
	// targets that are sent to at a time, each by one message at a time
	workers   = 8
	batch     = 100              // due deliveries of a target taken from the registry at a time
	turnLimit = 10 * time.Second // after which no further delivery of a turn is begun
	tick      = 2 * time.Second
	restLimit = time.Minute         // how long a target is left alone after the registry failed
	kept      = 30 * 24 * time.Hour // how long finished deliveries are listed
	// newer messages of a subject that may wait for a refused one; beyond that it is given up
	mostBehind = 1000
)

// Queue sends events to the webhooks that want them. Make one with New, and run Run.
type Queue struct {
	view    *registry.View
	channel Channel
	now     func() time.Time
	log     *slog.Logger
	targets *targets
	kick    chan struct{} // something is due; holds one
	unsub   func()

	mu     sync.Mutex
	doubts map[g.WebhookID]doubt // of those whose server has not answered lately
}

// New makes the queue of a channel. It follows the registry's changes until Run ends.
func New(reg *registry.Registry, c Channel, now func() time.Time, log *slog.Logger) *Queue {
	view := reg.In(g.SystemScope("webhooks"))
	q := &Queue{
		view:    view,
		channel: c,
		now:     now,
		log:     log,
		targets: &targets{
			view: view,
			now:  now,
		},
		kick:   make(chan struct{}, 1),
		doubts: map[g.WebhookID]doubt{},
	}
	q.unsub = reg.Subscribe(func(c registry.Change) {
		if leadsElsewhere(c) {
			q.targets.forget()
		}
	})
	return q
}

// leadsElsewhere says whether a change may alter which webhooks get an event, or a webhook's
// address or secret.
func leadsElsewhere(c registry.Change) bool {
	switch c.Kind {
	case change.School:
		return c.Touches("parent")
	case change.Webhook:
		return c.Touches(
			"url",
			"kinds",
			"disabled",
			"maker",
			"secret",
		)
	case change.User:
		return c.Touches("role", "disabled")
	case change.Key:
		return c.Touches("revoked", "maker")
	}
	return false
}

// Wake makes the queue look what is due, after something was sent again by hand. It does not block.
func (q *Queue) Wake() {
	select {
	case q.kick <- struct{}{}:
	default: // a wake is waiting already
	}
}

// Deliver queues events for the webhooks that want them. It returns once they are on disk; the
// same events again are queued once.
func (q *Queue) Deliver(ctx context.Context, events []g.Event) error {
	all, parent, err := q.targets.load(ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	now := q.now()
	var ds []hooks.Delivery
	for i := range events {
		e := &events[i]
		var body []byte
		for _, w := range all {
			if !wants(w, e, parent) {
				continue
			}
			if body == nil {
				if body, err = q.channel.Write(e); err != nil {
					return err
				}
			}
			ds = append(ds, hooks.Delivery{
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
	return q.add(ctx, ds)
}

// Try queues a message that says that it is a test, under an id that the list of deliveries
// shows.
func (q *Queue) Try(ctx context.Context, w g.Webhook, id string) error {
	now := q.now()
	body, err := q.channel.Trial(w, id, now)
	if err != nil {
		return err
	}
	return q.add(ctx, []hooks.Delivery{{
		Webhook: w.ID,
		EventID: id,
		Body:    body,
		Next:    now,
		Created: now,
	}})
}

func (q *Queue) add(ctx context.Context, ds []hooks.Delivery) error {
	if len(ds) == 0 {
		return nil
	}
	if err := q.view.Hooks.QueueDeliveries(ctx, ds); err != nil {
		return err
	}
	q.Wake()
	return nil
}
