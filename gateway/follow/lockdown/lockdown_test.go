package lockdown_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	reglockdown "github.com/gatehouse-iot/gatehouse/registry/lockdown"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
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
	}).Lockdown.Clear(ctx, reglockdown.AllClear{ID: "lck_1", Version: all[0].Version, By: guard})
	must(t, err)
	must(t, r.Apply(ctx, []g.Event{press})) // read again after a crash
	if all := standing(); len(all) != 0 {
		t.Errorf("got %+v, want the all-clear to hold", all)
	}
}

// raised is the event of a lockdown.
func raised(l g.Lockdown, received time.Time) g.Event {
	return g.Event{
		Kind:     g.EventLockdown,
		School:   l.School,
		Received: received,
		Lockdown: &l,
	}
}

// A level tells whom its messages name, each once whatever is read again, in both languages and
// marked where it is a drill; only where it was raised, and what was raised before a change of the
// level. The all-clear takes back what was not sent, and tells the same people.
func TestALevelTellsPeople(t *testing.T) {
	ctx := t.Context()
	s := newSchool(t)
	guard, teacher := s.user("guard", g.RoleSecurity), s.user("teacher", g.RoleTeacher)
	second := s.user("second", g.RoleSecurity)
	kept, err := s.view.Lockdown.PutLevel(ctx, g.ThreatLevel{
		ID:       g.LevelLockdown,
		School:   "sch",
		Title:    "Lockdown",
		TitleZH:  "封锁",
		Text:     "Lock the doors.",
		Severity: g.Critical,
		Messages: []g.LevelMessage{
			{Roles: []g.Role{g.RoleTeacher}},
			{Roles: []g.Role{g.RoleSecurity}, Zones: []g.ZoneID{s.office}},
			{Roles: []g.Role{g.RoleSecurity}, Zones: []g.ZoneID{s.gate}},
		},
	})
	must(t, err)
	own := s.as(guard)
	l, err := own.Lockdown.Raise(ctx, reglockdown.Order{
		School: "sch",
		Level:  g.LevelLockdown,
		Drill:  true,
		Zone:   s.gate,
		By:     guard,
	})
	must(t, err)
	kept.Messages, kept.Title = []g.LevelMessage{{Roles: []g.Role{g.RoleFacility}}}, "Other"
	_, err = s.view.Lockdown.PutLevel(ctx, kept)
	must(t, err)
	old := raised(l, at.Add(-time.Hour))
	must(t, s.r.Apply(ctx, []g.Event{old}))
	if got := s.told("lockdown"); len(got) != 0 {
		t.Errorf("got %v, want nobody told of what is old", got)
	}
	for range 2 {
		must(t, s.r.Apply(ctx, []g.Event{raised(l, at), raised(l, at)}))
	}
	want := []string{string(teacher.ID), string(guard.ID), string(second.ID)}
	slices.Sort(want)
	if diff := cmp.Diff(want, s.told("lockdown")); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	m := s.messages("lockdown")[0]
	if m.Lane != messages.Alarm || m.Params["title"] != "Drill: Lockdown" ||
		m.Params["title_zh"] != "演练：封锁" || m.Params["place"] != "Gate" || m.Params["mark"] == "" ||
		m.Params["text_zh"] != "Lock the doors." || m.Alert != l.Alert {
		t.Errorf("got %+v, want an alarm marked as a drill", m)
	}

	over, err := s.as(second).Lockdown.Clear(ctx, reglockdown.AllClear{
		ID:      l.ID,
		Version: l.Version,
		By:      second,
		Note:    "all counted",
	})
	must(t, err)
	for range 2 {
		must(t, s.r.Apply(ctx, []g.Event{raised(l, at), raised(over, at)}))
	}
	if diff := cmp.Diff(want, s.told("allclear")); diff != "" {
		t.Errorf("told of the all-clear (-want +got):\n%s", diff)
	}
	for _, m := range s.messages("lockdown") {
		if m.Stopped.IsZero() {
			t.Errorf("got %+v, want it taken back", m)
		}
	}
}

// Who is told of a level that another one replaces is told by that one; what is over before anybody
// was told is not told.
func TestAReplacedLevelIsNotCleared(t *testing.T) {
	ctx := t.Context()
	s := newSchool(t)
	guard := s.user("guard", g.RoleSecurity)
	var all []g.Event
	for _, level := range []g.LevelID{g.LevelLockdown, g.LevelEvacuate} {
		l, err := s.as(guard).Lockdown.Raise(ctx, reglockdown.Order{
			School: "sch",
			Level:  level,
			By:     guard,
		})
		must(t, err)
		all = append(all, raised(l, at))
	}
	first, _, err := s.view.Lockdown.Kept(ctx, all[0].Lockdown.ID)
	must(t, err)
	must(t, s.r.Apply(ctx, append(all, raised(first, at))))
	if got := s.messages("allclear"); len(got) != 0 {
		t.Errorf("got %v, want no all-clear", got)
	}
	if got := s.messages("lockdown"); len(got) != 1 || got[0].Params["title"] != "Evacuate" {
		t.Errorf("got %v, want the second level told", got)
	}
}

// A button that was pressed minutes before it was heard says when.
func TestALatePressSaysWhen(t *testing.T) {
	ctx := t.Context()
	s := newSchool(t)
	_, err := s.view.Lockdown.PutLevel(ctx, g.ThreatLevel{
		ID:       g.LevelLockdown,
		School:   "sch",
		Title:    "Lockdown",
		Severity: g.Critical,
		Triggers: []g.LevelTrigger{{Kind: g.OccurrenceAlarm}},
	})
	must(t, err)
	e := pressed("occ_1", "button", "panic", at)
	e.Time = at.Add(-5 * time.Minute)
	must(t, s.r.Apply(ctx, []g.Event{e}))
	all, err := s.view.Lockdown.Standing(ctx, "sch")
	must(t, err)
	if len(all) != 1 || all[0].Note != "pressed at 2026-09-01 07:55:00, arrived 5m0s late" {
		t.Errorf("got %+v, want it to say when the button was pressed", all)
	}
}

// school is a school with a gate and an office, and the reader over it.
type school struct {
	*testing.T
	reg          *registry.Registry
	view         *registry.View
	r            *lockdown.Reader
	gate, office g.ZoneID
}

func newSchool(t *testing.T) *school {
	t.Helper()
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
	s := &school{
		T:    t,
		reg:  reg,
		view: reg.In(g.SystemScope("test")),
		r: &lockdown.Reader{
			View: reg.In(g.SystemScope("lockdown")),
			Name: func(g.DeviceID) string { return "Button" },
			Now:  func() time.Time { return at },
			Log:  log,
		},
	}
	t.Cleanup(reg.Subscribe(s.r.Changed))
	_, err = s.view.Places.CreateSchool(ctx, g.School{
		ID:       "sch",
		Kind:     g.KindSchool,
		Name:     "Riverside",
		Timezone: "UTC",
		Language: "en",
	})
	must(t, err)
	_, err = s.view.Places.PutSite(ctx, g.Site{ID: "site", School: "sch", Name: "Site"})
	must(t, err)
	_, err = s.view.Places.PutBuilding(ctx, g.Building{
		ID: "main", School: "sch", Site: "site", Name: "Main",
	})
	must(t, err)
	for id, name := range map[g.ZoneID]string{"gate": "Gate", "office": "Office"} {
		_, err := s.view.Deeds.PutZone(ctx, g.Zone{
			ID: id, School: "sch", Building: "main", Name: name, Kind: g.ZoneGate,
		})
		must(t, err)
	}
	s.gate, s.office = "gate", "office"
	return s
}

func (s *school) user(name string, role g.Role) g.User {
	s.Helper()
	u, err := s.view.Access.CreateUser(s.Context(), g.User{
		School: "sch", Name: name, FullName: name, Role: role, Language: "en",
	}, "correct horse battery")
	must(s.T, err)
	return u
}

func (s *school) as(u g.User) *registry.View {
	return s.reg.In(g.Scope{
		School: "sch", Actor: string(u.ID) + " " + u.Name, Permissions: u.Role.Permissions(),
	})
}

func (s *school) messages(kind string) []messages.Summary {
	s.Helper()
	all, _, err := s.view.Messages.List(s.Context(), "sch", kind, registry.Page{Limit: 100})
	must(s.T, err)
	return all
}

// told are the users who are told by messages of a kind, sorted.
func (s *school) told(kind string) []string {
	s.Helper()
	var out []string
	for _, m := range s.messages(kind) {
		told, _, err := s.view.Messages.Told(s.Context(), m.ID, messages.ToldFilter{})
		must(s.T, err)
		for _, x := range told {
			out = append(out, string(x.User))
		}
	}
	slices.Sort(out)
	return out
}

// TestADuressCodeRaisesASilentAlarm: critical, without a sound, once, with the person; a terminal's
// own duress alarm as well, and neither needs a level or a rule.
func TestADuressCodeRaisesASilentAlarm(t *testing.T) {
	ctx := t.Context()
	r, view := desk(t)
	forced := pressed("occ_1", "door", "duress", at)
	forced.Occurrence.Data[g.DuressPerson] = g.StringValue("per_a")
	own := pressed("occ_2", "terminal", "duress", at)
	old := pressed("occ_3", "door", "duress", at.Add(-time.Hour))
	must(t, r.Apply(ctx, []g.Event{forced, old, pressed("occ_4", "door", "tamper", at)}))
	must(t, r.Apply(ctx, []g.Event{forced, own}))
	rows, _, err := view.Alerts.List(ctx, alerts.Filter{School: "sch"})
	must(t, err)
	people := map[g.DeviceID]g.PersonID{}
	for _, a := range rows {
		people[a.Device] = a.Person
		if a.Severity != g.Critical || a.Audible || a.State != g.AlertOpen || a.Rule != "device:duress" {
			t.Errorf("got %+v, want a critical alert without a sound", a)
		}
	}
	want := map[g.DeviceID]g.PersonID{"door": "per_a", "terminal": ""}
	if diff := cmp.Diff(people, want); diff != "" || len(rows) != 2 {
		t.Errorf("got %d alerts, -, want +:\n%s", len(rows), diff)
	}
	standing, err := view.Lockdown.Standing(ctx, "sch")
	must(t, err)
	if len(standing) != 0 {
		t.Errorf("got %+v, want no level: none names it", standing)
	}
}

// desk is a reader of a registry with one school.
func desk(t *testing.T) (*lockdown.Reader, *registry.View) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	reg, err := registry.Open(t.Context(), registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       func() time.Time { return at },
		Logger:    log,
	})
	must(t, err)
	t.Cleanup(func() { reg.Close() })
	view := reg.In(g.SystemScope("test"))
	_, err = view.Places.CreateSchool(t.Context(), g.School{
		ID:       "sch",
		Kind:     g.KindSchool,
		Name:     "Riverside",
		Timezone: "UTC",
		Language: "en",
	})
	must(t, err)
	r := &lockdown.Reader{
		View: reg.In(g.SystemScope("lockdown")),
		Name: func(id g.DeviceID) string { return string(id) },
		Now:  func() time.Time { return at },
		Log:  log,
	}
	t.Cleanup(reg.Subscribe(r.Changed))
	return r, view
}
