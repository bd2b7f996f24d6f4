package app

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/command"
	"github.com/gatehouse-iot/gatehouse/gateway/config"
	"github.com/gatehouse-iot/gatehouse/gateway/fleet"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/alerting"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/pace"
	"github.com/gatehouse-iot/gatehouse/gateway/retention"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// openFleet sets up what hands drivers their devices, what sends commands, and the retention.
func (a *App) openFleet() {
	a.fleet = fleet.New(fleet.Options{
		View:    a.reg.In(g.SystemScope("fleet")),
		Host:    a.host,
		Reach:   fleet.Reach(a.cfg.Reach),
		Front:   a.front,
		OnlyTLS: a.cfg.MQTT.Listen == "",
		Note:    a.presences.Note,
		Log:     a.log,
	})
	a.directory.Watch(a.fleet.Assign)
	a.commands = command.New(command.Options{
		View:      a.reg.In(g.SystemScope("commands")),
		Directory: a.directory,
		Host:      a.host,
		Front:     a.front,
		Alerts:    devices(a.reg),
		Started:   a.started,
		Now:       a.now,
		Log:       a.log,
	})
	cancel := a.reg.Subscribe(func(c registry.Change) {
		if c.Kind == change.Command {
			a.commands.Wake()
		}
	})
	a.closers.add(func() error { cancel(); return nil })
	a.retention = retention.New(retention.Options{
		View:       a.reg.In(g.SystemScope("keeping")),
		Media:      a.media,
		Schools:    a.directory.SchoolIDs,
		Allowed:    a.schools.Allowed,
		ClockWrong: a.clock.Wrong,
		Now:        a.now,
		Log:        a.log,
	}, periods(&a.cfg))
}

// forget drops what is cached of a device that is gone, and the flapping and rule
// state of one that is disabled.
func forget(x *ingest, rules *alerting.Reader) func(g.DeviceID, directory.Entry, bool) {
	return func(id g.DeviceID, e directory.Entry, ok bool) {
		if !ok {
			x.intake.Fields.Forget(id)
		}
		if !ok || !e.Device.Enabled {
			x.flapping.Forget(id)
			rules.Forget(id)
		}
	}
}

// registered finds a device that is registered.
func registered(d *directory.Directory) func(g.DeviceID) (g.Device, bool) {
	return func(id g.DeviceID) (g.Device, bool) {
		e, ok := d.Known(id)
		return e.Device, ok
	}
}

// equipment implements apifleet.Fleet: driver programs and devices, and commands.
type equipment struct {
	*fleet.Fleet
	*command.Commands
}

func rates(c *config.Config) pace.Rates {
	return pace.Rates{
		Device: c.MQTT.DeviceRate,
		School: c.MQTT.SchoolRate,
	}
}

func periods(c *config.Config) retention.Periods {
	return retention.Periods{
		Pictures: c.Media.Life(),
		History:  c.History.KeepFor,
	}
}
