package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Raise stores an alert in the caller's transaction, with its event.
func Raise(ctx context.Context, v View, t *store.Tx, a g.Alert) error {
	return v.applyAlert(ctx, t, 0, a)
}

// End resolves an alert in the caller's transaction, because what it reports is over. An alert that
// is no longer kept is passed over.
func End(
	ctx context.Context, v View, t *store.Tx, id g.AlertID, by g.UserID, name string,
) error {
	a, seq, err := v.r.alert(ctx, t, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	l := &life{
		Alert: a,
		who:   g.User{ID: by, FullName: name},
		now:   store.Moment(store.Micros(t.Now)),
	}
	if l.Firing {
		l.Firing, l.Ended = false, l.now
		l.note(Entry{What: HasEnded})
	}
	if l.Unresolved() {
		l.Resolver, l.ResolverName = by, name
		l.Resolved, l.AckUntil = l.now, time.Time{}
		l.restate()
		l.note(Entry{What: WasResolved})
	}
	return v.r.saveLife(ctx, t, seq, l)
}
