// Package lapse follows the clock and the registry for the alerts: it ends acknowledgements whose
// time is up, and takes alerts from people who may handle them no more. What becomes of an alert
// then is the registry's to say. It refuses to tell anybody; the alert's event does.
package lapse

import (
	"context"
	"time"

	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

const (
	name        = "alerts" // on the status page
	every       = time.Second
	holdersTurn = time.Minute // between looks at who holds alerts, besides changes of users
)

// Keeper ends what was given an end.
type Keeper struct {
	view      *registry.View
	subscribe func(func(registry.Change)) (cancel func())
	health    *follow.Health
	now       func() time.Time

	users  chan struct{} // capacity 1: users have changed
	looked time.Time     // when holders were last looked at; zero: not yet
}

// New makes a Keeper, whose Run does the work.
func New(
	view *registry.View, subscribe func(func(registry.Change)) (cancel func()),
	health *follow.Health, now func() time.Time,
) *Keeper {
	return &Keeper{
		view:      view,
		subscribe: subscribe,
		health:    health,
		now:       now,
		users:     make(chan struct{}, 1),
	}
}

// Run looks once a second, and at once when users change, until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	cancel := k.subscribe(func(c registry.Change) {
		if c.Kind != change.User {
			return
		}
		select {
		case k.users <- struct{}{}:
		default: // a look is due already
		}
	})
	defer cancel()
	if !k.health.Insist(ctx, name, func() error { return all(ctx, k.view.Alerts.Upgrade) }) {
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	changed := true
	for {
		if !k.health.Insist(ctx, name, func() error { return k.look(ctx, changed) }) {
			return nil
		}
		changed = false
		select {
		case <-ctx.Done():
			return nil
		case <-k.users:
			changed = true
		case <-tick.C:
		}
	}
}

// look does everything that is due.
func (k *Keeper) look(ctx context.Context, changed bool) error {
	now := k.now()
	lapse := func(ctx context.Context) (int, error) { return k.view.Alerts.LapseAcks(ctx, now) }
	if err := all(ctx, lapse); err != nil {
		return err
	}
	if !changed && now.Sub(k.looked).Abs() < holdersTurn {
		return nil
	}
	if _, err := k.view.Alerts.ReleaseLost(ctx); err != nil {
		return err
	}
	k.looked = now
	return nil
}

// all repeats a turn, each of which does a bounded part, until there is nothing left.
func all(ctx context.Context, turn func(context.Context) (int, error)) error {
	for {
		n, err := turn(ctx)
		if err != nil || n == 0 {
			return err
		}
	}
}
