package registry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// TestWeakDevicesAreFoundAndCounted: a weakness is kept through statuses without one, and deleted
// when the device's address changes; unreported is not WeakNone.
func TestWeakDevicesAreFoundAndCounted(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleAdmin)
		dev, _, err := v.Fleet.CreateDevice(ctx, g.Device{
			School:  "a",
			Profile: "sensor", Driver: "zkteco", Name: "Gate", Serial: "S1", Enabled: true,
		}, nil)
		ok(t, err)
		old := must[map[g.Weakness]int](t)(v.Fleet.WeakCounts(ctx, "a"))
		seq := uint64(0)
		said := func(s g.Status, replayed bool) {
			t.Helper()
			seq++
			ok(t, d.sys.Fleet.ApplyTwins(ctx, []g.Event{{
				Seq: seq, Kind: g.EventStatus, Device: dev.ID, Time: c.now(), Received: c.now(),
				Replayed: replayed,
				Status:   &s}}))
		}
		is := func(want g.Weakness) {
			t.Helper()
			if got := must[fleet.DeviceRow](t)(v.Fleet.Device(ctx, dev.ID)).Twin.Weak; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		found := func(f fleet.WeakFilter) bool {
			t.Helper()
			rows, _, err := v.Fleet.Devices(ctx, fleet.DeviceFilter{Weak: f})
			ok(t, err)
			for _, r := range rows {
				if r.ID == dev.ID {
					return true
				}
			}
			return false
		}
		finds := func(want ...fleet.WeakFilter) {
			t.Helper()
			var got []fleet.WeakFilter
			for _, f := range []fleet.WeakFilter{
				"serial_only", "no_password", "plain_text", "none", fleet.AnyWeak,
				fleet.WeakUnknown,
			} {
				if found(f) {
					got = append(got, f)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("found by, -want +got\n%s", diff)
			}
		}
		is("")
		finds(fleet.WeakUnknown)
		said(g.Status{State: g.StateOnline, Weak: g.WeakSerialOnly}, false)
		said(g.Status{State: g.StateOffline, Reason: "gone"}, false)
		said(g.Status{State: g.StateOnline, Weak: g.WeakNone}, true)
		is(g.WeakSerialOnly)
		finds("serial_only", fleet.AnyWeak)
		want := map[g.Weakness]int{"serial_only": 1}
		if n := old["unknown"] - 1; n > 0 {
			want["unknown"] = n
		}
		if diff := cmp.Diff(want, must[map[g.Weakness]int](t)(v.Fleet.WeakCounts(ctx, "a"))); diff != "" {
			t.Errorf("counted, -want +got\n%s", diff)
		}
		dev.Name = "another name"
		ok(t, v.Fleet.UpdateDevice(ctx, dev, nil))
		is(g.WeakSerialOnly)
		ok(t, v.Fleet.UpdateDevice(ctx, dev, map[string]string{"token": "f3b19c0d2e7a"}))
		is("")
		said(g.Status{State: g.StateOnline, Weak: g.WeakPlainText}, false)
		finds("plain_text", fleet.AnyWeak)
		dev.Enabled = false
		ok(t, v.Fleet.UpdateDevice(ctx, dev, nil))
		finds()
		dev.Enabled = true
		dev.Driver = "camera"
		ok(t, v.Fleet.UpdateDevice(ctx, dev, map[string]string{"token": ""}))
		is("")
		finds(fleet.WeakUnknown)
	})
}
