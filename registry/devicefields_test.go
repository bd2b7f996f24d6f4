package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
)

func TestUnknownFieldsAreCountedAndTakenIntoTheProfile(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v, sys := d.as(d.a, g.RoleFacility), d.r.In(g.SystemScope("test"))
		var devices []g.Device
		for range 2 {
			dev, _, err := v.Fleet.CreateDevice(ctx,
				g.Device{
					School:  "a",
					Profile: "sensor",
					Driver:  g.DriverMQTTFront,
					Name:    "x",
					Enabled: true,
				},
				nil)
			ok(t, err)
			devices = append(devices, dev)
		}
		one, two := devices[0].ID, devices[1].ID
		at := c.now()
		wantCode(t, v.Fleet.CountFields(ctx, nil), g.Forbidden)
		for i := range 2 {
			at = at.Add(time.Duration(i) * time.Minute)
			ok(t, sys.Fleet.CountFields(ctx, []g.UnknownField{
				{
					Device:  one,
					Name:    "rssi",
					Kind:    "number",
					Example: fmt.Sprint(-60 - i),
					Count:   5,
					First:   at,
					Last:    at,
				},
				{Device: one, Name: "link", Count: 1, First: at, Last: at},
				{
					Device:  "gone",
					Name:    "rssi",
					Kind:    "number",
					Example: "1",
					Count:   1,
					First:   at,
					Last:    at,
				},
			}))
		}
		want := []g.UnknownField{
			{Device: one, Name: "link", Count: 2, First: c.now(), Last: at},
			{
				Device:  one,
				Name:    "rssi",
				Kind:    "number",
				Example: "-61",
				Count:   10,
				First:   c.now(),
				Last:    at,
			},
		}
		if diff := cmp.Diff(must[[]g.UnknownField](t)(v.Fleet.UnknownFields(ctx, one)), want); diff != "" {
			t.Errorf("got, want:\n%s", diff)
		}
		_, err := d.as(d.b, g.RoleFacility).Fleet.UnknownFields(ctx, one)
		wantCode(t, err, g.NotFound)
		_, err = v.Fleet.AddFields(ctx, one, []string{"link"}, "")
		wantCode(t, err, g.Invalid)
		_, err = v.Fleet.AddFields(ctx, one, []string{"rssi"}, "sensor")
		wantCode(t, err, g.Conflict)

		own := must[g.Profile](t)(v.Fleet.AddFields(ctx, one, []string{"rssi"}, "sensor-own"))
		if own.Properties["rssi"].Type != "number" {
			t.Errorf("got %+v, want rssi in the device's own profile", own)
		}
		if row := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, one)); row.Profile != "sensor-own" {
			t.Errorf("got the profile %q, want its own", row.Profile)
		}
		if p := must[g.Profile](t)(v.Fleet.Profile(ctx, "sensor")); p.Properties["rssi"].Type != "" {
			t.Error("the shared profile was changed for the other device")
		}
		if left := must[[]g.UnknownField](t)(v.Fleet.UnknownFields(ctx, one)); len(left) != 1 ||
			left[0].Name != "link" {
			t.Errorf("got %v, want link alone left", left)
		}

		ok(t,
			sys.Fleet.CountFields(ctx,
				[]g.UnknownField{
					{Device: two, Name: "rssi", Kind: "number", Count: 1, First: at, Last: at},
				}))
		shared := must[g.Profile](t)(v.Fleet.AddFields(ctx, two, []string{"rssi"}, ""))
		if shared.ID != "sensor" || shared.Properties["rssi"].Type != "number" {
			t.Errorf("got %+v, want rssi in the shared profile", shared)
		}
		ok(t, v.Fleet.ForgetFields(ctx, one))
		if left := must[[]g.UnknownField](t)(v.Fleet.UnknownFields(ctx, one)); len(left) != 0 {
			t.Errorf("got %v after they were forgotten", left)
		}
		ok(t, v.Fleet.DeleteDevice(ctx, two))
	})
}

// TestLateHistory: late data over the device's own connection raises no alerts, but shows that the
// device is online; newer values in its twin are kept.
func TestLateHistory(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v, sys := d.as(d.a, g.RoleFacility), d.r.In(g.SystemScope("test"))
		dev, _, err := v.Fleet.CreateDevice(ctx,
			g.Device{
				School:  "a",
				Profile: "sensor",
				Driver:  g.DriverMQTTFront,
				Name:    "x",
				Enabled: true,
			},
			nil)
		ok(t, err)
		read := func(seq uint64, driver g.DriverName, value float64, late bool, age time.Duration) g.Event {
			return g.Event{
				Seq:    seq,
				Kind:   g.EventReading,
				School: "a",
				Device: dev.ID, Driver: driver, Time: c.now().Add(-age), Received: c.now(),
				Replayed: late,
				Late:     late,
				Reading:  &g.Reading{Values: map[string]g.Value{"t": g.NumberValue(value)}},
			}
		}
		ok(t, sys.Fleet.ApplyTwins(ctx, []g.Event{read(1, "mqtt", 1, true, time.Hour)}))
		if tw := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, dev.ID)).Twin; tw.State != g.StateUnknown ||
			!tw.LastSeen.IsZero() {
			t.Errorf("got %+v, want no sign of life in a broker's memory", tw)
		}
		ok(t,
			sys.Fleet.ApplyTwins(ctx,
				[]g.Event{
					read(2, g.DriverMQTTFront, 2, false, 0),
					read(3, g.DriverMQTTFront, 3, true, time.Hour),
				}))
		tw := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, dev.ID)).Twin
		if tw.State != g.StateOnline || tw.Reported["t"].Value != g.NumberValue(2) {
			t.Errorf("got %+v, want the newer value kept", tw)
		}
		c.add(time.Minute)
		ok(t, sys.Fleet.ApplyTwins(ctx, []g.Event{read(4, g.DriverMQTTFront, 4, true, time.Hour)}))
		if tw := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, dev.ID)).Twin; !tw.LastSeen.Equal(c.now()) {
			t.Errorf("last seen %s, want now: its clock may be wrong, but it is there", tw.LastSeen)
		}

		e := g.Event{
			Seq:    5,
			Kind:   g.EventSighting,
			School: "a",
			Device: dev.ID,
			Time:   c.now().Add(-time.Hour), Received: c.now(), Replayed: true, Late: true,
			Sighting: &g.Sighting{ID: "sgt_late", Method: g.ByCard},
		}
		r := g.Event{
			Seq:  6,
			Kind: g.EventRejected, School: "a", Device: dev.ID, Time: c.now(), Received: c.now(),
			Rejection: &g.Rejection{
				Reason:     "r",
				Source:     "s",
				Properties: []string{"rssi", "温度"},
				Partial:    true,
			},
		}
		ok(t, sys.History.Apply(ctx, []g.Event{e, r}))
		rows, _, err := d.as(d.a, g.RoleAdmin).History.Sightings(ctx, history.SightingFilter{School: "a"})
		ok(t, err)
		if len(rows) != 1 || !rows[0].Replayed || !rows[0].Late {
			t.Errorf("got %+v, want one late sighting", rows)
		}
		refused, _, err := v.History.Rejections(ctx, history.RejectionFilter{School: "a"})
		ok(t, err)
		if len(refused) != 1 || !refused[0].Partial ||
			!cmp.Equal(refused[0].Properties, []string{"rssi", "温度"}) {
			t.Errorf("got %+v, want the rejection with its properties", refused)
		}
	})
}
