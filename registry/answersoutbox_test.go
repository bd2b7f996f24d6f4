package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// Answers that are written together share rows of the outbox: all of them are told, a reader gets
// whole rows until it has what it asked for, and an answer that comes back to what it was is told
// again.
func TestAnswersAreToldTogether(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		var file strings.Builder
		file.WriteString("kind,number,name,class\n")
		for i := range 130 {
			fmt.Fprintf(&file, "student,%d,Pupil %d,7-1\n", i+1, i)
		}
		_, err := d.sys.People.ImportRoster(ctx, "a", []byte(file.String()), people.ImportOptions{})
		ok(t, err)
		s := must[g.Session](t)(d.sys.Sessions.Put(ctx, morning(d, d.a)))
		var rows []g.Attendance
		for _, m := range must[[]people.Member](t)(d.sys.People.Members(ctx, "a"))[:130] {
			rows = append(rows, g.Attendance{
				Person:    m.ID,
				Session:   s.ID,
				School:    "a",
				Kind:      s.Kind,
				Date:      "2026-09-01",
				State:     g.Expected,
				InputHash: "h1",
			})
		}
		drain(t, d)
		put := func(want int, state g.AttendanceState, hash string, rows []g.Attendance) {
			t.Helper()
			for i := range rows {
				rows[i].State, rows[i].InputHash = state, hash
			}
			c.add(time.Second)
			if got := must[[]g.Attendance](t)(d.sys.Sessions.PutAttendance(ctx, rows, g.CauseTime)); len(got) != want {
				t.Errorf("got %d changes, want %d", len(got), want)
			}
		}
		put(130, g.Expected, "h1", rows)
		some := must[[]registry.OutboxRow](t)(d.sys.Outbox(ctx, 0, 60))
		if len(some) != 100 || some[99].ID == some[0].ID {
			t.Fatalf("got %d events, want those of two whole rows", len(some))
		}
		put(1, g.Arrived, "h2", rows[:1])
		put(1, g.Expected, "h1", rows[:1])
		seen := map[string]bool{}
		var states []g.AttendanceState
		after := int64(0)
		for {
			some := must[[]registry.OutboxRow](t)(d.sys.Outbox(ctx, after, 60))
			if len(some) == 0 {
				break
			}
			var read []int64
			for _, x := range some {
				ok(t, x.Err)
				read = append(read, x.ID)
				seen[x.Event.ID], after = true, x.ID
				if x.Event.Attendance.Person == rows[0].Person {
					states = append(states, x.Event.Attendance.State)
				}
			}
			ok(t, d.sys.DeleteOutbox(ctx, read))
		}
		if len(seen) != 132 {
			t.Errorf("got %d events, want 132 different ones", len(seen))
		}
		want := []g.AttendanceState{g.Expected, g.Arrived, g.Expected}
		if fmt.Sprint(states) != fmt.Sprint(want) {
			t.Errorf("got %v, want %v", states, want)
		}
		if left := must[[]registry.OutboxRow](t)(d.sys.Outbox(ctx, 0, 1000)); len(left) != 0 {
			t.Errorf("%d events are left", len(left))
		}
	})
}
