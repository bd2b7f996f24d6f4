package alerts

import (
	"context"

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
	a.Firing = false
	if a.State == g.AlertOpen || a.State == g.AlertAcknowledged {
		a.State = g.AlertResolved
		a.Resolver, a.ResolverName = by, name
		a.Resolved = store.Moment(store.Micros(t.Now))
	}
	return v.r.saveAlert(ctx, t, seq, a, false)
}
