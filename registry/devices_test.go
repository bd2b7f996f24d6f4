package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

func TestPrivateZonesBindNoCamera(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		room := must[g.Zone](t)(v.Deeds.PutZone(ctx,
			g.Zone{
				School:   "a",
				Building: d.gate["a"].Building,
				Name:     "Dorm room",
				Kind:     g.ZoneOther,
				Private:  true,
			}))
		_, _, err := v.Fleet.CreateDevice(ctx,
			g.Device{School: "a", Zone: room.ID, Profile: "camera", Driver: "camera", Name: "x"},
			nil)
		wantCode(t, err, g.Invalid)
		cam, _, err := v.Fleet.CreateDevice(ctx,
			g.Device{
				School:  "a",
				Zone:    d.gate["a"].ID,
				Profile: "camera",
				Driver:  "camera",
				Name:    "x",
			},
			nil)
		ok(t, err)
		gate := d.gate["a"]
		gate.Private = true
		_, err = v.Deeds.PutZone(ctx, gate)
		wantCode(t, err, g.Conflict)
		cam.Zone = room.ID
		wantCode(t, v.Fleet.UpdateDevice(ctx, cam, nil), g.Invalid)
		sensor, _, err := v.Fleet.CreateDevice(ctx,
			g.Device{School: "a", Zone: room.ID, Profile: "sensor", Driver: "modbus", Name: "x"},
			nil)
		ok(t, err)
		sensor.Profile = "camera"
		wantCode(t, v.Fleet.UpdateDevice(ctx, sensor, nil), g.Invalid)
		wantCode(t,
			v.Fleet.PutProfile(ctx, g.Profile{ID: "sensor", Title: "Now a camera", Type: g.TypeCamera}),
			g.Conflict)
		wantCode(t, v.Deeds.DeleteZone(ctx, room.ID), g.Conflict)
		wantCode(t, v.Fleet.DeleteProfile(ctx, "sensor"), g.Conflict)
		cam.Zone = d.gate["b"].ID
		wantCode(t, v.Fleet.UpdateDevice(ctx, cam, nil), g.Invalid)
	})
}

func TestDevicesProveThemselves(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		dev, password, err := v.Fleet.CreateDevice(ctx,
			g.Device{
				School:  "a",
				Profile: "sensor",
				Driver:  g.DriverMQTTFront,
				Name:    "x",
				Enabled: true,
			},
			nil)
		ok(t, err)
		got := must[g.Device](t)(d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(password)))
		if diff := cmp.Diff(dev, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		for _, bad := range []string{"", "wrong", password + "x"} {
			_, err = d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(bad))
			wantCode(t, err, g.Unauthenticated)
		}
		_, err = d.r.Fleet.VerifyDevice(ctx, "nobody", []byte(password))
		wantCode(t, err, g.Unauthenticated)
		newer := must[string](t)(v.Fleet.ResetDevicePassword(ctx, dev.ID))
		_, err = d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(password))
		wantCode(t, err, g.Unauthenticated)
		must[g.Device](t)(d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(newer)))
		dev.Enabled = false
		ok(t, v.Fleet.UpdateDevice(ctx, dev, nil))
		_, err = d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(newer))
		wantCode(t, err, g.Forbidden)
		dev.Driver = "modbus"
		dev.Enabled = true
		ok(t, v.Fleet.UpdateDevice(ctx, dev, nil))
		_, err = d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(newer))
		wantCode(t, err, g.Unauthenticated)
		_, err = v.Fleet.ResetDevicePassword(ctx, dev.ID)
		wantCode(t, err, g.Invalid)
	})
}

func TestDeviceSecretsAreKeptReplacedAndRemoved(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		dev, password, err := v.Fleet.CreateDevice(ctx,
			g.Device{School: "a", Profile: "camera", Driver: "camera", Name: "x"},
			map[string]string{"user": "u"})
		ok(t, err)
		if password != "" {
			t.Errorf("got a password for a device of a driver")
		}
		secret := func() map[string]string {
			return must[map[string]string](t)(d.sys.Fleet.DeviceSecret(ctx, dev.ID))
		}
		if diff := cmp.Diff(map[string]string{"user": "u"}, secret()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		ok(t, v.Fleet.UpdateDevice(ctx, dev, nil))
		if diff := cmp.Diff(map[string]string{"user": "u"}, secret()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		ok(t, v.Fleet.UpdateDevice(ctx, dev, map[string]string{}))
		if diff := cmp.Diff(map[string]string{}, secret()); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func reading(seq uint64, dev g.DeviceID, at time.Time, temperature float64) g.Event {
	return g.Event{
		Seq:      seq,
		Kind:     g.EventReading,
		Device:   dev,
		Time:     at,
		Received: at.Add(time.Second),
		Reading:  &g.Reading{Values: map[string]g.Value{"temperature": g.NumberValue(temperature)}},
	}
}

func TestTwinsFollowEventsOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		dev, at := d.device["a"].ID, c.now()
		status := func(seq uint64, s g.DeviceState, replayed bool) g.Event {
			return g.Event{
				Seq:      seq,
				Kind:     g.EventStatus,
				Device:   dev,
				Time:     at,
				Received: at,
				Replayed: replayed,
				Status:   &g.Status{State: s, Reason: "why"},
			}
		}
		old := reading(14, dev, at.Add(-time.Hour), 5)
		old.Replayed = true
		events := []g.Event{
			reading(10, dev, at, 20),
			{
				Seq:       11,
				Kind:      g.EventRejected,
				Device:    dev,
				Time:      at,
				Received:  at.Add(time.Hour),
				Rejection: &g.Rejection{Reason: "x"},
			},
			status(12, g.StateFault, false),
			reading(13, dev, at.Add(2*time.Second), 21),
			old,
			status(15, g.StateOffline, true),
			reading(16, "no-such-device", at, 1),
		}
		want := g.Twin{
			Device: dev,
			State:  g.StateFault, Reason: "why", LastSeen: at.Add(3 * time.Second), Seq: 15,
			Reported: map[string]g.TwinValue{
				"temperature": {Value: g.NumberValue(21), Time: at.Add(2 * time.Second)},
			},
		}
		for range 3 {
			ok(t, d.sys.Fleet.ApplyTwins(ctx, events))
			ok(t, d.sys.Fleet.ApplyTwins(ctx, events[:2]))
			row := must[fleet.DeviceRow](t)(d.sys.Fleet.Device(ctx, dev))
			if diff := cmp.Diff(want, row.Twin,
				cmp.Comparer(func(a, b g.Value) bool { return a == b })); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		}
		ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{status(17, g.StateOnline, false)}))
		states, types, err := d.sys.Fleet.DeviceCounts(ctx, "")
		ok(t, err)
		if diff := cmp.Diff(map[g.DeviceState]int{g.StateOnline: 1, g.StateUnknown: 1}, states); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if diff := cmp.Diff(map[g.DeviceType]int{g.TypeSensor: 2}, types); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestTwinsOfSilentDevicesGoOffline(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		at := c.now()
		ok(t,
			d.sys.Fleet.ApplyTwins(ctx,
				[]g.Event{
					reading(1, d.device["a"].ID, at, 1),
					reading(2, d.device["b"].ID, at.Add(30*time.Second), 1),
				}))
		if got := must[[]g.DeviceID](t)(d.sys.Fleet.MarkStale(ctx, at.Add(61*time.Second))); len(got) != 0 {
			t.Errorf("got %v at 60 s after the reading came, want none", got)
		}
		got := must[[]g.DeviceID](t)(d.sys.Fleet.MarkStale(ctx, at.Add(62*time.Second)))
		if diff := cmp.Diff([]g.DeviceID{d.device["a"].ID}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got := must[[]g.DeviceID](t)(d.sys.Fleet.MarkStale(ctx, at.Add(62*time.Second))); len(got) != 0 {
			t.Errorf("got %v again, want none", got)
		}
		// The event is in the same transaction: a crash loses neither.
		outbox := must[[]registry.OutboxRow](t)(d.sys.Outbox(ctx, 0, 10))
		if len(outbox) != 1 {
			t.Fatalf("%d events in the outbox, want the silent one's", len(outbox))
		}
		if e := outbox[0].Event; e.Device != d.device["a"].ID || e.School != "a" ||
			e.Status == nil || e.Status.State != g.StateOffline ||
			!e.Time.Equal(at.Add(time.Second)) {
			t.Errorf("got %+v, want it offline since it was last heard", e)
		}
		rows, _, err := d.sys.Fleet.Devices(ctx, fleet.DeviceFilter{State: g.StateOffline})
		ok(t, err)
		if len(rows) != 1 || rows[0].Twin.Reason == "" {
			t.Errorf("got %+v, want the silent one with a reason", rows)
		}
		ok(t,
			d.sys.Fleet.ApplyTwins(ctx,
				[]g.Event{reading(3, d.device["a"].ID, at.Add(90*time.Second), 1)}))
		isOnline := func() {
			t.Helper()
			row := must[fleet.DeviceRow](t)(d.sys.Fleet.Device(ctx, d.device["a"].ID))
			if row.Twin.State != g.StateOnline ||
				row.Twin.Reason != "" {
				t.Errorf("got %+v, want it online again", row.Twin)
			}
		}
		isOnline()
		// applied twice
		ok(t,
			d.sys.Fleet.ApplyTwins(ctx,
				[]g.Event{reading(3, d.device["a"].ID, at.Add(90*time.Second), 1)}))
		outbox = must[[]registry.OutboxRow](t)(d.sys.Outbox(ctx, 0, 10))
		if len(outbox) != 2 || outbox[1].Event.Status.State != g.StateOnline ||
			!outbox[1].Event.Time.After(outbox[0].Event.Time) {
			t.Fatalf("got %+v, want one more event: it is online", outbox)
		}
		// In the journal they follow the reading that ended the silence, the first of them twice.
		journalled := []g.Event{outbox[0].Event, outbox[0].Event, outbox[1].Event}
		for i := range journalled {
			journalled[i].Seq = uint64(10 + i)
			ok(t, d.sys.Fleet.ApplyTwins(ctx, journalled[i:i+1]))
			if i < 2 {
				isOnline()
			}
		}
		// Both are journalled once more, much later: meanwhile the device was heard and became
		// silent again, its driver stopped, and it had a fault. None of these states is changed.
		a := d.device["a"].ID
		state := func(seq uint64, s g.DeviceState) g.Event {
			return g.Event{
				Seq:      seq,
				Kind:     g.EventStatus,
				Device:   a,
				Time:     at.Add(200 * time.Second),
				Received: at.Add(200 * time.Second),
				Status:   &g.Status{State: s, Reason: "why"},
			}
		}
		seq := uint64(20)
		for _, before := range []func(){
			func() {
				if got := must[[]g.DeviceID](t)(d.sys.Fleet.MarkStale(ctx, at.Add(190*time.Second))); !slices.Contains(
					got, a) {
					t.Errorf("got %v, want %s silent again", got, a)
				}
			},
			func() { ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{state(seq, g.StateDriverDown)})) },
			func() { ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{state(seq, g.StateFault)})) },
		} {
			before()
			want := must[fleet.DeviceRow](t)(d.sys.Fleet.Device(ctx, a)).Twin
			for _, e := range []g.Event{outbox[0].Event, outbox[1].Event, outbox[0].Event} {
				seq++
				e.Seq, e.Received = seq, at.Add(300*time.Second)
				ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{e}))
				got := must[fleet.DeviceRow](t)(d.sys.Fleet.Device(ctx, a)).Twin
				want.Seq = seq
				if diff := cmp.Diff(want, got,
					cmp.Comparer(func(a, b g.Value) bool { return a == b })); diff != "" {
					t.Errorf("%s: -want +got\n%s", e.ID, diff)
				}
			}
			seq++
		}
		ok(t, d.sys.History.Apply(ctx, journalled))
		log, _, err := d.sys.History.StatusLog(ctx, d.device["a"].ID, registry.Page{})
		ok(t, err)
		if len(log) != 2 || log[0].State != g.StateOnline || log[1].State != g.StateOffline {
			t.Errorf("got %+v, want offline and online, each once", log)
		}
	})
}

func TestDesiredMustFitTheProfile(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v, dev := d.as(d.a, g.RoleFacility), d.device["a"].ID
		wantCode(t, v.Fleet.SetDesired(ctx, dev, "temperature", g.NumberValue(20)), g.Invalid)
		wantCode(t, v.Fleet.SetDesired(ctx, dev, "colour", g.NumberValue(20)), g.Invalid)
		wantCode(t, v.Fleet.SetDesired(ctx, dev, "setpoint", g.NumberValue(1000)), g.Invalid)
		wantCode(t, v.Fleet.SetDesired(ctx, dev, "setpoint", g.StringValue("warm")), g.Invalid)
		ok(t, v.Fleet.SetDesired(ctx, dev, "setpoint", g.NumberValue(20)))
		ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{reading(1, dev, c.now(), 5)}))
		row := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, dev))
		if row.Twin.Desired["setpoint"].Value != g.NumberValue(20) ||
			row.Twin.Reported["temperature"].Value != g.NumberValue(5) {
			t.Errorf("got %+v, want the wish and the reading side by side", row.Twin)
		}
	})
}

func TestDevicesPageAndFilter(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		for _, name := range []string{"100% cotton", "under_score", "Müller", "plain"} {
			_, _, err := d.sys.Fleet.CreateDevice(ctx,
				g.Device{
					School:  "a",
					Profile: "camera",
					Driver:  "camera",
					Name:    name,
					Enabled: name != "plain",
				},
				nil)
			ok(t, err)
		}
		names := func(f fleet.DeviceFilter) (out []string) {
			f.Limit = 2
			for {
				rows, next, err := d.as(d.a, g.RoleAdmin).Fleet.Devices(ctx, f)
				ok(t, err)
				for _, r := range rows {
					out = append(out, r.Name)
				}
				if next == "" {
					slices.Sort(out)
					return out
				}
				f.Cursor = next
			}
		}
		for _, c := range []struct {
			f    fleet.DeviceFilter
			want []string
		}{
			{
				fleet.DeviceFilter{},
				[]string{"100% cotton", "Müller", "Sensor a", "plain", "under_score"},
			},
			{fleet.DeviceFilter{Query: "%"}, []string{"100% cotton"}},
			{fleet.DeviceFilter{Query: "r_S"}, []string{"under_score"}},
			{fleet.DeviceFilter{Query: "sn-A"}, []string{"Sensor a"}},
			{fleet.DeviceFilter{Type: g.TypeSensor}, []string{"Sensor a"}},
			{fleet.DeviceFilter{State: g.StateDisabled}, []string{"plain"}},
			{fleet.DeviceFilter{Zone: d.gate["a"].ID}, []string{"Sensor a"}},
			{
				fleet.DeviceFilter{Driver: "camera", State: g.StateUnknown},
				[]string{"100% cotton", "Müller", "under_score"},
			},
		} {
			if diff := cmp.Diff(c.want, names(c.f)); diff != "" {
				t.Errorf("%+v: -want +got\n%s", c.f, diff)
			}
		}
	})
}

// TestDevicesHangOnOthers: of the same school and never on themselves; what hung on one that is
// deleted hangs on nothing.
func TestDevicesHangOnOthers(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		add := func(school g.SchoolID, id, behind g.DeviceID) error {
			_, _, err := d.sys.Fleet.CreateDevice(ctx, g.Device{
				ID:      id,
				School:  school,
				Profile: "camera",
				Driver:  "camera",
				Name:    string(id),
				Behind:  behind,
				Enabled: true,
			}, nil)
			return err
		}
		ok(t, add("a", "core", ""))
		ok(t, add("a", "switch", "core"))
		ok(t, add("a", "cam", "switch"))
		ok(t, add("b", "elsewhere", ""))
		wantCode(t, add("a", "cam-2", "nowhere"), g.Invalid)
		wantCode(t, add("a", "cam-2", "elsewhere"), g.Invalid)
		core := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, "core")).Device
		core.Behind = "cam"
		wantCode(t, v.Fleet.UpdateDevice(ctx, core, nil), g.Invalid)
		core.Behind = "core"
		wantCode(t, v.Fleet.UpdateDevice(ctx, core, nil), g.Invalid)
		cam := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, "cam")).Device
		if cam.Behind != "switch" {
			t.Errorf("got %q, want switch", cam.Behind)
		}
		cam.Behind = "core"
		ok(t, v.Fleet.UpdateDevice(ctx, cam, nil))
		ok(t, v.Fleet.DeleteDevice(ctx, "core"))
		for _, id := range []g.DeviceID{"cam", "switch"} {
			if got := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, id)); got.Behind != "" {
				t.Errorf("%s: got %q, want nothing", id, got.Behind)
			}
		}
		before := g.DeviceID("")
		for i := range g.MaxBehind + 1 {
			id := g.DeviceID("row-" + string(rune('a'+i)))
			ok(t, add("a", id, before))
			before = id
		}
		wantCode(t, add("a", "row-z", before), g.Invalid)
	})
}
