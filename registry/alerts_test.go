package registry_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// drain reads and deletes all outbox rows.
func drain(t *testing.T, d *district) []g.Event {
	t.Helper()
	var out []g.Event
	for {
		rows := must[[]registry.OutboxRow](t)(d.sys.Outbox(t.Context(), 0, 10))
		if len(rows) == 0 {
			return out
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.ID
			out = append(out, r.Event)
		}
		ok(t, d.sys.DeleteOutbox(t.Context(), ids))
	}
}

func smoke(d *district, at time.Time) g.Alert {
	return g.Alert{
		ID:       "alt_1",
		School:   "a",
		Rule:     "smoke",
		Severity: g.Critical,
		Title:    "Smoke", Device: d.device["a"].ID, Zone: d.gate["a"].ID, Person: d.child["a"].ID,
		Values:    map[string]g.Value{"temperature": g.NumberValue(61)},
		Firing:    true,
		Count:     1,
		Opened:    at,
		LastFired: at,
		Incident:  "inc_1", Seq: 10}
}

func TestAnAlertsLife(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		second := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{
				School:   "a",
				Name:     "wang",
				FullName: "Wang Lei",
				Role:     g.RoleSecurity,
				Language: "en",
			},
			"a long password"))
		guard := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{
				School:   "a",
				Name:     "lin",
				FullName: "Lin Feng",
				Role:     g.RoleSecurity,
				Language: "en",
			},
			"a long password"))
		ok(t,
			d.sys.Alerts.Apply(ctx,
				alerts.Effects{
					Seq:    10,
					Alerts: []g.Alert{smoke(d, c.now())},
					State:  []byte("s1"),
				}))
		select {
		case <-d.r.OutboxReady():
		default:
			t.Error("the outbox did not say that it has something")
		}
		v := d.as(d.a, g.RoleSecurity)
		row := must[alerts.AlertRow](t)(v.Alerts.Find(ctx, "alt_1"))
		if row.DeviceName != "Sensor a" || row.ZoneName != "Gate" ||
			row.PersonName != "Zhou Xiaohua a" || row.State != g.AlertOpen || row.Version != 1 {
			t.Errorf("got %+v", row)
		}
		row = must[alerts.AlertRow](t)(d.as(d.a, g.RoleFacility).Alerts.Find(ctx, "alt_1"))
		if row.PersonName != "" {
			t.Errorf("got the name %q without people:read", row.PersonName)
		}
		c.add(time.Second)
		_, err := v.Alerts.Close(ctx, "alt_1", 1, guard, "")
		wantCode(t, err, g.Conflict)
		a := must[g.Alert](t)(v.Alerts.Acknowledge(ctx, "alt_1", 1,
			g.User{ID: guard.ID, FullName: "somebody else"}))
		if a.HandlerName != "Lin Feng" || a.Version != 2 || !a.Acknowledged.Equal(c.now()) {
			t.Errorf("got %+v, want it handled by Lin Feng now", a)
		}
		_, err = v.Alerts.Acknowledge(ctx, "alt_1", 1, guard)
		wantCode(t, err, g.Conflict)
		_, err = v.Alerts.Acknowledge(ctx, "alt_1", 2, guard)
		wantCode(t, err, g.Conflict)
		_, err = v.Alerts.Resolve(ctx, "alt_1", 2, guard, " ")
		wantCode(t, err, g.Invalid)
		_, err = v.Alerts.Resolve(ctx, "alt_1", 2, second, "toast")
		wantCode(t, err, g.Conflict) // the condition still holds
		a = must[g.Alert](t)(v.Alerts.Silence(ctx, "alt_1", 2, second, "toast"))
		late := smoke(d, a.Opened)
		late.Count = 2
		ok(t,
			d.sys.Alerts.Apply(ctx,
				alerts.Effects{Seq: 11, Alerts: []g.Alert{late}, State: []byte("s2")}))
		a = must[alerts.AlertRow](t)(v.Alerts.Find(ctx, "alt_1")).Alert
		if a.HandlerName != "Lin Feng" || a.ResolverName != "Wang Lei" || a.Resolver != second.ID ||
			a.Count != 2 {
			t.Errorf("got %+v, want it handled by Lin Feng, resolved by Wang Lei and counted twice",
				a)
		}
		if got := must[[]g.AlertID](t)(d.sys.Alerts.CloseResolved(ctx, c.now().Add(time.Hour))); len(got) != 0 {
			t.Errorf("closed %v while it fires", got)
		}
		a = must[g.Alert](t)(v.Alerts.Close(ctx, "alt_1", a.Version, guard, "aired"))
		want := smoke(d, a.Opened)
		want.State = g.AlertClosed
		want.Handler = guard.ID
		want.HandlerName = "Lin Feng"
		want.Acknowledged = c.now()
		want.Resolved = c.now()
		want.Closed = c.now()
		want.Resolver = second.ID
		want.ResolverName = "Wang Lei"
		want.Closer = guard.ID
		want.CloserName = "Lin Feng"
		want.Comment, want.Version, want.Count, want.Seq, want.LastFired = "toast\naired", 5, 2, a.Seq, a.LastFired
		eqValue := cmp.Comparer(func(a, b g.Value) bool { return a == b })
		if diff := cmp.Diff(want, a, eqValue); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		var ids []string
		for _, e := range drain(t, d) {
			ids = append(ids, e.ID)
			if e.Kind != g.EventAlert || e.Alert == nil || e.School != "a" || e.Seq != 0 {
				t.Errorf("got %+v, want an alert's event", e)
			}
		}
		if diff := cmp.Diff([]string{
			"evt_alt_1_1", "evt_alt_1_2", "evt_alt_1_3", "evt_alt_1_4", "evt_alt_1_5",
		},
			ids); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		entries, _, err := d.sys.Views.Audit(ctx, views.AuditFilter{Object: "alt_1"})
		ok(t, err)
		if len(entries) != 3 {
			t.Errorf("got %d audit entries, want 3", len(entries))
		}
		seq, state, changes, err := d.sys.Alerts.RulesState(ctx)
		ok(t, err)
		if seq != 11 || string(state) != "s2" || len(changes) != 0 {
			t.Errorf("got %d %q and %d changes, want 11 s2 and none", seq, state, len(changes))
		}
	})
}

// TestRulesStateGrowsByChanges saves a snapshot, deltas after it, and another snapshot.
func TestRulesStateGrowsByChanges(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		save := func(seq uint64, state, changes string) {
			t.Helper()
			e := alerts.Effects{Seq: seq}
			if state != "" {
				e.State = []byte(state)
			}
			if changes != "" {
				e.Changes = []byte(changes)
			}
			ok(t, d.sys.Alerts.Apply(ctx, e))
		}
		want := func(seq uint64, texts ...string) {
			t.Helper()
			at, state, changes, err := d.sys.Alerts.RulesState(ctx)
			ok(t, err)
			got := []string{string(state)}
			for _, c := range changes {
				got = append(got, string(c))
			}
			if diff := cmp.Diff(texts, got); diff != "" || at != seq {
				t.Errorf("at %d, want %d; -want +got\n%s", at, seq, diff)
			}
		}
		want(0, "")
		save(10, "s1", "")
		save(12, "", "c1")
		save(12, "", "c2")
		save(15, "", "c3")
		want(15, "s1", "c1", "c2", "c3")
		save(14, "", "of old")
		save(14, "of old", "")
		want(15, "s1", "c1", "c2", "c3")
		save(15, "s2", "")
		want(15, "s2")
		save(16, "", "c4")
		want(16, "s2", "c4")
	})
}

func TestResolvedAlertsCloseByThemselves(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		a := smoke(d, c.now())
		a.Firing = false
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 10, Alerts: []g.Alert{a}}))
		v := d.r.In(g.Scope{
			School:      "a",
			Actor:       "key_1 lms",
			Permissions: []g.Permission{g.AlertsWrite},
		})
		a = must[g.Alert](t)(v.Alerts.Resolve(ctx, "alt_1", 1, g.User{}, "by a program"))
		if a.HandlerName != "key_1 lms" || a.Handler != "" || a.ResolverName != "key_1 lms" {
			t.Errorf("got %q %q, want the key's name", a.Handler, a.HandlerName)
		}
		if got := must[[]g.AlertID](t)(d.sys.Alerts.CloseResolved(ctx, c.now())); len(got) != 0 {
			t.Errorf("got %v before the grace, want none", got)
		}
		got := must[[]g.AlertID](t)(d.sys.Alerts.CloseResolved(ctx, c.now().Add(time.Hour)))
		if diff := cmp.Diff([]g.AlertID{"alt_1"}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

func TestAHandoverNeedsTheNamedRole(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		user := func(name string, role g.Role) g.User {
			return must[g.User](t)(d.sys.Access.CreateUser(ctx,
				g.User{School: "a", Name: name, Role: role, Language: "en"}, "a long password"))
		}
		guard, boss := user("guard", g.RoleSecurity), user("boss", g.RoleAdmin)
		i := g.Incident{
			ID:       "inc_1",
			School:   "a",
			Title:    "Smoke",
			Severity: g.Critical,
			Opened:   c.now(),
			Alerts:   []g.AlertID{"alt_1"}, Steps: []g.IncidentStep{{Text: "Look"}, {Text: "Call"}},
			Handover: g.Handover{Requested: true, ApproverRole: g.RoleAdmin},
		}
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 10, Incidents: []g.Incident{i}}))
		v := d.as(d.a, g.RoleAdmin)
		got := must[g.Incident](t)(v.Alerts.Incident(ctx, "inc_1"))
		if h := got.Handover; h.Approval != "waiting" || h.Link != "off" || h.Sent || h.Note == "" {
			t.Errorf("got %+v, want it waiting, the link off, nothing sent", h)
		}
		_, err := d.as(d.a, g.RoleSecurity).Alerts.ApproveHandover(ctx, "inc_1", 1, boss, true, "")
		wantCode(t, err, g.Forbidden)
		forged := guard
		forged.Role = g.RoleAdmin
		_, err = v.Alerts.ApproveHandover(ctx, "inc_1", 1, forged, true, "")
		wantCode(t, err, g.Forbidden)
		_, err = v.Alerts.CloseIncident(ctx, "inc_1", 1, boss, "", "over")
		wantCode(t, err, g.Conflict)
		_, err = v.Alerts.ApproveHandover(ctx, "inc_1", 7, boss, true, "")
		wantCode(t, err, g.Conflict)
		got = must[g.Incident](t)(v.Alerts.ApproveHandover(ctx, "inc_1", 1, boss, true, "go"))
		if h := got.Handover; h.Approval != "approved" || h.Sent ||
			h.Note != "the police link is off: nothing was sent" || h.By != "boss" {
			t.Errorf("got %+v, want it approved and nothing sent", h)
		}
		_, err = v.Alerts.ApproveHandover(ctx, "inc_1", 2, boss, false, "no")
		wantCode(t, err, g.Conflict)
		got = must[g.Incident](t)(v.Alerts.StepDone(ctx, "inc_1", 1, guard))
		if !got.Steps[1].Done || got.Steps[1].By != "guard" || got.Steps[0].Done {
			t.Errorf("got %+v, want the second step done by the guard", got.Steps)
		}
		_, err = v.Alerts.StepDone(ctx, "inc_1", 2, guard)
		wantCode(t, err, g.Invalid)
		// The rules report the same incident with one more alert: people's changes are kept.
		i.Alerts = append(i.Alerts, "alt_2")
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 11, Incidents: []g.Incident{i}}))
		after := must[g.Incident](t)(v.Alerts.Incident(ctx, "inc_1"))
		want := got
		want.Alerts, want.Version = i.Alerts, got.Version+1
		if diff := cmp.Diff(want, after); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		got = must[g.Incident](t)(v.Alerts.CloseIncident(ctx, "inc_1", after.Version, boss, "", "over"))
		if got.State != g.IncidentClosed {
			t.Errorf("got %s, want it closed", got.State)
		}
		rows, _, err := v.Alerts.Incidents(ctx, alerts.IncidentFilter{States: []g.IncidentState{g.IncidentClosed}})
		ok(t, err)
		if diff := cmp.Diff([]g.Incident{got}, rows); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestEffectsAreAppliedOnce replays the effects of a journal from arbitrary earlier positions,
// mixed with an operator's actions, and compares with a model: every alert exists once, its
// findings are those of the newest effect, and no action is undone until the condition, once over,
// holds again. What is over and acknowledged is resolved.
func TestEffectsAreAppliedOnce(t *testing.T) {
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: c.now}, c)
	ctx := t.Context()
	guard := must[g.User](t)(d.sys.Access.CreateUser(ctx,
		g.User{School: "a", Name: "guard", Role: g.RoleAdmin, Language: "en"}, "a long password"))
	v := d.as(d.a, g.RoleAdmin)
	run := 0
	order := map[g.AlertState]int{
		g.AlertOpen:         0,
		g.AlertAcknowledged: 1,
		g.AlertResolved:     2,
		g.AlertClosed:       3,
	}
	rapid.Check(t, func(rt *rapid.T) {
		run++
		id := func(n int) g.AlertID { return g.AlertID(fmt.Sprintf("alt_%d_%d", run, n)) }
		at := c.now()
		var journal []alerts.Effects
		count, firing := map[int]int{}, map[int]bool{}
		for seq := range rapid.IntRange(1, 12).Draw(rt, "effects") {
			n := rapid.IntRange(0, 2).Draw(rt, "alert")
			count[n]++
			fired := at.Add(time.Duration(seq) * time.Second)
			one := g.Alert{ID: id(n), School: "a", Rule: "r", Severity: g.Major, Opened: at,
				LastFired: fired, Count: count[n], Firing: rapid.Bool().Draw(rt, "firing")}
			if firing[n] && !one.Firing {
				one.Ended = fired.Add(time.Millisecond)
			}
			firing[n] = one.Firing
			journal = append(journal,
				alerts.Effects{Seq: uint64(1000*run + seq), Alerts: []g.Alert{one}})
		}
		model := map[g.AlertID]g.Alert{} // the expected state
		applied := 0
		seen := map[string]bool{}
		check := func() {
			for _, e := range drain(t, d) {
				if seen[e.ID] {
					rt.Fatalf("the event %s went out twice", e.ID)
				}
				seen[e.ID] = true
			}
			for id, want := range model {
				row, err := v.Alerts.Find(ctx, id)
				if err != nil {
					rt.Fatal(err)
				}
				want.Version = row.Version
				if diff := cmp.Diff(want, row.Alert); diff != "" {
					rt.Fatalf("-want +got\n%s", diff)
				}
			}
		}
		newest := func(id g.AlertID) g.Alert {
			var a g.Alert
			for _, e := range journal[:applied] {
				if e.Alerts[0].ID == id {
					a = e.Alerts[0]
				}
			}
			return a
		}
		steps := rapid.IntRange(1, 20).Draw(rt, "steps")
		for range steps {
			switch rapid.SampledFrom([]string{"go on", "go on", "replay", "answer", "answer"}).Draw(
				rt, "step") {
			case "go on":
				if applied < len(journal) {
					if err := d.sys.Alerts.Apply(ctx, journal[applied]); err != nil {
						rt.Fatal(err)
					}
					applied++
				}
			case "replay":
				for _, e := range journal[rapid.IntRange(0, applied).Draw(rt, "from"):applied] {
					if err := d.sys.Alerts.Apply(ctx, e); err != nil {
						rt.Fatal(err)
					}
				}
			case "answer":
				target := id(rapid.IntRange(0, 2).Draw(rt, "which"))
				a, there := model[target]
				if !there {
					continue
				}
				row, err := v.Alerts.Find(ctx, target)
				if err != nil {
					rt.Fatal(err)
				}
				to := rapid.SampledFrom([]g.AlertState{
					g.AlertAcknowledged,
					g.AlertResolved,
					g.AlertClosed,
				}).Draw(rt, "to")
				switch to {
				case g.AlertAcknowledged:
					_, err = v.Alerts.Acknowledge(ctx, target, row.Version, guard)
				case g.AlertResolved:
					if row.Firing {
						_, err = v.Alerts.Resolve(ctx, target, row.Version, guard, "done")
						if g.ErrorCode(err) != g.Conflict {
							rt.Fatalf("got %v, want no resolving of what still holds", err)
						}
					}
					_, err = v.Alerts.Silence(ctx, target, row.Version, guard, "done")
				default:
					_, err = v.Alerts.Close(ctx, target, row.Version, guard, "")
				}
				allowed := map[g.AlertState][]g.AlertState{
					g.AlertOpen:         {g.AlertAcknowledged, g.AlertResolved},
					g.AlertAcknowledged: {g.AlertResolved},
					g.AlertResolved:     {g.AlertClosed},
				}[a.State]
				byItself := a.State == g.AlertResolved && a.ResolverName == ""
				if byItself { // a person may still say what it was
					allowed = append(allowed, g.AlertResolved)
				}
				may := false
				for _, s := range allowed {
					may = may || s == to
				}
				if may != (err == nil) {
					rt.Fatalf("%s -> %s: got %v, want allowed %v", a.State, to, err, may)
				}
				if err == nil {
					now, err := v.Alerts.Find(ctx, target)
					if err != nil {
						rt.Fatal(err)
					}
					if order[now.State] <= order[a.State] && !byItself {
						rt.Fatalf("the state went from %s to %s", a.State, now.State)
					}
					model[target] = now.Alert
				}
			}
			for n := range 3 {
				found := newest(id(n))
				if found.ID == "" {
					continue
				}
				want, there := model[found.ID]
				if !there {
					want = found
					want.State = g.AlertOpen
				}
				model[found.ID] = finds(want, found)
			}
			check()
		}
	})
	rows, _, err := v.Alerts.List(ctx, alerts.Filter{Page: registry.Page{Limit: 1000}})
	ok(t, err)
	ids := map[g.AlertID]bool{}
	for _, a := range rows {
		if ids[a.ID] {
			t.Errorf("the alert %s is there twice", a.ID)
		}
		ids[a.ID] = true
	}
}

// finds is a model of what a finding does to an alert.
func finds(a, found g.Alert) g.Alert {
	again, over := found.Firing && !a.Firing, a.Firing && !found.Firing
	a.Count, a.LastFired, a.Firing = found.Count, found.LastFired, found.Firing
	switch {
	case again:
		a.State, a.Ended, a.Comment = g.AlertOpen, time.Time{}, ""
		a.Handler, a.HandlerName, a.Acknowledged, a.AckUntil = "", "", time.Time{}, time.Time{}
		a.Resolver, a.ResolverName, a.Resolved = "", "", time.Time{}
		a.Closer, a.CloserName, a.Closed = "", "", time.Time{}
		a.Retold, a.RetoldAt, a.RetoldWhy = a.Retold+1, found.LastFired, g.FiredAgain
	case over:
		a.Ended = found.Ended
	}
	if !a.Ended.IsZero() && a.State == g.AlertAcknowledged {
		a.State, a.AckUntil, a.Resolved = g.AlertResolved, time.Time{}, a.Ended
		if a.Acknowledged.After(a.Ended) {
			a.Resolved = a.Acknowledged
		}
	}
	return a
}

func TestAlertsPageAndFilter(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		var all []g.Alert
		for i := range 7 {
			school := []g.SchoolID{"a", "b"}[i%2]
			all = append(all,
				g.Alert{
					ID:       g.AlertID(fmt.Sprintf("alt_%d", i)),
					School:   school,
					Rule:     "r",
					Severity: []g.Severity{g.Major, g.Critical}[i%2],
					Opened:   c.now().Add(time.Duration(i/2) * time.Second),
				})
		}
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 1, Alerts: all}))
		ids := func(v *registry.View, f alerts.Filter) (out []g.AlertID) {
			f.Limit = 2
			for {
				rows, next, err := v.Alerts.List(ctx, f)
				ok(t, err)
				for _, a := range rows {
					out = append(out, a.ID)
				}
				if next == "" {
					return out
				}
				f.Cursor = next
			}
		}
		if diff := cmp.Diff([]g.AlertID{
			"alt_6", "alt_5", "alt_4", "alt_3", "alt_2", "alt_1", "alt_0",
		},
			ids(d.sys, alerts.Filter{})); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if diff := cmp.Diff([]g.AlertID{"alt_6", "alt_4", "alt_2", "alt_0"},
			ids(d.as(d.a, g.RoleSecurity),
				alerts.Filter{States: []g.AlertState{g.AlertOpen, g.AlertClosed}})); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if got := ids(d.as(d.a, g.RoleSecurity), alerts.Filter{Severity: g.Critical}); len(
			got) != 0 {
			t.Errorf("got %v, want none", got)
		}
	})
}

// TestTheWallHoldsTheMostSevere: a fire stays first however many alerts follow, and the counts are
// of all alerts, not of the page.
func TestTheWallHoldsTheMostSevere(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		flood := []g.Alert{
			{ID: "alt_fire", School: "a", Rule: "r", Severity: g.Critical, Opened: c.now()},
			{ID: "alt_elsewhere", School: "b", Rule: "r", Severity: g.Critical, Opened: c.now()},
		}
		for i := range 505 {
			flood = append(flood, g.Alert{
				ID:       g.AlertID(fmt.Sprintf("alt_%03d", i)),
				School:   "a",
				Rule:     "r",
				Severity: []g.Severity{g.Warning, g.Major}[i%2],
				Opened:   c.now().Add(time.Duration(1+i) * time.Second),
			})
		}
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: 1, Alerts: flood}))
		lin := must[g.User](t)(d.sys.Access.CreateUser(ctx,
			g.User{
				School:   "a",
				Name:     "lin",
				FullName: "Lin Feng",
				Role:     g.RoleSecurity,
				Language: "en",
			},
			"a long password"))
		guard := d.as(d.a, g.RoleSecurity)
		must[g.Alert](t)(guard.Alerts.Acknowledge(ctx, "alt_503", 1, lin))
		wall, err := guard.Alerts.Wall(ctx, alerts.WallFilter{Limit: 3})
		ok(t, err)
		var ids []g.AlertID
		for _, a := range wall.Items {
			ids = append(ids, a.ID)
		}
		// alt_503 is the newest of its severity, but acknowledged.
		if diff := cmp.Diff([]g.AlertID{"alt_fire", "alt_501", "alt_499"}, ids); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if want := (alerts.Tally{Critical: 1, Major: 251, Warning: 253}); wall.Open != want {
			t.Errorf("open: got %+v, want %+v", wall.Open, want)
		}
		if want := (alerts.Tally{Major: 1}); wall.Acknowledged != want {
			t.Errorf("acknowledged: got %+v, want %+v", wall.Acknowledged, want)
		}
		none, err := guard.Alerts.Wall(ctx, alerts.WallFilter{Building: "no-such-building"})
		ok(t, err)
		if len(none.Items) != 0 || none.Open != (alerts.Tally{}) {
			t.Errorf("a building that is not there has %+v", none)
		}
		mine, err := guard.Alerts.Wall(ctx, alerts.WallFilter{State: g.AlertAcknowledged})
		ok(t, err)
		if len(mine.Items) != 1 || mine.Items[0].ID != "alt_503" || mine.Open != wall.Open {
			t.Errorf("acknowledged ones: got %+v", mine)
		}
	})
}

// TestOneUnreadableEventHoldsUpNoOther: a damaged row of the outbox is reported, and the events
// behind it are still delivered.
func TestOneUnreadableEventHoldsUpNoOther(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	c := newClock()
	d := newDistrict(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
	for seq, id := range []g.AlertID{"alt_1", "alt_2"} {
		a := smoke(d, c.now())
		a.ID = id
		ok(t, d.sys.Alerts.Apply(ctx, alerts.Effects{Seq: uint64(seq + 1), Alerts: []g.Alert{a}}))
	}
	path := filepath.Join(dir, "registry.db")
	raw(t, path, "UPDATE outbox SET body_sealed = x'00' WHERE id = (SELECT MIN(id) FROM outbox)")
	rows, err := d.sys.Outbox(ctx, 0, 10)
	ok(t, err)
	if len(rows) != 2 || rows[0].Err == nil || rows[1].Err != nil || rows[1].Event.Alert == nil {
		t.Errorf("got %+v, want the first with an error and the second with its alert", rows)
	}
}
