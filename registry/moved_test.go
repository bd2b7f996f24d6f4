package registry_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// TestAnAlertSaysWhereItsDeviceIsNow: an alert keeps its zone, even if it fires again in the new
// one, and MovedTo names the new zone until the alert is closed.
func TestAnAlertSaysWhereItsDeviceIsNow(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		raised := smoke(d, c.now())
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 10, Alerts: []g.Alert{raised}}))
		lab := must[g.Zone](t)(d.sys.Deeds.PutZone(ctx,
			g.Zone{
				ID:       "lab-new",
				School:   "a",
				Building: d.gate["a"].Building,
				Name:     "New laboratory",
				Kind:     g.ZoneLaboratory,
			}))
		v := d.as(d.a, g.RoleSecurity)
		if row := must[alerts.AlertRow](t)(v.Alerts.Find(ctx, raised.ID)); row.MovedTo != "" {
			t.Errorf("before the move: moved to %q", row.MovedTo)
		}
		device := must[fleet.DeviceRow](t)(d.sys.Fleet.Device(ctx, raised.Device)).Device
		device.Zone = lab.ID
		ok(t, d.sys.Fleet.UpdateDevice(ctx, device, nil))
		again := raised
		again.Zone, again.Count, again.LastFired = lab.ID, 2, c.now().Add(time.Second)
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 11, Alerts: []g.Alert{again}}))
		row := must[alerts.AlertRow](t)(v.Alerts.Find(ctx, raised.ID))
		if row.Zone != raised.Zone || row.ZoneName != "Gate" || row.MovedTo != lab.ID ||
			row.MovedToName != "New laboratory" || row.Count != 2 {
			t.Errorf("got %+v, want it raised at the gate, fired twice, and its device in the "+
				"new laboratory",
				row)
		}
	})
}
