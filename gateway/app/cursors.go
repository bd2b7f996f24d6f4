package app

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/outbox"
)

const staleEvery = 5 * time.Second // how often silent devices are looked for

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

// keepHouse marks silent devices, and drops unknown faces that waited too long for the rules.
func (a *App) keepHouse(ctx context.Context) error {
	view := a.reg.In(g.SystemScope("keeping"))
	tick := time.NewTicker(staleEvery)
	defer tick.Stop()
	for {
		a.twins.MarkSilent(ctx, view)
		a.intake.Strangers.Expire(a.now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
