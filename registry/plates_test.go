package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/visits"
)

// TestPlates: a car's plate is a pass from its first moment to its last, however it is written; a guard
// who types it is told why it lets nobody in; a visitor's car has a permit while the visit is approved,
// and one that somebody has already stays theirs.
func TestPlates(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		guard := d.r.In(g.Scope{
			School:      d.a.ID,
			Actor:       "usr_test tester",
			Permissions: g.RoleSecurity.Permissions(),
			Reason:      "at the barrier",
		})
		child, gate := d.child[d.a.ID].ID, d.gate[d.a.ID].ID
		known := func(plate string) g.PersonID {
			id, _, err := d.sys.People.ByCredential(ctx, d.a.ID, g.ByPlate, plate)
			ok(t, err)
			return id
		}
		typed := func(plate, want string) {
			t.Helper()
			_, who, err := guard.Deeds.VouchPlate(ctx, plate, gate)
			if want == "" && err == nil && who != "" {
				return
			}
			if want == "" || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, %v, want %q", plate, who, err, want)
			}
		}
		begins := c.now().Add(time.Hour)
		pass, err := d.sys.People.AddPermit(ctx, child, g.ByPlate, "粵b·12345", begins, begins.Add(time.Hour))
		ok(t, err)
		if pass.Masked != "2345" || !pass.Starts.Equal(begins) {
			t.Errorf("got %+v, want its last four characters and its beginning", pass)
		}
		if _, err := d.sys.People.AddPermit(ctx, child, g.ByPlate, "粤B 12345", time.Time{}, time.Time{}); g.ErrorCode(
			err) != g.Conflict {
			t.Errorf("the same plate again: got %v, want a conflict", err)
		}
		for _, bad := range []string{"·", "京A", "京A123456789012"} {
			if _, err := d.sys.People.AddPermit(ctx, child, g.ByPlate, bad, time.Time{}, time.Time{}); g.ErrorCode(
				err) != g.Invalid {
				t.Errorf("%q: got %v, want it refused", bad, err)
			}
		}
		_, err = d.sys.People.AddPermit(ctx, child, g.ByPlate, "京A1", begins, begins)
		if g.ErrorCode(err) != g.Invalid {
			t.Errorf("it ends as it begins: got %v, want it refused", err)
		}
		typed("粤B12345", "has not begun")
		typed("京C00001", "nobody has a permit")
		if who := known("粤B12345"); who != "" {
			t.Errorf("got %s before it begins, want nobody", who)
		}
		c.add(90 * time.Minute)
		if who := known(" 粤Ｂ-12345"); who != child {
			t.Errorf("got %s, want the child", who)
		}
		typed("粤b12345", "")

		x := aVisit(d.a.ID, c.now().Add(-2*time.Hour))
		x.From, x.To, x.Plate = c.now().Add(-time.Minute), c.now().Add(2*time.Hour), "京C·00001"
		x.Visit = must[g.Visit](t)(guard.Visits.Register(ctx, x))
		typed("京C00001", "nobody has a permit")
		_, err = guard.Visits.Move(ctx, x.ID, visits.Step{State: g.VisitExpected})
		ok(t, err)
		typed("京c00001", "")
		if who := known("京C00001"); who == "" || who == child {
			t.Errorf("got %q, want the visitor", who)
		}
		other := aVisit(d.a.ID, c.now())
		other.From, other.To, other.Plate = c.now(), c.now().Add(time.Hour), "粤B12345"
		other.Visit = must[g.Visit](t)(guard.Visits.Register(ctx, other))
		_, err = guard.Visits.Move(ctx, other.ID, visits.Step{State: g.VisitExpected})
		ok(t, err)
		if who := known("粤B12345"); who != child {
			t.Errorf("got %q, want the plate to stay the child's", who)
		}
		for _, to := range []g.VisitState{g.VisitOnSite, g.VisitGone} {
			_, err = guard.Visits.Move(ctx, x.ID, visits.Step{State: to})
			ok(t, err)
		}
		typed("京C00001", "nobody has a permit")
		c.add(time.Hour)
		typed("粤B12345", "has ended")
	})
}
