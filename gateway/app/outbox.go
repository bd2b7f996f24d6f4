package app

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/outbox"
)

// pumpOutbox turns the registry's outbox (changed alerts, incidents, attendance) into events.
func (a *App) pumpOutbox(ctx context.Context) error {
	p := outbox.Pump{
		View:    a.reg.In(g.SystemScope("outbox")),
		Ready:   a.reg.OutboxReady(),
		Journal: a.journal,
		Health:  a.health,
		Silent:  a.flapping.Note,
		Now:     a.now,
		Pause:   a.opt.Pause,
		Logger:  a.log,
	}
	return p.Run(ctx)
}
