package registry_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// burnsAt is burns of a device.
func (x *desk) burnsAt(n int, zone g.ZoneID, device g.DeviceID) {
	x.t.Helper()
	x.seq++
	e := x.fire(n, zone, "fire")
	e.Alerts[0].Device = device
	ok(x.t, x.sys.Alerts.Apply(x.t.Context(), e))
}

// TestAnIncidentSaysWhereAndWhoIsHeard: every room and every device without one, with whether it
// holds, and since when nobody hears the detector.
func TestAnIncidentSaysWhereAndWhoIsHeard(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		gate := x.gate["a"]
		lab := must[g.Zone](t)(x.sys.Deeds.PutZone(ctx,
			g.Zone{School: "a", Building: gate.Building, Name: "Lab", Kind: g.ZoneClassroom}))
		loose, _, err := x.sys.Fleet.CreateDevice(ctx, g.Device{
			ID:      "dev-loose",
			School:  "a",
			Profile: "sensor",
			Driver:  g.DriverMQTTFront,
			Name:    "Loose sensor",
			Serial:  "SN-loose",
			Enabled: true,
		}, nil)
		ok(t, err)
		heard := c.now()
		ok(t, x.sys.Fleet.ApplyTwins(ctx, []g.Event{reading(1, x.device["a"].ID, heard, 1)}))
		x.burnsAt(1, gate.ID, x.device["a"].ID)
		x.burnsAt(2, lab.ID, "")
		x.burnsAt(3, "", loose.ID)
		where := func() (out []string) {
			t.Helper()
			i := x.incident("inc_1")
			places, err := x.v.Views.IncidentPlaces(ctx, i)
			ok(t, err)
			listed, err := x.v.Views.PlacesOfIncidents(ctx, []g.Incident{i})
			ok(t, err)
			x.same("rooms in a list", len(listed[i.ID]), len(places))
			for _, p := range places {
				out = append(out, fmt.Sprintf("%s/%s %d of %d, %d unheard since %s", p.ZoneName,
					p.DeviceName, p.Firing, p.Alerts, p.Unheard, ago(c, p.LastHeard)))
			}
			return out
		}
		x.same("while all are heard", where(), []string{
			"Gate/Sensor a 1 of 1, 0 unheard since -",
			"Lab/ 1 of 1, 0 unheard since -",
			"/Loose sensor 1 of 1, 0 unheard since -",
		})
		c.add(5 * time.Minute)
		must[[]g.DeviceID](t)(x.sys.Fleet.MarkStale(ctx, c.now()))
		x.same("when one went silent", where(), []string{
			"Gate/Sensor a 1 of 1, 1 unheard since 4m59s",
			"Lab/ 1 of 1, 0 unheard since -",
			"/Loose sensor 1 of 1, 0 unheard since -",
		})
		row := must[alerts.AlertRow](t)(x.v.Alerts.Find(ctx, "alt_1"))
		x.same("the alert's device", ago(c, row.LastHeard), "4m59s")
		w, err := x.v.Alerts.Wall(ctx, alerts.WallFilter{Group: alerts.ByCause})
		ok(t, err)
		x.same("lines of the wall", len(w.Groups), 1)
		line := w.Groups[0]
		x.same("the line's places", line.Places, []alerts.GroupPlace{
			{Device: loose.ID, DeviceName: "Loose sensor", Firing: 1},
			{Zone: lab.ID, Firing: 1},
			{Zone: gate.ID, Device: x.device["a"].ID, DeviceName: "Sensor a", Firing: 1},
		})
		x.same("the line's silent devices", fmt.Sprintf("%d %s", line.Unheard, ago(c, line.LastHeard)), "1 4m59s")

		x.ends(x.find("alt_1"))
		row = must[alerts.AlertRow](t)(x.v.Alerts.Find(ctx, "alt_1"))
		x.same("the device of what is over", ago(c, row.LastHeard), "-")
		x.same("when the first is over", where(), []string{
			"Lab/ 1 of 1, 0 unheard since -",
			"/Loose sensor 1 of 1, 0 unheard since -",
			"Gate/Sensor a 0 of 1, 0 unheard since -",
		})
		must[g.Incident](t)(x.v.Alerts.Contain(ctx, "inc_1", alerts.AnyVersion, x.lin, ""))
		entries, _, err := x.v.Alerts.Log(ctx, "inc_1", 0)
		ok(t, err)
		last := entries[len(entries)-1]
		x.same("the log of containing what burns", fmt.Sprintf("%s %d", last.What, last.Firing), "contained 2")
	})
}

func ago(c *clock, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return c.now().Sub(at).String()
}
