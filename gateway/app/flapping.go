package app

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/states"
)

// takeUpFlapping runs at the start: devices that flapped when the gateway stopped count as flapping
// until they have been stable.
func (a *App) takeUpFlapping(ctx context.Context) error {
	left, err := a.reg.In(g.SystemScope("flapping")).Fleet.FlappingDevices(ctx)
	if err != nil {
		return err
	}
	for _, d := range left {
		a.flapping.Adopt(d.ID, a.now())
	}
	return nil
}

// keeper makes the keeper of silent and flapping devices.
func (a *App) keeper() *states.Keeper {
	return &states.Keeper{
		View:      a.reg.In(g.SystemScope("keeping")),
		Watch:     a.flapping,
		Limits:    flapping.Limits(a.cfg.Flapping),
		Directory: a.directory,
		Intake:    a.intake,
		Twins:     a.twins,
		Alerts:    devices(a.reg),
		Health:    a.health,
		Now:       a.now,
		Logger:    a.log,
	}
}
