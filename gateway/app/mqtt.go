package app

import (
	"cmp"
	"errors"
	"net"
	"path/filepath"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttback"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/presence"
	"github.com/gatehouse-iot/gatehouse/gateway/keys"
	"github.com/gatehouse-iot/gatehouse/gateway/listeners"
	"github.com/gatehouse-iot/gatehouse/gateway/selfwatch"
)

// mqtt is the listener for devices that speak MQTT, and what stands behind it.
type mqtt struct {
	front       *mqttfront.Front       // nil: there is none
	authorities *listeners.Authorities // that sign devices' certificates; nil: none are requested
	leftovers   *mqttback.Leftovers
	rivals      *selfwatch.Rivals
	presences   *presence.Presences
}

func (a *App) openMQTT() error {
	a.mqtt = &mqtt{
		presences: presence.New(a.intake, a.log),
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
		OnDisconnect:  a.presences.Gone,
		OnConnect: func(id mqttfront.Identity, way mqttfront.Way) {
			a.presences.Connected(id, way)
			a.commands.Wake()
		},
	}
	var err error
	if cfg.TLS, a.authorities, err = a.mqttTLS(a.given); err != nil {
		return err
	}
	if cfg.Seal, err = keys.Sealer(a.key, "gatehouse mqtt state"); err != nil {
		return err
	}
	a.front, err = mqttfront.New(cfg, mqttback.Authenticator{Registry: a.reg},
		mqttback.Intake{
			To:      a.intake,
			Journal: a.journal,
		}, a.log)
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return listeners.Taken("mqtt.listen", cmp.Or(c.Listen, c.ListenTLS), err)
	}
	if err != nil {
		return err
	}
	a.closers.add(a.front.Close)
	a.leftovers = mqttback.NewLeftovers(a.front, a.directory, a.log)
	cancel := a.reg.Subscribe(a.leftovers.Changed)
	a.closers.add(func() error { cancel(); return nil })
	return nil
}
