package app

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/quality"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/telemetry"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// newWatch lists what the gateway watches about itself, in the order of the status page.
func newWatch(
	in given, s *stores, x *ingest, r *readers, k *sockets, m *mqtt, failing func() []post.Failing,
) *selfwatch.Watch {
	disk := selfwatch.Disk{
		Dir:       in.cfg.DataPath(),
		Journal:   s.journal,
		FreeBytes: in.opt.FreeBytes,
	}
	if disk.FreeBytes == nil && in.opt.JournalFS != nil {
		disk.FreeBytes = in.opt.JournalFS.Free
	}
	lag := &selfwatch.Readers{
		Journal: s.journal,
		Held:    r.health.Held,
		Seen:    seen(r.counting),
	}
	connections := selfwatch.Connections{
		API:    k.bound,
		Places: func() selfwatch.Places { return k.taken(m.front != nil) },
	}
	report := &selfwatch.Quality{
		View:   s.reg.In(g.SystemScope("quality")),
		School: x.directory.School,
	}
	return selfwatch.New(selfwatch.Options{
		View:    s.reg.In(g.SystemScope("watch")),
		Version: in.opt.Version,
		Now:     in.now,
		Log:     in.log,
		Subjects: []selfwatch.Subject{
			selfwatch.Journal(s.journal, x.intake.Counts),
			lag.Subject(),
			selfwatch.Telemetry(s.telemetry.Stats, ready(s.telemetry)),
			selfwatch.Drivers(x.host, in.cfg.Confine.Mode != string(host.ConfineOff)),
			selfwatch.MQTT(m.front),
			x.pacer.Subject(),
			connections.Subject(),
			disk.Subject(),
			s.clock.Subject(),
			s.files.Subject(),
			report.Subject(),
			selfwatch.Messages(failing),
			{Check: s.anchor.Check},
			{Metrics: []selfwatch.Metric{{
				Name:  "devices",
				Help:  "Registered devices.",
				Value: func() float64 { return float64(x.directory.Devices()) },
			}}},
		},
		Unwritten: disk.MakeRoom,
	})
}

// seen is how far a reader came that saves its position only now and then; 0 for other readers.
func seen(counting *quality.Reader) func(reader string) uint64 {
	return func(reader string) uint64 {
		if reader == "quality" {
			return counting.Counted()
		}
		return 0
	}
}

// ready says whether the telemetry is open, or why it cannot be.
func ready(t series) func() (bool, error) {
	return func() (bool, error) {
		o, ok := t.(*telemetry.Opening)
		if !ok {
			return true, nil
		}
		store, err := o.Ready()
		return store != nil, err
	}
}

// devices writes the gateway's own alerts about devices.
func devices(reg *registry.Registry) selfwatch.Devices {
	return selfwatch.Devices{View: reg.In(g.SystemScope("watch"))}
}
