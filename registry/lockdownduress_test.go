package registry_test

import (
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// TestAnAllClearUnderDuress: who has codes gives no all-clear without one. With the other code the
// lockdown looks over to them alone: it stands, its doors stay locked, the others get a silent
// critical alert, and nothing shows that to whoever gave it or to a screen. A second person can end
// it in truth.
func TestAnAllClearUnderDuress(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		chen, chens := person(t, d, "chen")
		wang, wangs := person(t, d, "wang")
		zhao, zhaos := person(t, d, "zhao")
		l, err := chens.Lockdown.Raise(ctx, lockdown.Order{School: "a", Level: g.LevelLockdown, By: chen})
		ok(t, err)

		for _, codes := range [][2]string{{"123", "4711"}, {"4711", "47a1"}, {"4711", "4711"}, {"4711", ""}} {
			err := wangs.Lockdown.SetClearCodes(ctx, wang, codes[0], codes[1])
			wantCode(t, err, g.Invalid)
		}
		ok(t, wangs.Lockdown.SetClearCodes(ctx, wang, "4711", "1174"))
		end := allClear(l.ID, l.Version, wang, "all is well")
		_, err = wangs.Lockdown.Clear(ctx, end)
		wantReason(t, err, "code_needed")
		end.Code = "0000"
		for range 5 {
			_, err = wangs.Lockdown.Clear(ctx, end)
			wantReason(t, err, "code_wrong")
		}
		end.Code = "1174"
		_, err = wangs.Lockdown.Clear(ctx, end)
		wantCode(t, err, g.RateLimited)
		c.add(2 * time.Minute)

		before := orders(t, d, l.ID)
		drain(t, d)
		got, err := wangs.Lockdown.Clear(ctx, end)
		ok(t, err)
		if got.Cleared.IsZero() || got.ClearedBy != wang.ID || got.ClearNote != "all is well" {
			t.Errorf("got %+v, want it to look over", got)
		}
		sees := func(who string, v *registry.View, stands bool) {
			t.Helper()
			all, err := v.Lockdown.Standing(ctx, "a")
			ok(t, err)
			one, err := v.Lockdown.Find(ctx, l.ID)
			ok(t, err)
			listed, _, err := v.Lockdown.List(ctx, lockdown.Filter{School: "a"})
			ok(t, err)
			if (len(all) == 1) != stands || one.Cleared.IsZero() != stands || listed[0].Cleared.IsZero() != stands {
				t.Errorf("%s: got %+v, %+v, want it to stand: %t", who, all, one, stands)
			}
		}
		sees("who was made to", wangs, false)
		sees("a colleague", zhaos, true)
		sees("the gateway", d.sys, true)
		if now := orders(t, d, l.ID); len(now) != len(before) || now["door-1 lock"] != before["door-1 lock"] {
			t.Errorf("got %v, want the commands as they were: %v", now, before)
		}
		screen := d.r.In(g.Scope{School: "a", Actor: "key_1 screen", Permissions: []g.Permission{g.AlertsRead}})
		silent := func(v *registry.View) (found []g.Alert) {
			t.Helper()
			rows, _, err := v.Alerts.List(ctx, alerts.Filter{School: "a"})
			ok(t, err)
			wall, err := v.Alerts.Wall(ctx, alerts.WallFilter{School: "a"})
			ok(t, err)
			open := 0
			for _, a := range rows {
				if a.Unresolved() {
					open++
				}
			}
			if len(wall.Items) != open || wall.Open.Critical != open {
				t.Errorf("got %d on the wall, %+v counted and %d in the list", len(wall.Items), wall.Open, open)
			}
			for _, a := range rows {
				if a.Rule == g.DuressRule(wang.ID) {
					found = append(found, a.Alert)
				}
			}
			return found
		}
		told := silent(zhaos)
		if len(told) != 1 || told[0].Severity != g.Critical || told[0].Audible || !told[0].Unresolved() {
			t.Fatalf("a colleague got %+v, want a critical alert without a sound", told)
		}
		if silent(wangs) != nil || silent(screen) != nil {
			t.Error("who was made to, or a screen, is shown the silent alert")
		}
		_, err = wangs.Alerts.Find(ctx, told[0].ID)
		wantCode(t, err, g.NotFound)
		// the alert of the level looks resolved by them, and to nobody else
		looks := func(v *registry.View, states ...g.AlertState) (found alerts.AlertRow) {
			t.Helper()
			rows, _, err := v.Alerts.List(ctx, alerts.Filter{School: "a", States: states})
			ok(t, err)
			for _, a := range rows {
				if a.ID == l.Alert {
					found = a
				}
			}
			return found
		}
		for who, a := range map[string]alerts.AlertRow{
			"in the list":    looks(wangs),
			"among resolved": looks(wangs, g.AlertResolved),
			"alone":          must[alerts.AlertRow](t)(wangs.Alerts.Find(ctx, l.Alert)),
		} {
			if a.State != g.AlertResolved || a.Firing || a.Resolver != wang.ID {
				t.Errorf("%s: got %+v, want it resolved by wang", who, a)
			}
		}
		if a := looks(wangs, g.AlertOpen, g.AlertAcknowledged); a.ID != "" {
			t.Errorf("among those that are open: got %+v", a)
		}
		for who, v := range map[string]*registry.View{"a colleague": zhaos, "the gateway": d.sys} {
			if a := looks(v, g.AlertOpen); a.ID == "" || !a.Firing {
				t.Errorf("%s: got %+v, want it open", who, a)
			}
		}
		if !must[bool](t)(wangs.Alerts.LooksOver(ctx, l.Alert)) || must[bool](t)(zhaos.Alerts.LooksOver(ctx, l.Alert)) {
			t.Error("want it over for wang alone")
		}
		if got := must[[]g.UserID](t)(d.sys.Alerts.Feigned(ctx, l.Alert)); !slices.Equal(got, []g.UserID{wang.ID}) {
			t.Errorf("got %v, want no letter to wang", got)
		}
		for _, e := range drain(t, d) {
			if e.Lockdown != nil {
				t.Errorf("got the event %+v, want none: nothing has changed", e.Lockdown)
			}
		}
		if got := audited(t, d, "lockdown.duress"); len(got) != 1 {
			t.Errorf("got %+v, want it in the audit log", got)
		}

		over, err := zhaos.Lockdown.Clear(ctx, allClear(l.ID, l.Version, zhao, ""))
		ok(t, err)
		if over.ClearedBy != zhao.ID {
			t.Errorf("got %+v, want zhao to have ended it in truth", over)
		}
		sees("a colleague", zhaos, false)
		if a := looks(zhaos); a.State != g.AlertResolved || a.Resolver != zhao.ID {
			t.Errorf("got %+v, want it resolved by zhao", a)
		}
		if got := must[[]g.UserID](t)(d.sys.Alerts.Feigned(ctx, l.Alert)); len(got) != 0 {
			t.Errorf("got %v, want no feint left", got)
		}
		// the right code, and none once they are taken back
		l, err = chens.Lockdown.Raise(ctx, lockdown.Order{School: "a", Level: g.LevelLockdown, By: chen})
		ok(t, err)
		end = allClear(l.ID, l.Version, wang, "")
		end.Code = "4711"
		must[g.Lockdown](t)(wangs.Lockdown.Clear(ctx, end))
		sees("a colleague", zhaos, false)
	})
}
