// Package lapse follows the clock and the registry for the alerts: it ends acknowledgements whose
// time is up, takes alerts from people who may handle them no more, and hides what a shelf or
// maintenance window has begun to hide and brings it back at the end. What becomes of an alert
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
	covers chan struct{} // capacity 1: a shelf or window has changed
	moved  chan struct{} // capacity 1: a device is in another place
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
		covers:    make(chan struct{}, 1),
		moved:     make(chan struct{}, 1),
	}
}

// heard notes what is to be looked at because of a change.
func (k *Keeper) heard(c registry.Change) {
	var what chan struct{}
	switch {
	case c.Kind == change.User:
		what = k.users
	case c.Kind == change.Suppression:
		what = k.covers
	case c.Kind == change.Device && c.Touches("zone"), c.Kind == change.Zone:
		what = k.moved
	default:
		return
	}
	select {
	case what <- struct{}{}:
	default: // a look is due already
	}
}

// Run looks once a second, and at once when users, shelves, windows or places change, until ctx
// ends.
func (k *Keeper) Run(ctx context.Context) error {
	cancel := k.subscribe(k.heard)
	defer cancel()
	if !k.health.Insist(ctx, name, func() error { return all(ctx, k.view.Alerts.Upgrade) }) {
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	users, moved := true, true
	for {
		if !k.health.Insist(ctx, name, func() error { return k.look(ctx, users, moved) }) {
			return nil
		}
		users, moved = false, false
		select {
		case <-ctx.Done():
			return nil
		case <-k.users:
			users = true
		case <-k.moved:
			moved = true
		case <-k.covers:
		case <-tick.C:
		}
	}
}

// look does everything that is due.
func (k *Keeper) look(ctx context.Context, users, moved bool) error {
	now := k.now()
	if moved {
		if err := k.view.Alerts.DevicesMoved(ctx); err != nil {
			return err
		}
	}
	follow := func(ctx context.Context) (int, error) {
		return k.view.Alerts.FollowSuppressions(ctx, now)
	}
	if err := all(ctx, follow); err != nil {
		return err
	}
	lapse := func(ctx context.Context) (int, error) { return k.view.Alerts.LapseAcks(ctx, now) }
	if err := all(ctx, lapse); err != nil {
		return err
	}
	if !users && now.Sub(k.looked).Abs() < holdersTurn {
		return nil
	}
	if _, err := k.view.Alerts.ReleaseLost(ctx); err != nil {
		return err
	}
	if _, err := k.view.Alerts.ForgetSuppressions(ctx, now); err != nil {
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
