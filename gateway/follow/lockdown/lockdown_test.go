package lockdown_test

import (
	"log/slog"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry"
)

var at = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pressed(id g.OccurrenceID, device g.DeviceID, what string, received time.Time) g.Event {
	return g.Event{
		Kind:     g.EventOccurrence,
		School:   "sch",
		Device:   device,
		Time:     received,
		Received: received,
		Occurrence: &g.Occurrence{
			ID:   id,
			Kind: g.OccurrenceAlarm,
			Data: map[string]g.Value{"what": g.StringValue(what)},
		},
	}
}

// A panic button raises its level once, whatever is read again, and nothing else does.
func TestAButtonRaisesALevel(t *testing.T) {
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	reg, err := registry.Open(ctx, registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       func() time.Time { return at },
		Logger:    log,
	})
	must(t, err)
	t.Cleanup(func() { reg.Close() })
	view := reg.In(g.SystemScope("test"))
	_, err = view.Places.CreateSchool(ctx, g.School{
		ID:       "sch",
		Kind:     g.KindSchool,
		Name:     "Riverside",
		Timezone: "UTC",
		Language: "en",
	})
	must(t, err)
	r := &lockdown.Reader{
		View: reg.In(g.SystemScope("lockdown")),
		Name: func(g.DeviceID) string { return "Button in the office" },
		Now:  func() time.Time { return at },
		Log:  log,
	}
	t.Cleanup(reg.Subscribe(r.Changed))
	standing := func() []g.Lockdown {
		t.Helper()
		all, err := view.Lockdown.Standing(ctx, "sch")
		must(t, err)
		return all
	}

	press := pressed("occ_1", "button", "panic", at)
	must(t, r.Apply(ctx, []g.Event{press}))
	if all := standing(); len(all) != 0 {
		t.Fatalf("got %+v, want nothing: no level names it", all)
	}
	_, err = view.Lockdown.PutLevel(ctx, g.ThreatLevel{
		ID:       g.LevelLockdown,
		School:   "sch",
		Title:    "Lockdown",
		Severity: g.Critical,
		Triggers: []g.LevelTrigger{{
			Kind: g.OccurrenceAlarm,
			Data: map[string]g.Value{"what": g.StringValue("panic")},
		}},
	})
	must(t, err)
	other, old, replayed := pressed("occ_2", "button", "tamper", at),
		pressed("occ_3", "button", "panic", at.Add(-time.Hour)), pressed("occ_4", "button", "panic", at)
	replayed.Replayed = true
	must(t, r.Apply(ctx, []g.Event{other, old, replayed}))
	if all := standing(); len(all) != 0 {
		t.Fatalf("got %+v, want nothing: another alarm, history and what was replayed raise none", all)
	}
	must(t, r.Apply(ctx, []g.Event{press}))
	must(t, r.Apply(ctx, []g.Event{press, pressed("occ_5", "button", "panic", at)}))
	all := standing()
	if len(all) != 1 || all[0].ID != "lck_1" || all[0].RaisedByName != "Button in the office" ||
		all[0].Drill || all[0].RaisedBy != "" {
		t.Fatalf("got %+v, want one lockdown by the button", all)
	}

	guard, err := view.Access.CreateUser(ctx, g.User{
		School: "sch", Name: "guard", FullName: "Guard", Role: g.RoleSecurity, Language: "en",
	}, "correct horse battery")
	must(t, err)
	_, err = reg.In(g.Scope{
		School: "sch", Actor: string(guard.ID) + " guard", Permissions: g.RoleSecurity.Permissions(),
	}).Lockdown.Clear(ctx, "lck_1", all[0].Version, guard, "")
	must(t, err)
	must(t, r.Apply(ctx, []g.Event{press})) // read again after a crash
	if all := standing(); len(all) != 0 {
		t.Errorf("got %+v, want the all-clear to hold", all)
	}
}
