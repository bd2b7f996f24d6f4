package registry_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// TestTheWallIsGathered: hundreds of devices that are silent behind one driver are one line, two
// fires of one incident are one, and another stranger is another stranger.
func TestTheWallIsGathered(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		var all []g.Alert
		add := func(a g.Alert) {
			a.ID = g.AlertID(fmt.Sprintf("alt_%03d", len(all)))
			a.School, a.Opened, a.Count = "a", c.now(), 1
			all = append(all, a)
		}
		for range 300 {
			add(g.Alert{
				Rule:     "sensor-silent",
				Severity: g.Warning,
				Device:   x.device["a"].ID,
				Zone:     x.gate["a"].ID,
				Firing:   true,
			})
		}
		add(g.Alert{Rule: "sensor-silent", Severity: g.Warning, Device: "dev_gone", Firing: true})
		for _, zone := range []g.ZoneID{x.gate["a"].ID, "zon_lab"} {
			add(g.Alert{Rule: "fire", Severity: g.Critical, Zone: zone, Incident: "inc_1", Firing: true})
		}
		add(g.Alert{Rule: "fire", Severity: g.Critical, Zone: "zon_other", Firing: true})
		for _, id := range []g.SightingID{"sgt_1", "sgt_2"} {
			add(g.Alert{Rule: "stranger", Severity: g.Major, Sighting: id, Zone: x.gate["a"].ID})
		}
		ok(t, x.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 1, Alerts: all}))
		done, err := x.v.Alerts.Do(ctx, alerts.Batch{
			Deed: alerts.ToAcknowledge,
			IDs:  []g.AlertID{"alt_001", "alt_305"},
		}, x.lin)
		ok(t, err)
		if done.Outcomes[1].Err != nil {
			t.Fatal(done.Outcomes[1].Err)
		}
		read := func(f alerts.WallFilter) alerts.Wall {
			t.Helper()
			w, err := x.v.Alerts.Wall(ctx, f)
			ok(t, err)
			return w
		}
		w := read(alerts.WallFilter{Group: alerts.ByCause})
		var got []string
		for _, one := range w.Groups {
			got = append(got, fmt.Sprintf("%s %d of %d fire, %d waiting, %d rooms, %s %s",
				one.Severity, one.Firing, one.Count, one.Unacknowledged, len(one.Zones), one.Driver,
				one.Alert.Rule))
		}
		want := []string{
			"critical 1 of 1 fire, 1 waiting, 1 rooms,  fire",
			"critical 2 of 2 fire, 2 waiting, 2 rooms,  fire",
			"major 0 of 1 fire, 1 waiting, 1 rooms,  stranger",
			"major 0 of 1 fire, 0 waiting, 1 rooms,  stranger",
			fmt.Sprintf("warning 300 of 300 fire, 299 waiting, 1 rooms, %s sensor-silent",
				x.device["a"].Driver),
			"warning 1 of 1 fire, 1 waiting, 0 rooms,  sensor-silent",
		}
		if len(got) > 4 && got[4] != want[4] {
			got[4], got[5] = got[5], got[4] // which was raised last, of two at the same time
		}
		if diff := cmp.Diff(want, got); diff != "" || w.GroupCount != 6 || len(w.Items) != 0 {
			t.Errorf("%d groups; -want +got\n%s", w.GroupCount, diff)
		}
		if sum := w.Open.Warning + w.Acknowledged.Warning; sum != 301 {
			t.Errorf("got %d warnings in all, want 301", sum)
		}
		key := ""
		for _, one := range w.Groups {
			if one.Count == 300 {
				key = one.Key
			}
		}
		list := read(alerts.WallFilter{Group: alerts.ByCause, Key: key, Limit: 1000})
		if len(list.Items) != 300 || list.Items[0].DeviceName == "" {
			t.Errorf("got %d alerts of the group, want 300 with names", len(list.Items))
		}
		if n := len(read(alerts.WallFilter{Group: alerts.ByRule}).Groups); n != 3 {
			t.Errorf("got %d groups by rule, want 3", n)
		}
		w = read(alerts.WallFilter{Group: alerts.ByRoom, Limit: 1})
		if len(w.Groups) != 1 || w.GroupCount != 4 {
			t.Errorf("got %d of %d groups by room, want 1 of 4", len(w.Groups), w.GroupCount)
		}
		none := read(alerts.WallFilter{Group: alerts.ByCause, Key: "rule:none"})
		if len(none.Items) != 0 {
			t.Errorf("got %d alerts of a group that is not there", len(none.Items))
		}
		_, err = x.v.Alerts.Wall(ctx, alerts.WallFilter{Group: "colour"})
		wantCode(t, err, g.Invalid)
	})
}

// BenchmarkAcknowledge: one alert, and 500 at once, with 2,000 on the wall.
func BenchmarkAcknowledge(b *testing.B) {
	for _, n := range []int{1, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchAcknowledge(b, n) })
	}
}

func benchAcknowledge(b *testing.B, n int) {
	const open = 2000
	r, sys, c := crowd(b, 0, 0)
	ctx := b.Context()
	v := r.In(g.Scope{
		School:      "a",
		Actor:       "usr_bench guard",
		Permissions: g.RoleSecurity.Permissions(),
	})
	var ids []g.AlertID
	var all []g.Alert
	for i := range open {
		ids = append(ids, g.AlertID(fmt.Sprintf("alt_%04d", i)))
		all = append(all, g.Alert{
			ID:       ids[i],
			School:   "a",
			Rule:     "r",
			Severity: g.Major,
			Title:    "Smoke",
			Opened:   c.now(),
			Firing:   true,
		})
	}
	if err := sys.Alerts.Apply(ctx, alerts.Effects{Seq: 1, Alerts: all}); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		from := i % (open / n) * n
		batch := alerts.Batch{Deed: alerts.ToAcknowledge, IDs: ids[from : from+n]}
		if i/(open/n)%2 == 1 {
			batch.Deed = alerts.ToUnacknowledge
		}
		done, err := v.Alerts.Do(ctx, batch, g.User{})
		if err != nil || done.Outcomes[0].Err != nil {
			b.Fatal(err, done.Outcomes[0].Err)
		}
	}
}
