// Package fleet hands the driver programs their devices, adds the profiles that they describe to
// the registry, and shows programs and devices to the API. It refuses to give a driver an address
// that it may not connect to, and to give a device's secret to anybody but its driver.
package fleet

import (
	"context"
	"fmt"
	"log/slog"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/mqttfront"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Options are what a fleet is made of.
type Options struct {
	View    *registry.View // which reads devices' secrets
	Host    *host.Host
	Reach   Reach
	Front   *mqttfront.Front // nil: the MQTT listener is off
	OnlyTLS bool             // devices connect to it over TLS alone
	// Note journals a status that the gateway itself reports of a device. It must not block.
	Note func(g.DeviceID, g.DriverName, g.Status)
	Log  *slog.Logger
}

// Fleet is the devices and the programs that serve them. It is safe for concurrent use.
type Fleet struct{ o Options }

// New makes a Fleet, to which Assign adds devices.
func New(o Options) *Fleet { return &Fleet{o} }

// Assign gives the driver host a device that was added or changed, and takes away one that is gone
// (ok is false), is disabled, or is served by the MQTT listener.
func (f *Fleet) Assign(id g.DeviceID, e directory.Entry, ok bool) {
	if !ok || !e.Device.Enabled || e.Device.Driver == g.DriverMQTTFront {
		f.o.Host.Drop(id)
		return
	}
	log := f.o.Log.With("device", id, "driver", e.Device.Driver)
	if err := f.mayServe(e.Device); err != nil {
		f.o.Host.Drop(id)
		log.Warn("a device is not served: drivers may not be told of its address", "error", err)
		f.o.Note(id, e.Device.Driver, g.Status{
			State:  g.StateOffline,
			Reason: err.Error(),
		})
		return
	}
	d, err := f.device(context.Background(), e)
	if err == nil {
		err = f.o.Host.Put(e.Device.Driver, d)
	}
	if err != nil {
		log.Warn("a device has no driver to serve it", "error", err)
	}
}

// mayServe checks a registered device before a driver gets it, since its address may be older than
// the limits. It does not resolve names, which would block all devices; the driver checks them.
func (f *Fleet) mayServe(d g.Device) error {
	return f.o.Reach.allows(context.Background(), nil, d.Address, false)
}

// device is a device as its driver gets it.
func (f *Fleet) device(ctx context.Context, e directory.Entry) (drivers.Device, error) {
	secret, err := f.o.View.Fleet.DeviceSecret(ctx, e.Device.ID)
	if err != nil {
		return drivers.Device{}, fmt.Errorf("read the device's secret: %w", err)
	}
	return drivers.Device{
		ID:      e.Device.ID,
		Serial:  e.Device.Serial,
		Profile: e.Profile,
		Address: e.Device.Address,
		Secret:  secret,
		Reach:   f.o.Reach.bounds(),
	}, nil
}
