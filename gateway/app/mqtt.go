package app

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	regfleet "github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// authenticator lets a device in by its own password, its user name being its id, or by a
// certificate whose common name is its id.
type authenticator struct{ a *App }

func (x authenticator) Authenticate(
	ctx context.Context, _, username string, password []byte, _ string, cert *x509.Certificate,
) (mqttfront.Identity, error) {
	d, err := x.device(ctx, username, password, cert)
	if err != nil {
		return mqttfront.Identity{}, err
	}
	if d.Driver != g.DriverMQTTFront {
		return mqttfront.Identity{}, g.Errorf(g.Forbidden,
			"device %q is served by driver %q, not by the MQTT listener", d.ID, d.Driver)
	}
	return mqttfront.Identity{School: d.School, Device: d.ID}, nil
}

func (x authenticator) device(
	ctx context.Context, username string, password []byte, cert *x509.Certificate,
) (g.Device, error) {
	if cert == nil {
		return x.a.reg.Fleet.VerifyDevice(ctx, g.DeviceID(username), password)
	}
	if name := cert.Subject.CommonName; username != "" && username != name {
		return g.Device{}, g.Errorf(g.Unauthenticated,
			"the certificate is of %q and the user name is another: leave it empty, or say the same",
			name)
	}
	sum := sha256.Sum256(cert.Raw)
	return x.a.reg.Fleet.CertifiedDevice(ctx, g.DeviceID(cert.Subject.CommonName),
		regfleet.DeviceCertificate{
			Fingerprint: hex.EncodeToString(sum[:]),
			Serial:      cert.SerialNumber.Text(16),
			Issuer:      cert.Issuer.String(),
			NotBefore:   cert.NotBefore,
			NotAfter:    cert.NotAfter,
		})
}

// mqttIntake hands publications to the intake.
type mqttIntake struct{ a *App }

func (m mqttIntake) Publish(
	id mqttfront.Identity, topic string, payload []byte, retain bool, done func(error),
) error {
	return m.PublishOnce(id, topic, payload, retain, "", done)
}

func (m mqttIntake) PublishOnce(
	id mqttfront.Identity, topic string, payload []byte, _ bool, once string, done func(error),
) error {
	kind := strings.TrimPrefix(topic, mqttfront.Topic(id, ""))
	return m.a.intake.Message(context.Background(), id.Device, kind, payload, once, done)
}

func (m mqttIntake) Mark() uint64 { return m.a.journal.Newest() }

// Known reads the journal from a mark on, which lies little before the last stop.
func (m mqttIntake) Known(ctx context.Context, after uint64, seen map[string]bool) error {
	ids := make(map[string]string, len(seen))
	for once := range seen {
		ids[intake.OnceID(once)] = once
	}
	for {
		records, err := m.a.journal.ReadFrom(ctx, after, follow.Batch)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			after = r.Seq
			e, err := event.Decode(r.Seq, r.Data)
			if err != nil {
				continue // told by the readers
			}
			if once, ok := ids[e.ID]; ok {
				seen[once] = true
			}
		}
	}
}

func (m mqttIntake) Reject(
	id mqttfront.Identity, topic string, _ []byte, _ string, done func(error),
) error {
	return m.a.intake.Refuse(context.Background(), id.Device, "mqtt "+topic, done)
}

// pruneEvery is the least time between looks for what devices left behind that are gone.
const pruneEvery = time.Second

// pruneMQTT has the MQTT listener forget what it keeps of devices that are deleted, moved to
// another school or given to a driver, also of those that went while the gateway was down.
func (a *App) pruneMQTT(ctx context.Context) error {
	known := func(id mqttfront.Identity) bool {
		e, ok := a.directory.Known(id.Device)
		return ok && e.Device.School == id.School && e.Device.Driver == g.DriverMQTTFront
	}
	for {
		err := a.front.Prune(known)
		if err != nil && ctx.Err() == nil {
			a.log.Warn("not all is removed that devices left behind in MQTT; it is tried again",
				"error", err)
		}
		if !follow.Rest(ctx, pruneEvery) {
			return nil
		}
		if err != nil {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.changed:
		}
	}
}

// presence is that a device's MQTT connection came or went.
type presence struct {
	device g.DeviceID
	status g.Status
	driver g.DriverName
}

func (a *App) noteConnected(id mqttfront.Identity, way mqttfront.Way) {
	a.notePresence(id, g.Status{State: g.StateOnline, Weak: weakWay(way)})
}

func (a *App) noteGone(id mqttfront.Identity) {
	why := g.Because(g.ReasonMQTTEnded)
	a.notePresence(id,
		g.Status{State: g.StateOffline, Reason: why.String(), Causes: []g.Reason{why}})
}

// weakWay says how a device proved itself to the MQTT listener, which lets nobody in without a
// password or a certificate of its own: on the way the password may have been read.
func weakWay(way mqttfront.Way) g.Weakness {
	host, _, err := net.SplitHostPort(way.Remote)
	if way.TLS || err == nil && drivers.ThisMachine(host) {
		return g.WeakNone
	}
	return g.WeakPlainText
}

// notePresence queues what the MQTT listener tells. A full queue drops it: a device that
// sends anything shows as online all the same, and one that does not falls silent.
func (a *App) notePresence(id mqttfront.Identity, s g.Status) {
	select {
	case a.presence <- presence{id.Device, s, g.DriverMQTTFront}:
	default:
	}
}

func (a *App) runPresence(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case p := <-a.presence:
			obs := []g.Observation{{Device: p.device, Status: &p.status}}
			if err := a.intake.Accept(ctx, p.driver, obs); err != nil && ctx.Err() == nil {
				a.log.Warn("a device's presence was not journalled", "device", p.device, "error",
					err)
			}
		}
	}
}
