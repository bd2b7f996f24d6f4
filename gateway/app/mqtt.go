package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttback"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// mqtt is the listener for devices that speak MQTT, and what stands behind it.
type mqtt struct {
	front       *mqttfront.Front       // nil: there is none
	authorities *listeners.Authorities // that sign devices' certificates; nil: none are requested
	leftovers   *mqttback.Leftovers
	rivals      *selfwatch.Rivals
	presences   *presences
}

func (a *App) openMQTT() error {
	a.mqtt = &mqtt{
		presences: newPresences(a.intake, a.log),
		rivals: selfwatch.NewRivals(selfwatch.Rivals{
			Alerts: devices(a.reg),
			Device: registered(a.directory),
			Insist: a.health.Insist,
			Now:    a.now,
			Log:    a.log,
		}),
	}
	c := a.cfg.MQTT
	if c.Listen == "" && c.ListenTLS == "" {
		return nil
	}
	cfg := mqttfront.Config{
		Listen:        c.Listen,
		ListenTLS:     c.ListenTLS,
		MaxClients:    a.places.Load().MQTT,
		MaxPerAddress: c.MaxPerAddress,
		OnHeld:        a.pacer.Held,
		OnRivals:      a.rivals.Note,
		DeviceRate:    c.DeviceRate,
		SchoolRate:    c.SchoolRate,
		Dir:           filepath.Join(a.cfg.DataPath(), "mqtt"),
		FS:            a.opt.JournalFS,
		OnConnect:     a.presences.connected,
		OnDisconnect:  a.presences.gone,
	}
	var err error
	if cfg.TLS, a.authorities, err = a.mqttTLS(a.given); err != nil {
		return err
	}
	if cfg.Seal, err = keys.Sealer(a.key, "gatehouse mqtt state"); err != nil {
		return err
	}
	a.front, err = mqttfront.New(cfg, mqttback.Authenticator{Registry: a.reg},
		mqttback.Intake{To: a.intake, Journal: a.journal}, a.log)
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return listeners.Taken("mqtt.listen", cmp.Or(c.Listen, c.ListenTLS), err)
	}
	if err != nil {
		return err
	}
	a.closers.add(a.front.Close)
	a.leftovers = mqttback.NewLeftovers(a.front, a.directory, a.log)
	// A device whose driver, credentials or enabled flag changes, or that is deleted, is
	// disconnected, so that it has to authenticate again; a new name or room disconnects nobody.
	cancel := a.reg.Subscribe(func(c registry.Change) {
		if c.Kind == "device" && c.Touches("driver", "enabled", "password", "certificates") {
			a.front.Disconnect(g.DeviceID(c.ID))
		}
	})
	a.closers.add(func() error { cancel(); return nil })
	return nil
}

// presences journals the statuses that the gateway itself reports of devices, such as that their
// MQTT connection began or ended.
type presences struct {
	intake *intake.Intake
	log    *slog.Logger
	queue  chan presence
}

type presence struct {
	device g.DeviceID
	status g.Status
	driver g.DriverName
}

func newPresences(in *intake.Intake, log *slog.Logger) *presences {
	return &presences{intake: in, log: log, queue: make(chan presence, 4096)}
}

func (p *presences) connected(id mqttfront.Identity, way mqttfront.Way) {
	p.note(id.Device, g.DriverMQTTFront, g.Status{State: g.StateOnline, Weak: weakWay(way)})
}

func (p *presences) gone(id mqttfront.Identity) {
	why := g.Because(g.ReasonMQTTEnded)
	p.note(id.Device, g.DriverMQTTFront,
		g.Status{State: g.StateOffline, Reason: why.String(), Causes: []g.Reason{why}})
}

// note queues a status. If the queue is full it is dropped: the device's next message marks it
// online all the same, and without one it becomes silent.
func (p *presences) note(id g.DeviceID, driver g.DriverName, s g.Status) {
	select {
	case p.queue <- presence{id, s, driver}:
	default:
	}
}

func (p *presences) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case x := <-p.queue:
			obs := []g.Observation{{Device: x.device, Status: &x.status}}
			if err := p.intake.Accept(ctx, x.driver, obs); err != nil && ctx.Err() == nil {
				p.log.Warn("a device's presence was not journalled", "device", x.device, "error",
					err)
			}
		}
	}
}

// weakWay says how weak a device's MQTT sign-in was. Every device has a password or certificate of
// its own, but without TLS, from another machine, its password can be read on the network.
func weakWay(way mqttfront.Way) g.Weakness {
	host, _, err := net.SplitHostPort(way.Remote)
	if way.TLS || err == nil && drivers.ThisMachine(host) {
		return g.WeakNone
	}
	return g.WeakPlainText
}
