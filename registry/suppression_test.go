package registry_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// follow looks at what is due of shelves and windows, as the gateway does once a second.
func (x *desk) follow() {
	x.t.Helper()
	for {
		n := must[int](x.t)(x.sys.Alerts.FollowSuppressions(x.t.Context(), x.c.now()))
		if n == 0 {
			return
		}
	}
}

// raises is an alert of a rule at a device that fires since now.
func (x *desk) raises(id g.AlertID, rule g.RuleID, device g.DeviceID, s g.Severity) g.Alert {
	x.t.Helper()
	return x.finds(g.Alert{
		ID:       id,
		School:   "a",
		Rule:     rule,
		Severity: s,
		Title:    "Battery",
		Device:   device,
		Zone:     x.gate["a"].ID,
		Firing:   true,
		Count:    1,
		Opened:   x.c.now(),
	})
}

func (x *desk) window(s g.Suppression) alerts.SuppressionRow {
	x.t.Helper()
	s.School, s.Reason = "a", "the UPS is serviced"
	return must[alerts.SuppressionRow](x.t)(x.v.Alerts.PutWindow(x.t.Context(), s, x.lin))
}

func (x *desk) hidden() alerts.Hidden {
	x.t.Helper()
	w, err := x.v.Alerts.Wall(x.t.Context(), alerts.WallFilter{})
	ok(x.t, err)
	return w.Hidden
}

func (x *desk) history(id g.AlertID) (out []alerts.What) {
	x.t.Helper()
	all, _, err := x.v.Alerts.History(x.t.Context(), id, 0)
	ok(x.t, err)
	for _, e := range all {
		out = append(out, e.What)
	}
	return out
}

// TestShelf: what is shelved leaves the wall and is counted apart, with whatever the same rule finds
// at the same device, and is told again at the shelf's end if it still fires.
func TestShelf(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		ups := x.raises("alt_ups", "battery", x.device["a"].ID, g.Major)
		x.fires("alt_fire", g.Critical)
		_, err := x.v.Alerts.Shelve(ctx, "alt_ups", 1, x.lin, time.Hour, "..")
		wantCode(t, err, g.Invalid)
		_, err = x.v.Alerts.Shelve(ctx, "alt_ups", 1, x.lin, 25*time.Hour, "serviced on Monday")
		wantCode(t, err, g.Invalid)
		a := must[g.Alert](t)(
			x.v.Alerts.Shelve(ctx, "alt_ups", 1, x.lin, time.Hour, "serviced on Monday"))
		want := g.Hiding{
			Suppression: a.Hidden.Suppression,
			Kind:        g.Shelf,
			Reason:      "serviced on Monday",
			By:          x.lin.ID,
			ByName:      "Lin Feng",
			Since:       c.now(),
			Until:       c.now().Add(time.Hour),
			Set:         c.now(),
		}
		if diff := cmp.Diff(want, a.Hidden); diff != "" || a.OnWall() || a.Unanswered() {
			t.Errorf("-want +got\n%s", diff)
		}
		x.wantWall("with the UPS shelved", "alt_fire")
		if got := x.hidden(); got.Shelf.Major != 1 || got.Window.Major != 0 {
			t.Errorf("got %+v, want one major alert shelved", got)
		}
		x.follow()
		c.add(time.Minute)
		x.ends(ups)
		if a := x.find("alt_ups"); a.State != g.AlertResolved || a.ResolverName != "" ||
			a.Hidden.Reason != "serviced on Monday" {
			t.Errorf("got %+v, want it resolved by itself, with the reason why nobody was told", a)
		}
		x.raises("alt_again", "battery", x.device["a"].ID, g.Major)
		x.raises("alt_other", "heat", x.device["a"].ID, g.Major)
		x.wantWall("when the same fires again", "alt_fire", "alt_other")
		c.add(58 * time.Minute)
		x.follow()
		x.wantWall("until the end", "alt_fire", "alt_other")
		c.add(time.Minute)
		x.follow()
		x.wantWall("at the end", "alt_fire", "alt_other", "alt_again")
		a = x.find("alt_again")
		if a.Retold != 1 || a.RetoldWhy != g.Returned || !a.RetoldAt.Equal(want.Until) ||
			a.Hidden != (g.Hiding{}) {
			t.Errorf("got %+v, want it told again when the shelf ended", a)
		}
		if diff := cmp.Diff([]alerts.What{alerts.WasRaised, alerts.WasHidden, alerts.HasReturned},
			x.history("alt_again")); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestShelvesOfWhatIsCritical: a guard shelves no fire; who may does for an hour; what rises above
// what was shelved comes back at once; and a shelf ends by hand.
func TestShelvesOfWhatIsCritical(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.fires("alt_fire", g.Critical)
		_, err := x.v.Alerts.Shelve(ctx, "alt_fire", 1, x.lin, time.Minute, "a broken detector")
		wantCode(t, err, g.Forbidden)
		boss := x.as(x.a, g.RoleAdmin)
		_, err = boss.Alerts.Shelve(ctx, "alt_fire", 1, x.lin, 61*time.Minute, "a broken detector")
		wantCode(t, err, g.Invalid)
		a := must[g.Alert](t)(
			boss.Alerts.Shelve(ctx, "alt_fire", 1, x.lin, time.Hour, "a broken detector"))
		must[g.Alert](t)(x.v.Alerts.Unshelve(ctx, "alt_fire", a.Version, x.wei, "it smokes"))
		if a := x.find("alt_fire"); a.Retold != 1 || a.RetoldWhy != g.Returned {
			t.Errorf("got %+v, want it told again", a)
		}
		_, err = x.v.Alerts.Unshelve(ctx, "alt_fire", alerts.AnyVersion, x.wei, "")
		wantCode(t, err, g.Conflict)
		leak := x.raises("alt_leak", "leak", x.device["a"].ID, g.Warning)
		must[g.Alert](t)(
			x.v.Alerts.Shelve(ctx, "alt_leak", 1, x.lin, time.Hour, "the tap is known"))
		x.wantWall("with the leak shelved", "alt_fire")
		c.add(time.Minute)
		leak.Severity = g.Major
		x.finds(leak)
		x.wantWall("when it became worse", "alt_fire", "alt_leak")
		if a := x.find("alt_leak"); a.Retold != 1 || a.RetoldWhy != g.Risen {
			t.Errorf("got %+v, want it told again once", a)
		}
		seen := x.finds(g.Alert{ID: "alt_him", School: "a", Rule: "stranger", Severity: g.Major,
			Device: x.device["a"].ID, Sighting: "sgt_1", Count: 1, Opened: c.now()})
		must[g.Alert](t)(x.v.Alerts.Shelve(ctx, seen.ID, 1, x.lin, time.Hour, "a new teacher"))
		x.finds(g.Alert{ID: "alt_her", School: "a", Rule: "stranger", Severity: g.Major,
			Device: x.device["a"].ID, Sighting: "sgt_2", Count: 1, Opened: c.now()})
		x.wantWall("with another stranger", "alt_fire", "alt_her", "alt_leak")
		c.add(-2 * time.Hour)
		x.follow()
		x.wantWall("with the clock set back", "alt_fire", "alt_him", "alt_her", "alt_leak")
		c.add(2*time.Hour + time.Minute)
		x.follow()
		x.wantWall("and ahead again", "alt_fire", "alt_him", "alt_her", "alt_leak")
	})
}

// TestWindow: a window hides what it names and not the fire beside it; what fired and ended within
// it is kept; what still holds at its end is told then.
func TestWindow(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		device := x.device["a"].ID
		x.raises("alt_before", "battery", device, g.Warning)
		w := x.window(g.Suppression{
			From:    c.now().Add(time.Hour),
			Until:   c.now().Add(3 * time.Hour),
			Devices: []g.DeviceID{device},
		})
		if w.State != alerts.Planned || !w.HoldsNext.Equal(w.From) || w.UpTo != g.Major {
			t.Errorf("got %+v, want it planned", w)
		}
		x.follow()
		x.wantWall("before the window", "alt_before")
		c.add(time.Hour)
		x.follow()
		x.wantWall("when it begins")
		load := x.raises("alt_load", "load", device, g.Major)
		x.raises("alt_fire", "fire", device, g.Critical)
		x.fires("alt_smoke", g.Major)
		x.wantWall("with a fire at the UPS and smoke elsewhere", "alt_fire", "alt_smoke")
		if got := x.hidden(); got.Window.Major != 1 || got.Window.Warning != 1 {
			t.Errorf("got %+v, want both counted", got)
		}
		w = must[alerts.SuppressionRow](t)(x.v.Alerts.Suppression(ctx, w.ID))
		if w.State != alerts.Active || w.Hides != 2 || w.Hid != 2 || !w.HoldsUntil.Equal(w.Until) {
			t.Errorf("got %+v, want it to hide two", w)
		}
		hiding := must[[]alerts.SuppressionRow](t)(x.v.Alerts.Hiding(ctx, load, c.now()))
		if len(hiding) != 1 || hiding[0].ID != w.ID {
			t.Errorf("got %+v, want the window", hiding)
		}
		c.add(time.Minute)
		x.ends(load)
		c.add(2 * time.Hour)
		x.follow()
		x.wantWall("at the end", "alt_fire", "alt_smoke", "alt_before")
		if a := x.find("alt_before"); a.RetoldWhy != g.Returned || !a.RetoldAt.Equal(w.Until) {
			t.Errorf("got %+v, want it told when the window ended", a)
		}
		rows, _, err := x.v.Alerts.List(ctx, alerts.Filter{Suppression: w.ID})
		ok(t, err)
		if len(rows) != 2 || rows[0].ID != "alt_load" || rows[0].State != g.AlertResolved ||
			rows[0].Hidden.Reason != "the UPS is serviced" {
			t.Errorf("got %+v, want what the window hid, with the reason", rows)
		}
	})
}

// TestWindowsChange: windows overlap, are edited and ended early, and devices are carried out of
// their rooms.
func TestWindowsChange(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		device, room := x.device["a"].ID, x.gate["a"].ID
		hour := func(n int) time.Time { return c.now().Add(time.Duration(n) * time.Hour) }
		first := x.window(g.Suppression{Until: hour(1), Zones: []g.ZoneID{room}})
		second := x.window(g.Suppression{Until: hour(2), Devices: []g.DeviceID{device},
			Properties: []string{"battery"}})
		a := g.Alert{ID: "alt_ups", School: "a", Rule: "battery", Severity: g.Major, Device: device,
			Zone: room, Firing: true, Count: 1, Opened: c.now(),
			Values: map[string]g.Value{"battery": g.NumberValue(7)}}
		x.finds(a)
		x.raises("alt_heat", "heat", device, g.Major)
		x.wantWall("in two windows")
		c.add(time.Hour)
		x.follow()
		x.wantWall("in one window", "alt_heat")
		if a := x.find("alt_ups"); a.Hidden.Suppression != second.ID || a.Retold != 0 {
			t.Errorf("got %+v, want the other window to hide it, and nobody told", a)
		}
		_, err := x.v.Alerts.PutWindow(ctx, first.Suppression, x.lin)
		wantCode(t, err, g.Conflict)
		second.Until = hour(5)
		longer := must[alerts.SuppressionRow](t)(x.v.Alerts.PutWindow(ctx, second.Suppression, x.wei))
		if !longer.From.Equal(second.From) || longer.ByName != "Lin Feng" || longer.Version != 2 {
			t.Errorf("got %+v, want it longer and otherwise as it was", longer)
		}
		c.add(2 * time.Hour)
		x.follow()
		x.wantWall("in the longer window", "alt_heat")
		must[alerts.SuppressionRow](t)(x.v.Alerts.EndSuppression(ctx, second.ID, x.wei))
		ended := c.now()
		c.add(time.Minute)
		x.follow()
		x.wantWall("after it was ended", "alt_ups", "alt_heat")
		if a := x.find("alt_ups"); !a.RetoldAt.Equal(ended) || a.Retold != 1 {
			t.Errorf("got %+v, want it told when the window was ended", a)
		}
		_, err = x.v.Alerts.EndSuppression(ctx, second.ID, x.wei)
		wantCode(t, err, g.Conflict)
		third := x.window(g.Suppression{Until: hour(2), Zones: []g.ZoneID{room}})
		x.follow()
		x.wantWall("with the room worked on")
		boss := x.as(x.a, g.RoleAdmin)
		hall := must[g.Zone](t)(boss.Deeds.PutZone(ctx,
			g.Zone{School: "a", Building: x.gate["a"].Building, Name: "Hall", Kind: g.ZoneCorridor}))
		d := x.device["a"]
		d.Zone = hall.ID
		ok(t, boss.Fleet.UpdateDevice(ctx, d, nil))
		ok(t, x.sys.Alerts.DevicesMoved(ctx))
		x.follow()
		x.wantWall("with the UPS in the hall", "alt_ups", "alt_heat")
		cancelled := x.window(g.Suppression{From: hour(3), Until: hour(4), Zones: []g.ZoneID{hall.ID}})
		must[alerts.SuppressionRow](t)(x.v.Alerts.EndSuppression(ctx, cancelled.ID, x.wei))
		rows, _, err := x.v.Alerts.Suppressions(ctx, alerts.SuppressionFilter{State: alerts.Over})
		ok(t, err)
		if len(rows) != 3 || rows[0].ID != cancelled.ID || rows[0].State != alerts.Over {
			t.Errorf("got %+v, want three that are over", rows)
		}
		rows, _, err = x.v.Alerts.Suppressions(ctx, alerts.SuppressionFilter{State: alerts.Active})
		ok(t, err)
		if len(rows) != 1 || rows[0].ID != third.ID {
			t.Errorf("got %+v, want one that holds", rows)
		}
	})
}

// TestWindowsAreBounded: a window hides neither everything nor what is critical at random.
func TestWindowsAreBounded(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		good := g.Suppression{School: "a", Reason: "the UPS is serviced",
			Until: c.now().Add(time.Hour), Devices: []g.DeviceID{x.device["a"].ID}}
		for field, spoil := range map[string]func(*g.Suppression){
			"reason":     func(s *g.Suppression) { s.Reason = "x" },
			"until":      func(s *g.Suppression) { s.Until = c.now() },
			"devices":    func(s *g.Suppression) { s.Devices = nil },
			"devices[0]": func(s *g.Suppression) { s.Devices = []g.DeviceID{x.device["b"].ID} },
			"zones[0]":   func(s *g.Suppression) { s.Zones = []g.ZoneID{x.gate["b"].ID} },
			"up_to":      func(s *g.Suppression) { s.UpTo = "fatal" },
			"weekly": func(s *g.Suppression) {
				s.Weekly = &g.WeeklyHours{Start: "22:00", End: "22:00"}
			},
			"buildings[0]": func(s *g.Suppression) { s.Buildings = []g.BuildingID{"bld_none"} },
		} {
			bad := good
			spoil(&bad)
			_, err := x.v.Alerts.PutWindow(ctx, bad, x.lin)
			wantField(t, err, field)
		}
		long := good
		long.Until = c.now().Add(31 * 24 * time.Hour)
		_, err := x.v.Alerts.PutWindow(ctx, long, x.lin)
		wantField(t, err, "until")
		good.UpTo = g.Critical
		_, err = x.v.Alerts.PutWindow(ctx, good, x.lin)
		wantCode(t, err, g.Forbidden)
		boss := x.as(x.a, g.RoleAdmin)
		must[alerts.SuppressionRow](t)(boss.Alerts.PutWindow(ctx, good, x.lin))
		good.Devices, good.Zones = nil, []g.ZoneID{x.gate["a"].ID}
		_, err = boss.Alerts.PutWindow(ctx, good, x.lin)
		wantField(t, err, "up_to")
	})
}

// TestWeeklyWindow: the pump is tested each Monday night, over midnight.
func TestWeeklyWindow(t *testing.T) {
	c := newClock()
	x := newDesk(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	loc := x.a.Location()
	at := func(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, loc) }
	c.add(at(7, 12).Sub(c.now())) // a Monday
	w := x.window(g.Suppression{
		Until:   c.now().Add(30 * 24 * time.Hour),
		Weekly:  &g.WeeklyHours{Days: []g.Weekday{"mon"}, Start: "22:00", End: "02:00"},
		Devices: []g.DeviceID{x.device["a"].ID},
	})
	if !w.HoldsNext.Equal(at(7, 22)) || w.State != alerts.Active {
		t.Errorf("got %+v, want it to hold tonight", w)
	}
	x.raises("alt_pump", "pump", x.device["a"].ID, g.Major)
	for _, step := range []struct {
		at   time.Time
		wall []g.AlertID
	}{
		{at(7, 21), []g.AlertID{"alt_pump"}},
		{at(7, 22), nil},
		{at(8, 1), nil},
		{at(8, 2), []g.AlertID{"alt_pump"}},
		{at(13, 23), []g.AlertID{"alt_pump"}},
		{at(14, 23), nil},
		{at(15, 3), []g.AlertID{"alt_pump"}},
	} {
		c.add(step.at.Sub(c.now()))
		x.follow()
		x.wantWall(step.at.String(), step.wall...)
	}
	if a := x.find("alt_pump"); a.Retold != 2 || !a.RetoldAt.Equal(at(15, 2)) {
		t.Errorf("got %+v, want it told again after each night", a)
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	e, _ := errors.AsType[*g.Error](err)
	if e == nil || e.Code != g.Invalid || e.Field != field {
		t.Errorf("got %v, want the field %s refused", err, field)
	}
}
