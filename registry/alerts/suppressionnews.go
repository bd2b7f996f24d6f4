package alerts

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// deedOn is what somebody did to a suppression by writing it as it is now.
func deedOn(s g.Suppression, holds bool) g.SuppressionDeed {
	switch {
	case !s.Ended.IsZero():
		return g.SuppressionEnded
	case s.Version > 1:
		return g.SuppressionEdited
	case holds:
		return g.SuppressionBegan
	}
	return g.SuppressionPlanned
}

// tellSuppression queues the event that something became of a suppression, so that all screens and
// programs know. at makes the event one of its own where the version is the same.
func (r *Book) tellSuppression(
	ctx context.Context, t *store.Tx, s g.Suppression, deed g.SuppressionDeed, at string,
) error {
	by, name := s.By, s.ByName
	if !s.Ended.IsZero() {
		by, name = s.Ender, s.EnderName
	}
	return r.s.Send(ctx, t, g.Event{
		ID:       fmt.Sprintf("evt_%s_%d%s", s.ID, s.Version, at),
		Kind:     g.EventSuppression,
		School:   s.School,
		Time:     t.Now.UTC(),
		Received: t.Now.UTC(),
		Suppression: &g.SuppressionChange{
			Suppression: s.ID,
			Kind:        s.Kind,
			Deed:        deed,
			Reason:      s.Reason,
			From:        s.From,
			Until:       s.End(),
			Alert:       s.Alert,
			By:          by,
			ByName:      name,
			Version:     s.Version,
		},
	})
}

// tellTurn queues the event that a suppression has begun or ended by the clock since it was last
// looked at.
func (r *Book) tellTurn(ctx context.Context, t *store.Tx, c cover, looked int64) error {
	_, _, held := c.span(store.Moment(looked))
	_, _, holds := c.span(store.Moment(store.Micros(t.Now)))
	if held == holds {
		return nil
	}
	deed := g.SuppressionEnded
	if holds {
		deed = g.SuppressionBegan
	}
	return r.tellSuppression(ctx, t, c.Suppression, deed, "_"+store.Digits(store.Micros(t.Now)))
}
