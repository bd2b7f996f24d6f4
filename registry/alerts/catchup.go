package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// maxTurns is more than the shelves and windows that follow each other over one alert between two
// looks.
const maxTurns = 100

// catchUp brings an alert to what it is at a time, before news of that time is merged: what hid it
// may have ended or been changed, or something else begun. It goes from one of these to the next,
// so that it makes no difference whether the registry has looked meanwhile.
func (v View) catchUp(
	ctx context.Context, t *store.Tx, seq uint64, a g.Alert, all covers, to time.Time,
) (g.Alert, error) {
	var from time.Time
	for range maxTurns {
		l := &life{
			Alert: a,
			now:   store.Moment(store.Micros(t.Now)),
		}
		from = l.notBefore(from)
		at := l.next(all, from, l.notBefore(to))
		if l.cover(all, at) {
			l.settle()
			if err := v.r.saveLife(ctx, t, seq, l); err != nil {
				return a, err
			}
			a = l.Alert
			a.Version++
		}
		if !at.Before(to) || !a.Unresolved() {
			return a, nil
		}
		from = at
	}
	return a, nil
}

// next is the first time after from at which something hides the alert, or what hides it ends or is
// changed; at the latest to.
func (l *life) next(all covers, from, to time.Time) time.Time {
	at := to
	sooner := func(x time.Time) {
		if x.After(from) && x.Before(at) {
			at = x
		}
	}
	if l.Hidden.Suppression == "" {
		if h, hides := all.hiding(l.Alert, to); hides {
			sooner(h.Since)
		}
		return at
	}
	sooner(l.Hidden.Until)
	for _, c := range all.all {
		if c.ID != l.Hidden.Suppression {
			continue
		}
		for _, version := range c.versions() {
			sooner(version.Changed)
		}
	}
	return at
}
