package app

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/faces"
	"github.com/gatehouse-iot/gatehouse/gateway/fleet"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/flapping"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/identify"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/levels"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/pace"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/states"
	"github.com/gatehouse-iot/gatehouse/gateway/live"
	"github.com/gatehouse-iot/gatehouse/gateway/media"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// ingest is the path of observations from the drivers to the journal and the live hub.
type ingest struct {
	directory *directory.Directory
	identify  *identify.Identifier
	levels    *levels.Levels
	schools   *media.Schools // which keep pictures
	flapping  *flapping.Watch
	intake    *intake.Intake
	hub       *live.Hub
	pacer     *pace.Pacer
	host      *host.Host
	faces     *faces.Faces
	profiles  fleet.Profiles
}

func openIngest(ctx context.Context, in given, s *stores, later *closers) (x *ingest, err error) {
	x = &ingest{
		schools:  media.NewSchools(s.reg.In(g.SystemScope("pictures"))),
		flapping: flapping.New(flapping.Limits(in.cfg.Flapping)),
		hub:      live.New(s.journal, in.log),
		profiles: fleet.Profiles{
			View: s.reg.In(g.SystemScope("profiles")),
			Log:  in.log,
		},
	}
	if err := x.profiles.Ship(ctx, deploy.Files(), "profiles"); err != nil {
		return nil, err
	}
	if x.directory, err = directory.New(ctx, s.reg, in.log); err != nil {
		return nil, err
	}
	x.identify = identify.New(s.reg.In(g.SystemScope("identify")).People, decision(&in.cfg), in.log)
	x.levels = levels.New(s.reg.In(g.SystemScope("levels")))
	cancel := s.reg.Subscribe(func(c registry.Change) {
		x.identify.Changed(c)
		x.levels.Changed(c)
		x.schools.Changed(c)
	})
	later.add(func() error { cancel(); return nil })
	view := s.reg.In(g.SystemScope("flapping"))
	if err := states.TakeUp(ctx, view, x.flapping, in.now()); err != nil {
		return nil, err
	}
	x.intake = &intake.Intake{
		States:    x.flapping,
		Directory: x.directory,
		Journal:   s.journal,
		Identify:  x.identify,
		Levels:    x.levels,
		Meals:     s.reg.In(g.SystemScope("meals")).Meals,
		Now:       in.now,
		Logger:    in.log,
		Pictures:  x.schools.Allowed,
		Seal:      s.reg.In(g.SystemScope("intake")).History.SealKept,
	}
	x.pacer = pace.New(x.intake, x.directory, rates(&in.cfg), in.now)
	x.host = host.New(host.Options{
		Sink:       x.pacer,
		Answer:     x.pacer.Answering(x.intake.Answer),
		Confine:    in.cfg.Confinement(in.opt.Launcher),
		Settings:   in.cfg.DriverListens,
		DeviceRate: in.cfg.MQTT.DeviceRate,
		Logger:     in.log,
		Now:        in.now,
	})
	x.faces = faces.New(x.host, x.identify, in.cfg.Faces.Driver)
	return x, nil
}

// decision is when a face counts as recognised.
func decision(c *config.Config) vision.Decision {
	d := vision.DefaultDecision()
	d.Score, d.Margin = c.Faces.Threshold, c.Faces.Margin
	return d
}
