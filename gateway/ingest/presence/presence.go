// Package presence journals the statuses that the gateway itself reports of devices, such as that
// their MQTT connection began or ended. It decides nothing: a status is admitted like every
// observation. One that finds the queue full is dropped: the device's next message marks it online
// all the same, and without one it becomes silent.
package presence

import (
	"context"
	"log/slog"
	"net"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
)

// most is how many statuses may wait to be journalled.
const most = 4096

// Presences is safe for concurrent use. Only Run blocks.
type Presences struct {
	intake *intake.Intake
	log    *slog.Logger
	queue  chan presence
}

type presence struct {
	device g.DeviceID
	status g.Status
	driver g.DriverName
}

// New makes Presences; Run journals what they note.
func New(in *intake.Intake, log *slog.Logger) *Presences {
	return &Presences{
		intake: in,
		log:    log,
		queue:  make(chan presence, most),
	}
}

// Connected notes that a device connected to the MQTT listener, and how.
func (p *Presences) Connected(id mqttfront.Identity, way mqttfront.Way) {
	p.Note(id.Device, g.DriverMQTTFront, g.Status{
		State: g.StateOnline,
		Weak:  weakness(way),
	})
}

// Gone notes that a device's MQTT connection ended.
func (p *Presences) Gone(id mqttfront.Identity) {
	why := g.Because(g.ReasonMQTTEnded)
	p.Note(id.Device, g.DriverMQTTFront,
		g.Status{
			State:  g.StateOffline,
			Reason: why.String(),
			Causes: []g.Reason{why},
		})
}

// Note queues a status of a device of a driver.
func (p *Presences) Note(id g.DeviceID, driver g.DriverName, s g.Status) {
	select {
	case p.queue <- presence{id, s, driver}:
	default:
	}
}

// Run journals what was noted, until ctx ends.
func (p *Presences) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case x := <-p.queue:
			obs := []g.Observation{{
				Device: x.device,
				Status: &x.status,
			}}
			if err := p.intake.Accept(ctx, x.driver, obs); err != nil && ctx.Err() == nil {
				p.log.Warn("a device's presence was not journalled", "device", x.device, "error",
					err)
			}
		}
	}
}

// weakness says how weak a device's MQTT sign-in was. Every device has a password or certificate of
// its own, but without TLS, from another machine, its password can be read on the network.
func weakness(way mqttfront.Way) g.Weakness {
	host, _, err := net.SplitHostPort(way.Remote)
	if way.TLS || err == nil && drivers.ThisMachine(host) {
		return g.WeakNone
	}
	return g.WeakPlainText
}
