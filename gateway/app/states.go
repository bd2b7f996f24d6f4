package app

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/outbox"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/states"
)

// keeper makes the keeper of silent and flapping devices.
func keeper(in given, s *stores, x *ingest, r *readers) *states.Keeper {
	return &states.Keeper{
		View:      s.reg.In(g.SystemScope("keeping")),
		Watch:     x.flapping,
		Limits:    flapping.Limits(in.cfg.Flapping),
		Directory: x.directory,
		Intake:    x.intake,
		Twins:     r.twins,
		Alerts:    devices(s.reg),
		Health:    r.health,
		Now:       in.now,
		Logger:    in.log,
	}
}

// pump turns the registry's outbox (changed alerts, incidents, attendance) into events.
func pump(in given, s *stores, x *ingest, r *readers) *outbox.Pump {
	return &outbox.Pump{
		View:    s.reg.In(g.SystemScope("outbox")),
		Ready:   s.reg.OutboxReady(),
		Journal: s.journal,
		Health:  r.health,
		Silent:  x.flapping.Note,
		Now:     in.now,
		Pause:   in.opt.Pause,
		Logger:  in.log,
	}
}
