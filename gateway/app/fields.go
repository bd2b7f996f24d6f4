package app

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
)

// How often what devices send that no profile knows is written, and how much in one go: a
// thousand sensors that send a field too many are no load on the registry.
const (
	fieldsEvery = 10 * time.Second
	fieldsTurn  = 500
)

// keepFields writes the counts of unknown fields. A crash forgets those of the last seconds.
func (a *App) keepFields(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("fields"))
	for follow.Rest(ctx, fieldsEvery) {
		rows := a.intake.Fields.Take(fieldsTurn)
		if len(rows) == 0 {
			continue
		}
		if err := view.Fleet.CountFields(ctx, rows); err != nil {
			a.intake.Fields.Untake(rows)
			if ctx.Err() == nil {
				a.log.Warn("the counts of unknown fields were not written; it is tried again",
					"error", err)
			}
		}
	}
	return nil
}
