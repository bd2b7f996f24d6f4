package app

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

// newWatch lists what the gateway watches about itself, in the order of the status page.
func (a *App) newWatch() *selfwatch.Watch {
	disk := selfwatch.Disk{Dir: a.cfg.dataDir(), Journal: a.journal}
	if a.opt.JournalFS != nil {
		disk.FreeBytes = a.opt.JournalFS.Free
	}
	readers := &selfwatch.Readers{Journal: a.journal, Held: a.health.Held, Seen: a.seen}
	connections := selfwatch.Connections{API: a.bound, Places: a.taken}
	quality := &selfwatch.Quality{
		View:   a.reg.In(g.SystemScope("quality")),
		School: a.directory.School,
	}
	return selfwatch.New(selfwatch.Options{
		View:    a.reg.In(g.SystemScope("watch")),
		Version: a.opt.Version,
		Now:     a.now,
		Log:     a.log,
		Subjects: []selfwatch.Subject{
			selfwatch.Journal(a.journal, a.intake.Counts),
			readers.Subject(),
			selfwatch.Telemetry(a.telemetry.Stats, a.telemetryReady),
			selfwatch.Drivers(a.host, a.cfg.Confine.Mode != string(host.ConfineOff)),
			selfwatch.MQTT(a.front),
			a.pacer.subject(),
			connections.Subject(),
			disk.Subject(),
			a.clock.Subject(),
			quality.Subject(),
			{Check: a.anchor.Check},
			{Metrics: []selfwatch.Metric{{
				Name:  "devices",
				Help:  "Registered devices.",
				Value: func() float64 { return float64(a.directory.Devices()) },
			}}},
		},
		Unwritten: disk.MakeRoom,
	})
}

// seen is how far a reader came that keeps its position now and then only.
func (a *App) seen(reader string) uint64 {
	if reader == "quality" {
		return a.counting.Counted()
	}
	return 0
}

// taken is how much the listeners take now.
func (a *App) taken() selfwatch.Places {
	p := a.places.Load()
	out := selfwatch.Places{Files: p.descriptors, HTTP: p.http, MQTT: p.mqtt}
	if a.front != nil {
		out.MQTTWanted = p.wanted
	}
	return out
}

// telemetryReady says whether the telemetry is open, or why it cannot be.
func (a *App) telemetryReady() (bool, error) {
	o, ok := a.telemetry.(*telemetry.Opening)
	if !ok {
		return true, nil
	}
	store, err := o.Ready()
	return store != nil, err
}

// devices writes what the gateway tells of devices by itself.
func (a *App) devices() selfwatch.Devices {
	return selfwatch.Devices{View: a.reg.In(g.SystemScope("watch"))}
}
