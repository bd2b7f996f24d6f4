package registry_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/procedures"
)

// burns applies that a rule finds a fire in a room and opens an incident of a cause.
func (x *desk) burns(n int, zone g.ZoneID, cause string) {
	x.t.Helper()
	x.seq++
	ok(x.t, x.sys.Alerts.Apply(x.t.Context(), x.fire(n, zone, cause)))
}

func (x *desk) fire(n int, zone g.ZoneID, cause string) alerts.Effects {
	now := x.c.now()
	a := g.Alert{
		ID:        g.AlertID(fmt.Sprint("alt_", n)),
		School:    "a",
		Rule:      "smoke",
		Severity:  g.Critical,
		Title:     "Smoke",
		Zone:      zone,
		Firing:    true,
		Count:     1,
		Opened:    now,
		LastFired: now,
		Incident:  g.IncidentID(fmt.Sprint("inc_", n)),
	}
	i := g.Incident{
		ID:        a.Incident,
		School:    "a",
		Title:     "Smoke",
		Severity:  g.Critical,
		Opened:    now,
		Alerts:    []g.AlertID{a.ID},
		Procedure: "fire",
		Cause:     cause,
		Within:    3600,
		Steps:     []g.IncidentStep{{Text: "of the rule"}},
	}
	return alerts.Effects{
		Seq:       x.seq,
		Alerts:    []g.Alert{a},
		Incidents: []g.Incident{i},
	}
}

func (x *desk) incident(id g.IncidentID) g.Incident {
	x.t.Helper()
	return must[g.Incident](x.t)(x.v.Alerts.Incident(x.t.Context(), id))
}

// log lists what happened to an incident.
func (x *desk) log(id g.IncidentID) (out []g.IncidentWhat) {
	x.t.Helper()
	entries, _, err := x.v.Alerts.Log(x.t.Context(), id, 0)
	ok(x.t, err)
	for _, e := range entries {
		out = append(out, e.What)
	}
	return out
}

func (x *desk) same(what string, got, want any) {
	x.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		x.t.Errorf("%s: -want +got\n%s", what, diff)
	}
}

// TestTwoFiresOfABuildingAreOneIncident: within the time that the rule states; the same effects
// again change nothing; a fire long after, of another cause, or of none is another incident.
func TestTwoFiresOfABuildingAreOneIncident(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		x := newDesk(t, o, c)
		first, second := x.gate["a"].ID, g.ZoneID("zon_lab")
		x.burns(1, first, "fire building b1")
		c.add(59 * time.Minute)
		x.burns(2, second, "fire building b1")
		again := x.fire(2, second, "fire building b1")
		ok(t, x.sys.Alerts.Apply(t.Context(), again))
		x.same("alerts", x.incident("inc_1").Alerts, []g.AlertID{"alt_1", "alt_2"})
		x.same("the second alert's incident", x.find("alt_2").Incident, g.IncidentID("inc_1"))
		x.same("log", x.log("inc_1"), []g.IncidentWhat{g.IncidentBegan, g.IncidentGathered})
		x.same("version", x.incident("inc_1").Version, 2)
		w, err := x.v.Alerts.Wall(t.Context(), alerts.WallFilter{Group: alerts.ByCause})
		ok(t, err)
		x.same("lines of the wall", w.GroupCount, 1)

		x.burns(3, first, "fire building b2")
		x.burns(4, first, "")
		x.burns(5, first, "")
		c.add(61 * time.Minute)
		x.burns(6, first, "fire building b1")
		var ids []string
		rows, _, err := x.v.Alerts.Incidents(t.Context(), alerts.IncidentFilter{})
		ok(t, err)
		for _, i := range rows {
			ids = append(ids, string(i.ID))
		}
		slices.Sort(ids)
		x.same("incidents", ids, []string{"inc_1", "inc_3", "inc_4", "inc_5", "inc_6"})
	})
}

// TestAnIncidentOpensAgain: when an alert of it fires again, also when a like one does, within a
// time; later ones do not open it.
func TestAnIncidentOpensAgain(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		room := x.gate["a"].ID
		x.burns(1, room, "fire building b1")
		i := must[g.Incident](t)(x.v.Alerts.Contain(ctx, "inc_1", 1, x.lin, "doors shut"))
		x.same("state", i.State, g.IncidentContained)
		x.same("who contained", i.ContainedBy, "Lin Feng")
		i = must[g.Incident](t)(x.v.Alerts.CloseIncident(
			ctx, "inc_1", i.Version, x.wei, g.OutcomeReal, "a bin burnt"))
		x.same("who closed", []string{i.ClosedBy, string(i.Outcome), i.Conclusion},
			[]string{"Wei Na", "real", "a bin burnt"})

		a := x.find("alt_1")
		a = x.ends(a)
		c.add(23 * time.Hour)
		a.Firing, a.Ended, a.Count = true, time.Time{}, 2
		x.finds(a)
		i = x.incident("inc_1")
		x.same("state after it fired again", i.State, g.IncidentOpen)
		x.same("reopened", i.Reopened, 1)
		x.same("log", x.log("inc_1"), []g.IncidentWhat{
			g.IncidentBegan, g.IncidentHeld, g.IncidentOver, g.IncidentAgain,
		})

		must[g.Incident](t)(x.v.Alerts.CloseIncident(
			ctx, "inc_1", i.Version, x.wei, g.OutcomeFalseAlarm, "toast"))
		c.add(30 * time.Minute)
		x.burns(2, room, "fire building b1")
		x.same("a like alert", x.find("alt_2").Incident, g.IncidentID("inc_1"))
		x.same("state then", x.incident("inc_1").State, g.IncidentOpen)
		x.burns(3, "zon_other", "fire building b1")
		must[g.Incident](t)(x.v.Alerts.CloseIncident(
			ctx, "inc_1", alerts.AnyVersion, x.wei, g.OutcomeReal, "out"))
		c.add(2 * time.Hour)
		x.burns(4, room, "fire building b1")
		x.same("a like alert, late", x.find("alt_4").Incident, g.IncidentID("inc_4"))
		_, err := x.v.Alerts.CloseIncident(ctx, "inc_4", 1, x.wei, g.OutcomeMerged, "x")
		wantCode(t, err, g.Invalid)
	})
}

// TestAlertsAreMovedAndIncidentsMerged by hand, each undone by another deed, with everything in the
// logs; what people moved stays where they put it.
func TestAlertsAreMovedAndIncidentsMerged(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		room := x.gate["a"].ID
		x.burns(1, room, "fire building b1")
		first := x.fire(1, room, "fire building b1")
		x.burns(2, room, "fire building b2")
		x.fires("alt_loose", g.Warning)
		move := func(id g.IncidentID, add, remove []g.AlertID) error {
			_, err := x.v.Alerts.MoveAlerts(ctx, id, alerts.AnyVersion, x.lin, add, remove, "why")
			return err
		}
		ok(t, move("inc_1", []g.AlertID{"alt_loose", "alt_2"}, nil))
		x.same("inc_1", x.incident("inc_1").Alerts, []g.AlertID{"alt_1", "alt_loose", "alt_2"})
		x.same("inc_2", x.incident("inc_2").Alerts, []g.AlertID{})
		ok(t, move("inc_2", []g.AlertID{"alt_2"}, nil))
		ok(t, move("inc_1", nil, []g.AlertID{"alt_loose", "alt_1"}))
		x.same("the loose alert's incident", x.find("alt_loose").Incident, g.IncidentID(""))
		ok(t, x.sys.Alerts.Apply(ctx, first))
		x.same("inc_1 after a replay", x.incident("inc_1").Alerts, []g.AlertID{})
		wantCode(t, move("inc_1", nil, []g.AlertID{"alt_2"}), g.Invalid)
		ok(t, move("inc_1", []g.AlertID{"alt_1"}, nil))

		_, err := x.v.Alerts.MergeIncident(ctx, "inc_2", 1, x.wei, "inc_1", "")
		wantCode(t, err, g.Conflict)
		i := must[g.Incident](t)(x.v.Alerts.MergeIncident(
			ctx, "inc_2", alerts.AnyVersion, x.wei, "inc_1", "one fire"))
		x.same("merged", []any{i.State, i.Outcome, i.MergedInto},
			[]any{g.IncidentClosed, g.OutcomeMerged, g.IncidentID("inc_1")})
		x.same("inc_1", x.incident("inc_1").Alerts, []g.AlertID{"alt_1", "alt_2"})
		c.add(time.Minute)
		x.burns(3, room, "fire building b2")
		x.same("a further fire there", x.find("alt_3").Incident, g.IncidentID("inc_1"))
		_, err = x.v.Alerts.ReopenIncident(ctx, "inc_2", alerts.AnyVersion, x.wei, "")
		wantCode(t, err, g.Conflict)
		i = must[g.Incident](t)(x.v.Alerts.SeparateIncident(
			ctx, "inc_2", alerts.AnyVersion, x.wei, "two after all"))
		x.same("separated", []any{i.State, i.Alerts}, []any{g.IncidentOpen, []g.AlertID{"alt_2"}})
		x.same("inc_1", x.incident("inc_1").Alerts, []g.AlertID{"alt_1", "alt_3"})
		x.same("log of inc_2", x.log("inc_2"), []g.IncidentWhat{
			g.IncidentBegan, g.IncidentTaken, g.IncidentAdded, g.IncidentMerged,
			g.IncidentSeparated,
		})
		x.same("log of inc_1", x.log("inc_1"), []g.IncidentWhat{
			g.IncidentBegan, g.IncidentAdded, g.IncidentTaken, g.IncidentTaken, g.IncidentAdded,
			g.IncidentTookIn, g.IncidentGathered, g.IncidentGaveBack,
		})
		history, _, err := x.v.Alerts.History(ctx, "alt_loose", 0)
		ok(t, err)
		var whats []alerts.What
		for _, e := range history {
			whats = append(whats, e.What)
		}
		x.same("the loose alert's history", whats,
			[]alerts.What{alerts.WasRaised, alerts.WasGathered, alerts.WasTakenOut})
	})
}

// asked is a procedure with a question.
func asked() g.Procedure {
	return g.Procedure{
		ID:    "fire",
		Title: "Fire",
		Steps: []g.ProcedureStep{
			{Text: "Sound the alarm", Owner: g.RoleSecurity, Within: 60},
			{
				Text: "Smoke seen?",
				Answers: []g.ProcedureAnswer{
					{ID: "yes", Text: "Yes", Steps: []g.ProcedureStep{{Text: "Call 119", Within: 60}}},
					{ID: "no", Text: "No", Steps: []g.ProcedureStep{{Text: "Look at the detector"}}},
				},
			},
		},
	}
}

// TestAProcedureBranches on answers; a step can be taken back, and the log keeps both; an incident
// keeps the version that it began with; a school's own holds in the place of the files'.
func TestAProcedureBranches(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		files := g.Procedure{
			ID:    "fire",
			Title: "Fire",
			Steps: []g.ProcedureStep{{Text: "of the files"}},
		}
		ok(t, x.sys.Procedures.Take(ctx, []g.Procedure{files}))
		ok(t, x.sys.Procedures.Take(ctx, []g.Procedure{files}))
		x.burns(1, x.gate["a"].ID, "")
		x.same("steps", x.incident("inc_1").Steps[0].Text, "of the files")
		x.same("version", x.incident("inc_1").ProcedureVersion, 1)

		admin := x.as(x.a, g.RoleAdmin)
		p := must[procedures.ProcedureVersion](t)(admin.Procedures.Put(ctx, "a", asked(), 0, "ours"))
		x.same("whose", []any{p.School, p.Version}, []any{g.SchoolID("a"), 1})
		_, err := admin.Procedures.Put(ctx, "a", asked(), 0, "again")
		wantCode(t, err, g.Conflict)
		_, err = x.v.Procedures.Put(ctx, "a", asked(), 1, "by a guard")
		wantCode(t, err, g.Forbidden)
		x.burns(2, x.gate["a"].ID, "")
		i := x.incident("inc_2")
		x.same("skipped", []bool{i.Steps[2].Skipped, i.Steps[3].Skipped}, []bool{true, true})
		x.same("due", i.Steps[0].Due, c.now().Add(time.Minute))
		must[procedures.ProcedureVersion](t)(admin.Procedures.Delete(ctx, "a", "fire", 1, "not any more"))
		holds := must[procedures.ProcedureVersion](t)(x.v.Procedures.Find(ctx, "", "fire"))
		x.same("what holds then", holds.School, g.SchoolID(""))
		x.same("steps of what began", len(x.incident("inc_2").Steps), 4)

		_, err = x.v.Alerts.StepDone(ctx, "inc_2", 1, x.lin)
		wantCode(t, err, g.Invalid)
		_, err = x.v.Alerts.StepDone(ctx, "inc_2", 2, x.lin)
		wantCode(t, err, g.Conflict)
		c.add(time.Minute)
		i = must[g.Incident](t)(x.v.Alerts.StepAnswered(ctx, "inc_2", 1, x.lin, "yes"))
		x.same("due then", i.Steps[2].Due, c.now().Add(time.Minute))
		must[g.Incident](t)(x.v.Alerts.StepDone(ctx, "inc_2", 2, x.wei))
		_, err = x.v.Alerts.StepDone(ctx, "inc_2", 2, x.lin)
		wantCode(t, err, g.Conflict)
		must[g.Incident](t)(x.v.Alerts.StepUndone(ctx, "inc_2", 1, x.wei, "it was steam"))
		i = must[g.Incident](t)(x.v.Alerts.StepAnswered(ctx, "inc_2", 1, x.wei, "no"))
		x.same("skipped", []bool{i.Steps[2].Skipped, i.Steps[3].Skipped}, []bool{true, false})
		x.same("done before", i.Steps[2].Done, true)
		i = must[g.Incident](t)(x.v.Alerts.AssignStep(ctx, "inc_2", 3, x.wei, x.lin.ID))
		x.same("whose step", i.Steps[3].PersonName, "Lin Feng")
		x.same("log", x.log("inc_2"), []g.IncidentWhat{
			g.IncidentBegan, g.IncidentTicked, g.IncidentTicked, g.IncidentUnticked,
			g.IncidentTicked, g.IncidentGiven,
		})
	})
}

// TestTwoPeopleTickAtOnce: both ticks are kept.
func TestTwoPeopleTickAtOnce(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		p := g.Procedure{
			ID:    "fire",
			Title: "Fire",
		}
		for n := range 8 {
			p.Steps = append(p.Steps, g.ProcedureStep{Text: fmt.Sprint("Step ", n)})
		}
		ok(t, x.sys.Procedures.Take(ctx, []g.Procedure{p}))
		x.burns(1, x.gate["a"].ID, "")
		var all sync.WaitGroup
		for n := range p.Steps {
			all.Go(func() {
				_, err := x.v.Alerts.StepDone(ctx, "inc_1", n, x.lin)
				if err != nil {
					t.Errorf("step %d: %v", n, err)
				}
			})
		}
		all.Wait()
		i := x.incident("inc_1")
		for n, s := range i.Steps {
			if !s.Done {
				t.Errorf("step %d: got it not done", n)
			}
		}
		x.same("version", i.Version, 1+len(p.Steps))
	})
}

// TestADrillStaysApart from what is none, and ends as a drill.
func TestADrillStaysApart(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.burns(1, x.gate["a"].ID, "fire building b1")
		ok(t, x.sys.Procedures.Take(ctx, []g.Procedure{asked()}))
		i := must[g.Incident](t)(x.v.Alerts.OpenIncident(ctx, alerts.Opening{
			School:    "a",
			Procedure: "fire",
			Drill:     true,
		}, x.lin))
		x.same("opened", []any{i.Title, i.Severity, i.Drill, len(i.Steps)},
			[]any{"Fire", g.Major, true, 4})
		_, err := x.v.Alerts.MoveAlerts(ctx, i.ID, 1, x.lin, []g.AlertID{"alt_1"}, nil, "")
		wantCode(t, err, g.Invalid)
		_, err = x.v.Alerts.MergeIncident(ctx, i.ID, 1, x.lin, "inc_1", "")
		wantCode(t, err, g.Invalid)
		yes, no := true, false
		for drill, want := range map[*bool]g.IncidentID{&yes: i.ID, &no: "inc_1"} {
			rows, _, err := x.v.Alerts.Incidents(ctx, alerts.IncidentFilter{Drill: drill})
			ok(t, err)
			if len(rows) != 1 || rows[0].ID != want {
				t.Errorf("got %v with drill %v, want %s", rows, *drill, want)
			}
		}
		_, err = x.v.Alerts.CloseIncident(ctx, i.ID, 1, x.lin, g.OutcomeReal, "over")
		wantCode(t, err, g.Invalid)
		i = must[g.Incident](t)(x.v.Alerts.CloseIncident(ctx, i.ID, 1, x.lin, "", "over"))
		x.same("outcome", i.Outcome, g.OutcomeDrill)
	})
}

// TestAShiftIsGivenAndTaken by two people, with what stood then.
func TestAShiftIsGivenAndTaken(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		x := newDesk(t, o, c)
		x.burns(1, x.gate["a"].ID, "fire building b1")
		x.fires("alt_leak", g.Major)
		x.fires("alt_air", g.Warning)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_leak", 1, x.lin))
		must[g.Alert](t)(x.v.Alerts.Silence(ctx, "alt_air", 1, x.lin, "windows are open"))
		x.fires("alt_drip", g.Major)
		must[g.Alert](t)(x.v.Alerts.Shelve(ctx, "alt_drip", 1, x.lin, 2*time.Hour, "the plumber comes"))
		for _, in := range []time.Duration{-time.Hour, 20 * time.Hour, 30 * time.Hour} {
			must[alerts.SuppressionRow](t)(x.as(x.a, g.RoleAdmin).Alerts.PutWindow(ctx, g.Suppression{
				School:    "a",
				Kind:      g.Window,
				Reason:    "painting",
				From:      c.now().Add(in),
				Until:     c.now().Add(in + 2*time.Hour),
				UpTo:      g.Major,
				Buildings: []g.BuildingID{x.gate["a"].Building},
			}, g.User{}))
		}
		n := must[alerts.ShiftNote](t)(x.v.Alerts.GiveShift(ctx, "a", x.lin, "the key is at the gate"))
		s := n.Standing
		var hidden []string
		for _, h := range s.Hidden {
			hidden = append(hidden, fmt.Sprintf("%s %s%v holds %v, from %s until %s, hides %d, %s: %s", h.Kind,
				h.Title, h.Covers, h.Holds, later(n, h.From), later(n, h.Until), h.Hides, h.ByName, h.Reason))
		}
		x.same("shelved and under maintenance", hidden, []string{
			"window [Main] holds true, from - until 1h, hides 0, usr_test tester: painting",
			// with what the same rule has found at the same place
			"shelf Smoke[Gate] holds true, from - until 2h, hides 2, Lin Feng: the plumber comes",
			"window [Main] holds false, from 20h until -, hides 0, usr_test tester: painting",
		})
		x.same("counts", []int{s.IncidentCount, s.OpenCount, s.AckCount, s.SilencedCount},
			[]int{1, 1, 0, 1})
		x.same("who holds what", s.Holders,
			[]alerts.ShiftHolder{{ID: x.lin.ID, Name: "Lin Feng", Handles: 1}})
		x.same("next step", s.Incidents[0].Next, "of the rule")
		x.same("room", s.Open[0].ZoneName, x.gate["a"].Name)
		_, err := x.v.Alerts.TakeShift(ctx, n.ID, 1, x.lin, "")
		wantCode(t, err, g.Forbidden)
		_, err = x.v.Alerts.TakeShift(ctx, n.ID, 1, g.User{}, "")
		wantCode(t, err, g.Forbidden)
		must[g.Alert](t)(x.v.Alerts.Acknowledge(ctx, "alt_1", 1, x.wei))
		n = must[alerts.ShiftNote](t)(x.v.Alerts.TakeShift(ctx, n.ID, 1, x.wei, "seen"))
		x.same("signed", []string{n.GivenByName, n.TakenByName, n.Remark},
			[]string{"Lin Feng", "Wei Na", "seen"})
		_, err = x.v.Alerts.TakeShift(ctx, n.ID, 2, x.wei, "")
		wantCode(t, err, g.Conflict)
		kept, _, err := x.v.Alerts.Shifts(ctx, "", registry.Page{})
		ok(t, err)
		x.same("kept", kept, []alerts.ShiftNote{n})
		x.same("what stood then", kept[0].Standing.OpenCount, 1)
		_, err = x.as(x.b, g.RoleSecurity).Alerts.Shift(ctx, n.ID)
		wantCode(t, err, g.NotFound)
	})
}

// later is how long after a shift note a time is, in whole hours.
func later(n alerts.ShiftNote, at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return fmt.Sprintf("%.0fh", at.Sub(n.Given).Hours())
}
