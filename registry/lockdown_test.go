package registry_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/lockdown"
)

// doors gives school a two doors and a gas extinguisher, whose action cannot be taken back.
func doors(t *testing.T, d *district) {
	t.Helper()
	ctx := t.Context()
	ok(t, d.sys.Fleet.PutProfile(ctx, g.Profile{
		ID:    "door",
		Title: "Door",
		Type:  g.TypeTerminal,
		Actions: map[string]g.Action{
			"lock":   {Idempotent: true},
			"unlock": {Idempotent: true},
		},
	}))
	ok(t, d.sys.Fleet.PutProfile(ctx, g.Profile{
		ID:      "gas",
		Title:   "Gas",
		Type:    g.TypeOther,
		Actions: map[string]g.Action{"release": {Irreversible: true}},
	}))
	for id, profile := range map[g.DeviceID]g.ProfileID{
		"door-1": "door", "door-2": "door", "gas-1": "gas",
	} {
		_, _, err := d.sys.Fleet.CreateDevice(ctx, g.Device{
			ID:      id,
			School:  "a",
			Zone:    d.gate["a"].ID,
			Profile: profile,
			Driver:  "zkteco",
			Name:    string(id),
			Serial:  string(id),
			Enabled: true,
		}, nil)
		ok(t, err)
	}
}

// person is a user of school a and what they see.
func person(t *testing.T, d *district, name string) (g.User, *registry.View) {
	t.Helper()
	u := must[g.User](t)(d.sys.Access.CreateUser(t.Context(), g.User{
		School:   "a",
		Name:     name,
		FullName: name,
		Role:     g.RoleSecurity,
		Language: "en",
	}, "correct horse battery"))
	return u, d.r.In(g.Scope{
		School:      "a",
		Actor:       string(u.ID) + " " + name,
		Permissions: g.RoleSecurity.Permissions(),
	})
}

func lockLevel(version int) g.ThreatLevel {
	return g.ThreatLevel{
		ID:       g.LevelLockdown,
		School:   "a",
		Title:    "Lockdown",
		Severity: g.Critical,
		Raise:    []g.LevelAction{{Action: "lock"}, {Action: "lock", Type: g.TypeTerminal}, {Action: "release"}},
		Clear:    []g.LevelAction{{Action: "unlock"}},
		Version:  version,
	}
}

func staff() g.LevelMessage { return g.LevelMessage{Kinds: []g.PersonKind{g.Staff}} }

// orders are what a lockdown commanded, by device and action, with the states.
func orders(t *testing.T, d *district, id g.LockdownID) map[string]g.CommandState {
	t.Helper()
	rows, _, err := d.sys.Fleet.CommandsOf(t.Context(), fleet.CommandFilter{Lockdown: id})
	ok(t, err)
	out := map[string]g.CommandState{}
	for _, c := range rows {
		out[string(c.Device)+" "+c.Action] = c.State
	}
	return out
}

func TestADrillFromRaiseToAllClear(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		chen, chens := person(t, d, "chen")
		wang, wangs := person(t, d, "wang")
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		drain(t, d)

		l, err := chens.Lockdown.Raise(ctx, lockdown.Order{
			School: "a",
			Level:  g.LevelLockdown,
			Drill:  true,
			By:     chen,
		})
		ok(t, err)
		if l.Commands != 2 || l.Spared != 1 || l.RaisedBy != chen.ID || !l.Drill {
			t.Errorf("got %+v, want two doors locked, the gas spared", l)
		}
		want := map[string]g.CommandState{"door-1 lock": g.CommandAccepted, "door-2 lock": g.CommandAccepted}
		if diff := cmp.Diff(orders(t, d, l.ID), want); diff != "" {
			t.Errorf("got (-), want (+):\n%s", diff)
		}
		alert := must[alerts.AlertRow](t)(chens.Alerts.Find(ctx, l.Alert))
		if !alert.Drill || !alert.Firing || alert.Severity != g.Info ||
			alert.Rule != "lockdown:lockdown" || len(alert.Commands) != 2 {
			t.Errorf("got %+v, want an alert of a drill with two commands", alert)
		}
		no := false
		if rows, _, err := chens.Alerts.List(ctx, alerts.Filter{Drill: &no}); err != nil || len(rows) != 0 {
			t.Errorf("got %v, %v, want no alert that is none of a drill", rows, err)
		}
		kinds := map[g.EventKind]int{}
		for _, e := range drain(t, d) {
			kinds[e.Kind]++
			if e.Lockdown != nil && !e.Lockdown.Drill || e.Command != nil && !e.Command.Drill ||
				e.Alert != nil && !e.Alert.Drill || e.Incident != nil && !e.Incident.Drill {
				t.Errorf("%s does not say that it is a drill", e.ID)
			}
		}
		if diff := cmp.Diff(kinds, map[g.EventKind]int{
			g.EventLockdown: 1, g.EventAlert: 1, g.EventCommand: 2, g.EventIncident: 1,
		}); diff != "" {
			t.Errorf("events: got (-), want (+):\n%s", diff)
		}

		again, err := wangs.Lockdown.Raise(ctx, lockdown.Order{
			School: "a", Level: g.LevelLockdown, Drill: true, By: wang,
		})
		ok(t, err)
		if again.ID != l.ID || again.RaisedBy != chen.ID {
			t.Errorf("raised twice: got %+v, want the first", again)
		}

		// One door is locked meanwhile; the other is away.
		_, moved, err := d.sys.Fleet.MoveCommand(ctx, commandTo(t, d, l.ID, "door-1"), g.CommandSent, g.Text{})
		ok(t, err)
		if !moved {
			t.Error("the command was not sent")
		}
		_, err = chens.Lockdown.Clear(ctx, allClear(l.ID, l.Version, chen, ""))
		wantCode(t, err, g.Forbidden)
		_, err = wangs.Lockdown.Clear(ctx, allClear(l.ID, l.Version, chen, "")) // under another's name
		wantCode(t, err, g.Forbidden)
		_, err = wangs.Lockdown.Clear(ctx, allClear(l.ID, l.Version+1, wang, ""))
		wantCode(t, err, g.Conflict)
		over, err := wangs.Lockdown.Clear(ctx, allClear(l.ID, l.Version, wang, "all counted"))
		ok(t, err)
		if over.ClearedBy != wang.ID || over.Cleared.IsZero() {
			t.Errorf("got %+v, want it over", over)
		}
		want = map[string]g.CommandState{
			"door-1 lock": g.CommandSent, "door-2 lock": g.CommandRefused,
			"door-1 unlock": g.CommandAccepted, "door-2 unlock": g.CommandAccepted,
		}
		if diff := cmp.Diff(orders(t, d, l.ID), want); diff != "" {
			t.Errorf("after the all-clear: got (-), want (+):\n%s", diff)
		}
		if a := must[alerts.AlertRow](t)(chens.Alerts.Find(ctx, l.Alert)); a.Firing ||
			a.State != g.AlertResolved || a.ResolverName != "wang" {
			t.Errorf("got %+v, want the alert resolved by wang", a.Alert)
		}
		_, err = wangs.Lockdown.Clear(ctx, allClear(l.ID, over.Version, wang, ""))
		wantCode(t, err, g.Conflict)
		if all := must[[]g.Lockdown](t)(chens.Lockdown.Standing(ctx, "")); len(all) != 0 {
			t.Errorf("got %+v, want nothing to stand", all)
		}
		if all, _, err := chens.Lockdown.List(ctx, lockdown.Filter{Drill: &no}); err != nil || len(all) != 0 {
			t.Errorf("got %v, %v, want no real one", all, err)
		}
	})
}

func commandTo(t *testing.T, d *district, id g.LockdownID, device g.DeviceID) string {
	t.Helper()
	rows, _, err := d.sys.Fleet.CommandsOf(t.Context(),
		fleet.CommandFilter{Lockdown: id, Device: device})
	ok(t, err)
	if len(rows) == 0 {
		t.Fatalf("no command to %s", device)
	}
	return rows[0].ID
}

func TestLevelsTakeEachOthersPlace(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		chen, chens := person(t, d, "chen")
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		raise := func(level g.LevelID, drill bool) (g.Lockdown, error) {
			c.add(time.Second)
			return chens.Lockdown.Raise(ctx,
				lockdown.Order{School: "a", Level: level, Drill: drill, By: chen})
		}
		drill, err := raise(g.LevelEvacuate, true)
		ok(t, err)
		real, err := raise(g.LevelLockdown, false)
		ok(t, err)
		if real.Commands != 3 || real.Spared != 0 {
			t.Errorf("got %+v, want the gas too: it is no drill", real)
		}
		before := must[g.Lockdown](t)(chens.Lockdown.Find(ctx, drill.ID))
		if before.Next != real.ID || before.Cleared.IsZero() {
			t.Errorf("got %+v, want the drill replaced", before)
		}
		_, err = raise(g.LevelEvacuate, true)
		wantCode(t, err, g.Conflict)
		if all := must[[]g.Lockdown](t)(chens.Lockdown.Standing(ctx, "")); len(all) != 1 ||
			all[0].ID != real.ID {
			t.Errorf("got %+v, want the real one alone", all)
		}
		// Another school sees and clears nothing of it.
		if all := must[[]g.Lockdown](t)(d.as(d.b, g.RoleAdmin).Lockdown.Standing(ctx, "")); len(all) != 0 {
			t.Errorf("school b sees %+v", all)
		}
		_, err = d.as(d.b, g.RoleAdmin).Lockdown.Clear(ctx, allClear(real.ID, real.Version, chen, ""))
		wantCode(t, err, g.NotFound)
	})
}

func TestLevelsAreChecked(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		admin := d.as(d.a, g.RoleAdmin)
		for name, change := range map[string]func(*g.ThreatLevel){
			"raise[0].action":   func(l *g.ThreatLevel) { l.Raise[0].Action = "explode" },
			"raise[1].device":   func(l *g.ThreatLevel) { l.Raise[1].Device = "dev-b" },
			"raise[1].zone":     func(l *g.ThreatLevel) { l.Raise[1].Zone = d.gate["b"].ID },
			"raise[2].profile":  func(l *g.ThreatLevel) { l.Raise[2].Profile = "none" },
			"clear[0].building": func(l *g.ThreatLevel) { l.Clear[0].Building = "bld_none" },
			"triggers[0].kind": func(l *g.ThreatLevel) {
				l.Triggers = []g.LevelTrigger{{Kind: "nothere"}}
			},
			"messages[0].roles": func(l *g.ThreatLevel) { l.Messages = []g.LevelMessage{{}} },
			"messages[1].kinds": func(l *g.ThreatLevel) {
				l.Messages = []g.LevelMessage{staff(), {Kinds: []g.PersonKind{"ghost"}}}
			},
			"messages[0].channels[0]": func(l *g.ThreatLevel) {
				l.Messages = []g.LevelMessage{{Channels: []g.ChannelID{"chn_none"}}}
			},
			"messages[0].zones[0]": func(l *g.ThreatLevel) {
				l.Messages = []g.LevelMessage{staff()}
				l.Messages[0].Zones = []g.ZoneID{d.gate["b"].ID}
			},
			"severity": func(l *g.ThreatLevel) { l.Severity = "bad" },
			"id":       func(l *g.ThreatLevel) { l.ID = "normal" },
			"title":    func(l *g.ThreatLevel) { l.Title = "" },
		} {
			l := lockLevel(0)
			change(&l)
			_, err := admin.Lockdown.PutLevel(ctx, l)
			wantCode(t, err, g.Invalid)
			if e, ok := err.(*g.Error); ok && e.Field != name {
				t.Errorf("got the field %q, want %q: %v", e.Field, name, err)
			}
		}
		kept := must[g.ThreatLevel](t)(admin.Lockdown.PutLevel(ctx, lockLevel(0)))
		_, err := admin.Lockdown.PutLevel(ctx, lockLevel(0)) // somebody else was faster
		wantCode(t, err, g.Conflict)
		all := must[[]g.ThreatLevel](t)(admin.Lockdown.Levels(ctx, "a"))
		if len(all) != 4 || cmp.Diff(all[0], kept) != "" {
			t.Errorf("got %+v, want four levels, the first as kept", all)
		}
		ok(t, admin.Lockdown.DeleteLevel(ctx, "a", g.LevelLockdown))
		all = must[[]g.ThreatLevel](t)(admin.Lockdown.Levels(ctx, "a"))
		if len(all) != 4 || all[0].Version != 0 || len(all[0].Raise) != 0 {
			t.Errorf("got %+v, want the level as delivered", all[0])
		}
		wantCode(t, admin.Lockdown.DeleteLevel(ctx, "a", g.LevelLockdown), g.NotFound)
	})
}

// A level that is changed or deleted while it stands goes on as it was raised, to its all-clear.
func TestALevelInForceStaysAsRaised(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		chen, chens := person(t, d, "chen")
		wang, wangs := person(t, d, "wang")
		admin := d.as(d.a, g.RoleAdmin)
		for i, change := range []func(kept g.ThreatLevel) error{
			func(kept g.ThreatLevel) error {
				kept.Title, kept.Clear, kept.Messages = "Another", nil, nil
				_, err := admin.Lockdown.PutLevel(ctx, kept)
				return err
			},
			func(kept g.ThreatLevel) error {
				return admin.Lockdown.DeleteLevel(ctx, "a", kept.ID)
			},
		} {
			level := lockLevel(0)
			level.ID = g.LevelID(fmt.Sprintf("own-%d", i))
			level.Messages = []g.LevelMessage{staff()}
			kept := must[g.ThreatLevel](t)(admin.Lockdown.PutLevel(ctx, level))
			l := must[g.Lockdown](t)(chens.Lockdown.Raise(ctx, lockdown.Order{
				School: "a", Level: level.ID, By: chen,
			}))
			ok(t, change(kept))
			found, as, err := d.sys.Lockdown.Kept(ctx, l.ID)
			ok(t, err)
			if found.ID != l.ID || cmp.Diff(as, kept) != "" {
				t.Errorf("got %+v, want it as it was raised, %+v", as, kept)
			}
			held := must[[]lockdown.Held](t)(d.sys.Lockdown.Holding(ctx))
			if len(held) != 1 || held[0].ID != l.ID || cmp.Diff(held[0].As, kept) != "" {
				t.Errorf("got %+v, want the one that stands, as raised", held)
			}
			cleared := must[g.Lockdown](t)(wangs.Lockdown.Clear(ctx, allClear(l.ID, l.Version, wang, "")))
			if cleared.Title != "Lockdown" {
				t.Errorf("got the title %q, want the one that it was raised by", cleared.Title)
			}
			if got := orders(t, d, l.ID)["door-1 unlock"]; got != g.CommandAccepted {
				t.Errorf("%s: got %q for door 1 at the all-clear, want it unlocked", level.ID, got)
			}
		}
	})
}

// Of two who raise at the same moment one is first: the same level stands once, and of two levels
// the later one takes the other's place.
func TestTwoRaiseAtOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		chen, chens := person(t, d, "chen")
		wang, wangs := person(t, d, "wang")
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		raise := func(levels ...g.LevelID) []g.Lockdown {
			t.Helper()
			out := make([]g.Lockdown, 8)
			errs := make([]error, len(out))
			var wg sync.WaitGroup
			for i := range out {
				wg.Go(func() {
					by, view := chen, chens
					if i%2 == 1 {
						by, view = wang, wangs
					}
					out[i], errs[i] = view.Lockdown.Raise(ctx, lockdown.Order{
						School: "a", Level: levels[i%len(levels)], By: by,
					})
				})
			}
			wg.Wait()
			ok(t, errors.Join(errs...))
			return out
		}
		all := raise(g.LevelLockdown)
		for _, l := range all {
			if l.ID != all[0].ID || l.Commands != 3 {
				t.Errorf("got %+v, want all to have raised %s", l, all[0].ID)
			}
		}
		if got := orders(t, d, all[0].ID); len(got) != 3 {
			t.Errorf("got %v, want each door locked once and the gas", got)
		}
		raise(g.LevelLockdown, g.LevelEvacuate)
		standing := must[[]g.Lockdown](t)(chens.Lockdown.Standing(ctx, "a"))
		if len(standing) != 1 {
			t.Errorf("got %+v, want one level that stands", standing)
		}
	})
}

// A level that another one replaces lets go of what the new one does not command, and what an
// earlier all-clear left for a device that is away does not undo a later level.
func TestLevelsFollowEachOther(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		chen, chens := person(t, d, "chen")
		wang, wangs := person(t, d, "wang")
		admin := d.as(d.a, g.RoleAdmin)
		_, err := admin.Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		_, err = admin.Lockdown.PutLevel(ctx, g.ThreatLevel{
			ID:       g.LevelHold,
			School:   "a",
			Title:    "Hold",
			Severity: g.Warning,
			Raise:    []g.LevelAction{{Action: "lock", Device: "door-1"}},
		})
		ok(t, err)
		raise := func(level g.LevelID) g.Lockdown {
			t.Helper()
			return must[g.Lockdown](t)(chens.Lockdown.Raise(ctx, lockdown.Order{
				School: "a", Level: level, By: chen,
			}))
		}
		first := raise(g.LevelLockdown)
		hold := raise(g.LevelHold)
		want := map[string]g.CommandState{
			"door-1 lock": g.CommandRefused, "door-2 lock": g.CommandRefused, "gas-1 release": g.CommandRefused,
			"door-2 unlock": g.CommandAccepted, // door 1 stays locked: the new level locks it
		}
		if diff := cmp.Diff(orders(t, d, first.ID), want); diff != "" {
			t.Errorf("replaced: got (-), want (+):\n%s", diff)
		}
		evacuate := raise(g.LevelEvacuate) // which commands nothing, nor does hold at its end
		_, err = wangs.Lockdown.Clear(ctx, allClear(evacuate.ID, evacuate.Version, wang, ""))
		ok(t, err)
		if got := orders(t, d, first.ID)["door-2 unlock"]; got != g.CommandAccepted {
			t.Errorf("got %s, want door 2, which is away, still to be unlocked", got)
		}

		again := raise(g.LevelLockdown)
		if got := orders(t, d, first.ID)["door-2 unlock"]; got != g.CommandRefused {
			t.Errorf("got %s, want the unlock of an earlier level recalled", got)
		}
		rows, _, err := d.sys.Fleet.CommandsOf(ctx, fleet.CommandFilter{Lockdown: again.ID})
		ok(t, err)
		for _, x := range rows {
			if x.Due.Before(c.now().Add(12 * time.Hour)) {
				t.Errorf("got %+v, want it to wait as long as the level stands", x)
			}
		}
		_, moved, err := d.sys.Fleet.MoveCommand(ctx, commandTo(t, d, again.ID, "door-1"), g.CommandSent,
			g.Text{})
		if err != nil || !moved {
			t.Fatal(moved, err)
		}
		_, err = wangs.Lockdown.Clear(ctx, allClear(again.ID, again.Version, wang, ""))
		ok(t, err)
		rows, _, err = d.sys.Fleet.CommandsOf(ctx, fleet.CommandFilter{State: g.CommandSent})
		ok(t, err)
		if len(rows) != 1 || rows[0].Due.After(c.now()) {
			t.Errorf("got %+v, want the lock that is on its way not sent again after the all-clear", rows)
		}
		if got := len(orders(t, d, hold.ID)); got != 1 {
			t.Errorf("got %d commands of hold, want its one", got)
		}
	})
}

// The alert of a level that stands cannot be silenced, by whoever raised it or another.
func TestTheAlertOfALevelStaysWithIt(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		chen, chens := person(t, d, "chen")
		l := must[g.Lockdown](t)(chens.Lockdown.Raise(ctx, lockdown.Order{
			School: "a", Level: g.LevelLockdown, By: chen,
		}))
		_, err := chens.Alerts.Silence(ctx, l.Alert, alerts.AnyVersion, chen, "quiet")
		wantCode(t, err, g.Conflict)
		if a := must[alerts.AlertRow](t)(chens.Alerts.Find(ctx, l.Alert)); a.State != g.AlertOpen {
			t.Errorf("got %s, want it open", a.State)
		}
	})
}

// What a level should do and no device is there for is said: in the lockdown, and in its alert.
func TestALevelThatDoesNothingSaysSo(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		doors(t, d)
		chen, chens := person(t, d, "chen")
		_, err := d.as(d.a, g.RoleAdmin).Lockdown.PutLevel(ctx, lockLevel(0))
		ok(t, err)
		ok(t, d.sys.Fleet.PutProfile(ctx, g.Profile{
			ID:      "door",
			Title:   "Door",
			Type:    g.TypeTerminal,
			Actions: map[string]g.Action{"bolt": {}},
		}))
		l := must[g.Lockdown](t)(chens.Lockdown.Raise(ctx, lockdown.Order{
			School: "a", Level: g.LevelLockdown, By: chen,
		}))
		if l.Commands != 1 || len(l.Idle) != 1 || l.Idle[0] != "lock" {
			t.Errorf("got %+v, want only the gas commanded, and lock said to be idle", l)
		}
		a := must[alerts.AlertRow](t)(chens.Alerts.Find(ctx, l.Alert))
		if !strings.Contains(a.Text, "NOT DONE") || !strings.Contains(a.Text, "lock") {
			t.Errorf("got the alert %q, want it to say what was not done", a.Text)
		}
	})
}

func allClear(id g.LockdownID, version int, by g.User, note string) lockdown.AllClear {
	return lockdown.AllClear{
		ID:      id,
		Version: version,
		By:      by,
		Note:    note,
	}
}
