package registry_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// desk is a school with two guards and what they do about its alerts.
type desk struct {
	*district
	t        *testing.T
	c        *clock
	seq      uint64
	lin, wei g.User
	v        *registry.View
}

func newDesk(t *testing.T, o registry.Options, c *clock) *desk {
	t.Helper()
	d := newDistrict(t, o, c)
	x := &desk{
		district: d,
		t:        t,
		c:        c,
		v:        d.as(d.a, g.RoleSecurity),
	}
	x.lin, x.wei = x.guard("lin", "Lin Feng"), x.guard("wei", "Wei Na")
	return x
}

func (x *desk) guard(name, full string) g.User {
	x.t.Helper()
	return must[g.User](x.t)(x.sys.Access.CreateUser(x.t.Context(),
		g.User{
			School:   "a",
			Name:     name,
			FullName: full,
			Role:     g.RoleSecurity,
			Language: "en",
		}, "a long password"))
}

// finds applies a rule's finding now.
func (x *desk) finds(a g.Alert) g.Alert {
	x.t.Helper()
	x.seq++
	a.LastFired = x.c.now()
	ok(x.t, x.sys.Alerts.Apply(x.t.Context(),
		alerts.Effects{Seq: x.seq, Alerts: []g.Alert{a}}))
	return a
}

// ends applies that an alert's condition is over now.
func (x *desk) ends(a g.Alert) g.Alert {
	x.t.Helper()
	x.seq++
	a.Firing, a.Ended = false, x.c.now()
	ok(x.t, x.sys.Alerts.Apply(x.t.Context(),
		alerts.Effects{Seq: x.seq, Alerts: []g.Alert{a}}))
	return a
}

// fires is an alert of a severity that fires since now.
func (x *desk) fires(id g.AlertID, s g.Severity) g.Alert {
	x.t.Helper()
	return x.finds(g.Alert{
		ID:       id,
		School:   "a",
		Rule:     "smoke",
		Severity: s,
		Title:    "Smoke",
		Zone:     x.gate["a"].ID,
		Firing:   true,
		Count:    1,
		Opened:   x.c.now(),
	})
}

func (x *desk) find(id g.AlertID) g.Alert {
	x.t.Helper()
	return must[alerts.AlertRow](x.t)(x.v.Alerts.Find(x.t.Context(), id)).Alert
}

// wall lists the alerts on the wall.
func (x *desk) wall() (ids []g.AlertID) {
	x.t.Helper()
	w, err := x.v.Alerts.Wall(x.t.Context(), alerts.WallFilter{})
	ok(x.t, err)
	for _, a := range w.Items {
		ids = append(ids, a.ID)
	}
	return ids
}

func (x *desk) wantWall(when string, want ...g.AlertID) {
	x.t.Helper()
	if diff := cmp.Diff(want, x.wall()); diff != "" {
		x.t.Errorf("the wall %s: -want +got\n%s", when, diff)
	}
}

// TestTwoFactsDecideWhatIsOnTheWall: what fires stays whoever acknowledged it; what is over and not
// acknowledged stays, except info and warning; what is both over and acknowledged goes.
func TestTwoFactsDecideWhatIsOnTheWall(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		fire, leak, air := x.fires("alt_fire", g.Critical), x.fires("alt_leak", g.Major),
			x.fires("alt_air", g.Warning)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", 1, x.lin))
		x.wantWall("while all fire", "alt_fire", "alt_leak", "alt_air")
		c.add(time.Minute)
		_, air = x.ends(leak), x.ends(air)
		x.wantWall("with leak and air over", "alt_fire", "alt_leak")
		if a := x.find("alt_air"); a.State != g.AlertResolved || a.ResolverName != "" ||
			!a.Resolved.Equal(air.Ended) {
			t.Errorf("got %+v, want the warning resolved by itself when it ended", a)
		}
		c.add(time.Minute)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_leak", 2, x.lin))
		fire = x.ends(fire)
		x.wantWall("with all over and acknowledged")
		for id, at := range map[g.AlertID]time.Time{"alt_leak": c.now(), "alt_fire": fire.Ended} {
			if a := x.find(id); a.State != g.AlertResolved || !a.Resolved.Equal(at) ||
				!a.AckUntil.IsZero() || a.HandlerName != "Lin Feng" {
				t.Errorf("got %+v, want it resolved at %s, handled by Lin Feng", a, at)
			}
		}
		a := must[g.Alert](t)(x.v.Alerts.Resolve(ctx, "alt_fire", 3, x.wei, "burnt toast"))
		if a.ResolverName != "Wei Na" || a.Comment != "burnt toast" {
			t.Errorf("got %+v, want to hear of Wei Na what it was", a)
		}
	})
}

// TestWhatFiresAgainIsToldAgain: the same alert is counted, unacknowledged and back on the wall,
// even when a person had resolved it.
func TestWhatFiresAgainIsToldAgain(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		fire := x.fires("alt_fire", g.Critical)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", 1, x.lin))
		c.add(time.Minute)
		fire = x.ends(fire)
		must[g.Alert](t)(x.v.Alerts.Resolve(ctx, "alt_fire", 3, x.lin, "toast"))
		must[g.Alert](t)(x.v.Alerts.Close(ctx, "alt_fire", 4, x.lin, ""))
		x.wantWall("after it was closed")
		c.add(time.Minute)
		fire.Firing, fire.Ended, fire.Count = true, time.Time{}, 2
		fire = x.finds(fire)
		x.wantWall("when it burns again", "alt_fire")
		a := x.find("alt_fire")
		if a.State != g.AlertOpen || a.Count != 2 || a.Retold != 1 || a.RetoldWhy != g.FiredAgain ||
			!a.RetoldAt.Equal(c.now()) || a.HandlerName != "" || a.ResolverName != "" ||
			!a.Closed.IsZero() || a.Comment != "" || !a.Ended.IsZero() {
			t.Errorf("got %+v, want it open, counted twice and told again", a)
		}
		// The journal's effects come again after a crash: first that of before the end, then all.
		events := len(drain(t, x.district))
		ok(t, x.sys.Alerts.Apply(ctx, alerts.Effects{Seq: x.seq, Alerts: []g.Alert{fire}}))
		if again := len(drain(t, x.district)); again != 0 || events == 0 {
			t.Errorf("got %d events and %d for the same effects, want some and none", events, again)
		}
		worse := fire
		worse.Severity = g.Major
		x.finds(worse)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", x.find("alt_fire").Version, x.lin))
		c.add(time.Second)
		x.finds(fire)
		if a := x.find("alt_fire"); a.State != g.AlertOpen || a.RetoldWhy != g.Risen || a.Retold != 2 {
			t.Errorf("got %+v, want it told again since it is more severe", a)
		}
	})
}

// TestAcknowledgementsRunOut: an acknowledgement ends after the time of its severity or the one
// that was said, also when the clock was set back meanwhile, and the alert is told again.
func TestAcknowledgementsRunOut(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.fires("alt_fire", g.Critical)
		x.fires("alt_leak", g.Major)
		lapse := func() int { return must[int](t)(x.sys.Alerts.LapseAcks(ctx, c.now())) }
		a := must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", 1, x.lin))
		if want := c.now().Add(5 * time.Minute); !a.AckUntil.Equal(want) {
			t.Errorf("got it until %s, want %s", a.AckUntil, want)
		}
		a = must[g.Alert](t)(
			x.v.Alerts.AcknowledgeFor(ctx, "alt_leak", 1, x.lin, 10*time.Minute))
		a = must[g.Alert](t)(
			x.v.Alerts.AcknowledgeFor(ctx, "alt_leak", 2, x.lin, 20*time.Minute))
		if want := c.now().Add(20 * time.Minute); !a.AckUntil.Equal(want) {
			t.Errorf("got it until %s, want it extended to %s", a.AckUntil, want)
		}
		_, err := x.v.Alerts.AcknowledgeFor(ctx, "alt_leak", 3, x.wei, time.Minute)
		wantCode(t, err, g.Conflict) // another has it
		_, err = x.v.Alerts.AcknowledgeFor(ctx, "alt_leak", 3, x.lin, 25*time.Hour)
		wantCode(t, err, g.Invalid)
		c.add(5*time.Minute - time.Second)
		if n := lapse(); n != 0 {
			t.Errorf("got %d run out early", n)
		}
		c.add(time.Second)
		if n := lapse(); n != 1 {
			t.Errorf("got %d run out, want the fire", n)
		}
		a = x.find("alt_fire")
		if a.State != g.AlertOpen || a.RetoldWhy != g.AckRanOut || a.HandlerName != "" {
			t.Errorf("got %+v, want it told again", a)
		}
		c.add(-time.Hour)
		if n := lapse(); n != 1 {
			t.Errorf("got %d run out with the clock set back, want the leak", n)
		}
		if n := lapse(); n != 0 {
			t.Errorf("got %d run out twice", n)
		}
		a = must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", a.Version, x.wei))
		a = must[g.Alert](t)(x.v.Alerts.Unacknowledge(ctx, "alt_fire", a.Version, x.lin, "not seen"))
		if a.State != g.AlertOpen || a.RetoldWhy != g.Withdrawn {
			t.Errorf("got %+v, want it given back", a)
		}
	})
}

// TestAnAlertsHistory: one time line of who did what.
func TestAnAlertsHistory(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		fire := x.fires("alt_fire", g.Critical)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", 1, x.lin))
		must[g.Alert](t)(x.v.Alerts.Assign(ctx, "alt_fire", 2, x.lin, x.wei.ID, "nearest"))
		must[g.Alert](t)(x.v.Alerts.Comment(ctx, "alt_fire", x.wei, "on my way"))
		c.add(5 * time.Minute)
		must[int](t)(x.sys.Alerts.LapseAcks(ctx, c.now()))
		x.ends(fire)
		must[g.Alert](t)(
			x.v.Alerts.Resolve(ctx, "alt_fire", alerts.AnyVersion, x.wei, "toast"))
		entries, next, err := x.v.Alerts.History(ctx, "alt_fire", 0)
		ok(t, err)
		var got []string
		for _, e := range entries {
			got = append(got, fmt.Sprintf("%s %s|%s|%s", e.What, e.ByName, e.ToName, e.Comment))
		}
		want := []string{
			"raised ||", "acknowledged Lin Feng||", "assigned Lin Feng|Wei Na|nearest",
			"commented Wei Na||on my way", "ack_ran_out |Lin Feng|", "ended ||",
			"resolved Wei Na||toast",
		}
		if diff := cmp.Diff(want, got); diff != "" || next != 0 {
			t.Errorf("next %d; -want +got\n%s", next, diff)
		}
		rest, _, err := x.v.Alerts.History(ctx, "alt_fire", entries[5].N)
		ok(t, err)
		if len(rest) != 1 || rest[0].What != alerts.WasResolved {
			t.Errorf("got %+v after the sixth, want the seventh", rest)
		}
	})
}

// TestWhoLosesRightsLosesAlerts: alerts of a guard who was disabled are nobody's, what he had
// acknowledged is told again, and the alert says so.
func TestWhoLosesRightsLosesAlerts(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.fires("alt_fire", g.Critical)
		x.fires("alt_leak", g.Major)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", 1, x.lin))
		must[g.Alert](t)(x.v.Alerts.Assign(ctx, "alt_leak", 1, x.wei, x.lin.ID, ""))
		_, err := x.v.Alerts.Assign(ctx, "alt_leak", 2, x.wei, "usr_none", "")
		wantCode(t, err, g.Invalid)
		handlers := must[[]alerts.Handler](t)(x.v.Alerts.Handlers(ctx, ""))
		var names []string
		for _, h := range handlers {
			names = append(names, h.Name)
		}
		if diff := cmp.Diff([]string{"Lin Feng", "Wei Na"}, names); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if n := must[int](t)(x.sys.Alerts.ReleaseLost(ctx)); n != 0 {
			t.Errorf("got %d taken from who may handle them", n)
		}
		gone := x.lin
		gone.Role = g.RoleTeacher
		ok(t, x.sys.Access.UpdateUser(ctx, gone))
		if n := must[int](t)(x.sys.Alerts.ReleaseLost(ctx)); n != 2 {
			t.Errorf("got %d alerts taken, want 2", n)
		}
		a := x.find("alt_fire")
		if a.State != g.AlertOpen || a.RetoldWhy != g.Released || a.Retold != 1 {
			t.Errorf("got %+v, want it told again", a)
		}
		if a := x.find("alt_leak"); a.Assignee != "" || a.AssigneeName != "" || a.Retold != 0 {
			t.Errorf("got %+v, want it unassigned", a)
		}
		entries, _, err := x.v.Alerts.History(ctx, "alt_leak", 0)
		ok(t, err)
		if e := entries[len(entries)-1]; e.What != alerts.WasReleased || e.ToName != "Lin Feng" {
			t.Errorf("got %+v, want to read that it was taken from Lin Feng", e)
		}
	})
}

// TestABatchAndItsUndo: one deed over many alerts, each with its outcome, and back again.
func TestABatchAndItsUndo(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.fires("alt_fire", g.Critical)
		x.ends(x.fires("alt_leak", g.Major))
		must[g.Alert](t)(x.v.Alerts.Assign(ctx, "alt_fire", 1, x.wei, x.wei.ID, ""))
		before := map[g.AlertID]g.Alert{"alt_fire": x.find("alt_fire"), "alt_leak": x.find("alt_leak")}
		c.add(time.Second)
		done, err := x.v.Alerts.Do(ctx, alerts.Batch{
			Deed:    alerts.ToResolve,
			IDs:     []g.AlertID{"alt_fire", "alt_leak", "alt_fire", "alt_none"},
			Comment: "drill",
		}, x.lin)
		ok(t, err)
		got := map[g.AlertID]g.Code{}
		for _, out := range done.Outcomes {
			got[out.ID] = ""
			if out.Err != nil {
				got[out.ID] = out.Err.Code
			}
		}
		want := map[g.AlertID]g.Code{"alt_fire": g.Conflict, "alt_leak": "", "alt_none": g.NotFound}
		if diff := cmp.Diff(want, got); diff != "" || len(done.Outcomes) != 3 {
			t.Errorf("%d outcomes; -want +got\n%s", len(done.Outcomes), diff)
		}
		done, err = x.v.Alerts.Do(ctx, alerts.Batch{
			Deed: alerts.ToAcknowledge,
			IDs:  []g.AlertID{"alt_fire"},
		}, x.lin)
		ok(t, err)
		_, err = x.v.Alerts.Undo(ctx, "und_wrong", x.lin)
		wantCode(t, err, g.NotFound)
		other := x.r.In(g.Scope{School: "a", Actor: "another",
			Permissions: g.RoleSecurity.Permissions()})
		_, err = other.Alerts.Undo(ctx, done.Undo, x.wei)
		wantCode(t, err, g.NotFound)
		c.add(29 * time.Second)
		x.finds(func() g.Alert { a := before["alt_fire"]; a.Count = 2; return a }())
		outcomes, err := x.v.Alerts.Undo(ctx, done.Undo, x.lin)
		ok(t, err)
		if len(outcomes) != 1 || outcomes[0].Err != nil {
			t.Fatalf("got %+v, want it undone", outcomes)
		}
		restored := before["alt_fire"]
		restored.Count, restored.Version, restored.LastFired = 2, restored.Version+3, x.find("alt_fire").LastFired
		eqValue := cmp.Comparer(func(a, b g.Value) bool { return a == b })
		if diff := cmp.Diff(restored, x.find("alt_fire"), eqValue); diff != "" {
			t.Errorf("after the undo: -want +got\n%s", diff)
		}
		_, err = x.v.Alerts.Undo(ctx, done.Undo, x.lin)
		wantCode(t, err, g.NotFound) // once
		done, err = x.v.Alerts.Do(ctx, alerts.Batch{
			Deed: alerts.ToAcknowledge,
			IDs:  []g.AlertID{"alt_fire"},
		}, x.lin)
		ok(t, err)
		must[g.Alert](t)(x.v.Alerts.Unacknowledge(ctx, "alt_fire", alerts.AnyVersion, x.wei, ""))
		outcomes, err = x.v.Alerts.Undo(ctx, done.Undo, x.lin)
		ok(t, err)
		if outcomes[0].Err == nil || outcomes[0].Err.Code != g.Conflict {
			t.Errorf("got %+v, want what a colleague changed left alone", outcomes)
		}
		done, err = x.v.Alerts.Do(ctx, alerts.Batch{
			Deed: alerts.ToAssign,
			IDs:  []g.AlertID{"alt_fire"},
			To:   x.wei.ID,
		}, x.lin)
		ok(t, err)
		c.add(31 * time.Second)
		_, err = x.v.Alerts.Undo(ctx, done.Undo, x.lin)
		wantCode(t, err, g.Gone)
		many := make([]g.AlertID, 501)
		_, err = x.v.Alerts.Do(ctx, alerts.Batch{Deed: alerts.ToAcknowledge, IDs: many}, x.lin)
		wantCode(t, err, g.Invalid)
		_, err = x.v.Alerts.Do(ctx, alerts.Batch{Deed: "x", IDs: many[:1]}, x.lin)
		wantCode(t, err, g.Invalid)
	})
}

// TestAlertsOfBeforeTheTwoFacts: rows that an older version wrote are brought up to date, once.
func TestAlertsOfBeforeTheTwoFacts(t *testing.T) {
	dir := t.TempDir()
	c := newClock()
	x := newDesk(t, registry.Options{Dir: dir, MasterKey: masterKey(), Now: c.now}, c)
	ctx := t.Context()
	x.fires("alt_fire", g.Critical)
	must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_fire", 1, x.lin))
	was := x.find("alt_fire")
	raw(t, dir+"/registry.db", "UPDATE alerts SET firing = -1, acked = 0, ack_until = 0, handler = ''")
	if n := must[int](t)(x.sys.Alerts.LapseAcks(ctx, c.now().Add(time.Hour))); n != 0 {
		t.Errorf("got %d run out of rows of before", n)
	}
	for _, want := range []int{1, 0} {
		if n := must[int](t)(x.sys.Alerts.Upgrade(ctx)); n != want {
			t.Errorf("brought %d up to date, want %d", n, want)
		}
	}
	if a := x.find("alt_fire"); a.Version != was.Version || a.AckUntil.IsZero() {
		t.Errorf("got %+v, want the same version with an end", a)
	}
	c.add(5 * time.Minute)
	if n := must[int](t)(x.sys.Alerts.LapseAcks(ctx, c.now())); n != 1 {
		t.Errorf("got %d run out, want it told again", n)
	}
}
