package mqttback

import (
	"context"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
)

// pruneEvery is the shortest time between two runs of Prune.
const pruneEvery = time.Second

// Leftovers removes the MQTT sessions and retained messages of devices that were deleted, moved to
// another school or given to a driver program, also while the gateway was down.
type Leftovers struct {
	front     *mqttfront.Front
	directory *directory.Directory
	log       *slog.Logger
	changed   chan struct{} // signalled when a device is added, changed or removed
}

// NewLeftovers watches the directory, which must not run yet.
func NewLeftovers(f *mqttfront.Front, d *directory.Directory, log *slog.Logger) *Leftovers {
	x := &Leftovers{
		front:     f,
		directory: d,
		log:       log,
		changed:   make(chan struct{}, 1),
	}
	d.Watch(func(g.DeviceID, directory.Entry, bool) {
		select {
		case x.changed <- struct{}{}:
		default: // already signalled
		}
	})
	return x
}

// Run prunes at the start and whenever a device has changed, until ctx ends.
func (x *Leftovers) Run(ctx context.Context) error {
	for {
		err := x.front.Prune(x.known)
		if err != nil && ctx.Err() == nil {
			x.log.Warn("not all is removed that devices left behind in MQTT; it is tried again",
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
		case <-x.changed:
		}
	}
}

// Changed disconnects a device whose driver, credentials or enabled flag changes, or that is deleted,
// so that it has to authenticate again; a new name or room disconnects nobody.
func (x *Leftovers) Changed(c registry.Change) {
	if c.Kind == change.Device && c.Touches("driver", "enabled", "password", "certificates") {
		x.front.Disconnect(g.DeviceID(c.ID))
	}
}

func (x *Leftovers) known(id mqttfront.Identity) bool {
	e, ok := x.directory.Known(id.Device)
	return ok && e.Device.School == id.School && e.Device.Driver == g.DriverMQTTFront
}
