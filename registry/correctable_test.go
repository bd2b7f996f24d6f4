package registry_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// TestCorrectionsHaveAnEffect: nobody is corrected whom the session does not expect, the audit log
// says what was corrected to what, and a session with a correction is not deleted.
func TestCorrectionsHaveAnEffect(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleTeacher)
		child := d.child["a"].ID
		s := must[g.Session](t)(v.Sessions.Put(ctx, morning(d, d.a)))
		correct := func(s g.Session, p g.PersonID, to g.AttendanceState) error {
			return v.Sessions.Correct(ctx, sessions.Correction{
				Session: s.ID,
				Person:  p,
				State:   to,
				Reason:  "sat in the first row",
			})
		}

		other := s
		other.ID, other.Classes = "", []string{"9-9"}
		other = must[g.Session](t)(v.Sessions.Put(ctx, other))
		wantCode(t, correct(other, child, g.Arrived), g.Invalid)
		other.Persons = []g.PersonID{child}
		other = must[g.Session](t)(v.Sessions.Put(ctx, other))
		ok(t, correct(other, child, g.Arrived))

		old := s
		old.ID = ""
		old.Start = s.Start.AddDate(-1, 0, 0)
		old.Due, old.End = old.Start.Add(time.Hour), old.Start.Add(2*time.Hour)
		old = must[g.Session](t)(v.Sessions.Put(ctx, old))
		wantCode(t, correct(old, child, g.Arrived), g.Invalid)

		must[[]g.Attendance](t)(d.sys.Sessions.PutAttendance(ctx, []g.Attendance{{
			Person:    child,
			Session:   s.ID,
			School:    "a",
			Kind:      s.Kind,
			Date:      "2026-09-01",
			State:     g.Absent,
			InputHash: "h",
		}}, g.CauseTime))
		ok(t, correct(s, child, g.Arrived))
		got, _, err := d.sys.Views.Audit(ctx, views.AuditFilter{Page: registry.Page{Limit: 1}})
		ok(t, err)
		want := []g.AuditChange{{Field: "state", Before: "absent", After: "arrived"}}
		if diff := cmp.Diff(want, got[0].Changes); diff != "" {
			t.Errorf("the audit log of a correction: -want +got\n%s", diff)
		}
		wantCode(t, v.Sessions.Delete(ctx, s.ID), g.Conflict)
		ok(t, v.Sessions.Delete(ctx, old.ID))
	})
}

// TestNobodyMissesADeletedSession: who was absent from a session that is deleted is told as required at
// none, so that no rule looks for them; each event says when its session ends.
func TestNobodyMissesADeletedSession(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		s := must[g.Session](t)(d.sys.Sessions.Put(ctx, morning(d, d.a)))
		must[[]g.Attendance](t)(d.sys.Sessions.PutAttendance(ctx, []g.Attendance{{
			Person:    d.child["a"].ID,
			Session:   s.ID,
			School:    "a",
			Kind:      s.Kind,
			Date:      "2026-09-01",
			State:     g.Absent,
			InputHash: "h",
		}}, g.CauseTime))
		ok(t, d.as(d.a, g.RoleTeacher).Sessions.Delete(ctx, s.ID))
		var told []g.AttendanceState
		for _, e := range drain(t, d) {
			if a := e.Attendance; a != nil {
				told = append(told, a.Was, a.State)
				if !a.Until.Equal(s.End) || a.Person != d.child["a"].ID {
					t.Errorf("got %+v, want it of the child, until %s", a, s.End)
				}
			}
		}
		want := []g.AttendanceState{"", g.Absent, g.Absent, g.NotRequired}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}

// TestARollIsCalled: what can be taken of it is, sent again it changes nothing, and a tick that was
// made before another one's does not count, whenever it comes.
func TestARollIsCalled(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleTeacher)
		child, other := d.child["a"].ID, d.child["b"].ID
		s := must[g.Session](t)(v.Sessions.Put(ctx, morning(d, d.a)))
		at := c.now().Add(-time.Minute)
		roll := func(state g.AttendanceState, at time.Time, people ...g.PersonID) []sessions.NotTicked {
			t.Helper()
			var ticks []sessions.Ticked
			for _, p := range people {
				ticks = append(ticks, sessions.Ticked{Person: p, State: state, At: at})
			}
			return must[[]sessions.NotTicked](t)(v.Sessions.Roll(ctx, s.ID, ticks, "roll call"))
		}
		stands := func(when string, n int, want g.AttendanceState) {
			t.Helper()
			all := must[[]sessions.Correction](t)(v.Sessions.Corrections(ctx, s.ID))
			if len(all) != n || all[n-1].State != want || all[n-1].Reason != "roll call" ||
				all[n-1].At.After(c.now()) {
				t.Errorf("%s: got %+v, want %d, the last %s", when, all, n, want)
			}
		}
		refused := roll(g.Absent, at, child, other, "per_none")
		if len(refused) != 2 || refused[0].Person != other || refused[1].Person != "per_none" {
			t.Errorf("got %+v, want the other school's and nobody's refused", refused)
		}
		stands("the first", 1, g.Absent)
		roll(g.Absent, at, child)
		stands("sent again", 1, g.Absent)
		roll(g.Arrived, at.Add(-time.Minute), child)
		stands("one ticked before, and sent after", 1, g.Absent)
		roll(g.Arrived, c.now().Add(time.Hour), child)
		stands("a phone whose clock is ahead", 2, g.Arrived)
		_, err := v.Sessions.Roll(ctx, s.ID, make([]sessions.Ticked, sessions.MaxRoll+1), "roll call")
		wantCode(t, err, g.Invalid)
	})
}

// TestLeavesAreOfThisTime: a leave of a thousand years, or without a reason, is not taken.
func TestLeavesAreOfThisTime(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		now := c.now()
		for _, x := range []struct {
			name, reason, field string
			from, to            time.Time
		}{
			{"a year abroad", "exchange year", "", now, now.AddDate(1, 0, 0)},
			{"a mistyped end", "doctor", "to", now, now.AddDate(1000, 0, 0)},
			{"a mistyped beginning", "doctor", "from", now.AddDate(-10, 0, 0), now.AddDate(-10, 0, 1)},
			{"a far beginning", "doctor", "from", now.AddDate(10, 0, 0), now.AddDate(10, 0, 1)},
			{"blanks", " \u3000", "reason", now, now.AddDate(0, 0, 1)},
			{"a turned text", "doc\u202etor", "reason", now, now.AddDate(0, 0, 1)},
		} {
			_, err := d.as(d.a, g.RoleTeacher).Sessions.PutLeave(ctx, g.Leave{
				Person: d.child["a"].ID,
				From:   x.from,
				To:     x.to,
				Reason: x.reason,
			})
			field := ""
			if e, is := err.(*g.Error); is {
				field = e.Field
			}
			if field != x.field {
				t.Errorf("%s: got %v, want an error of the field %q", x.name, err, x.field)
			}
		}
	})
}
