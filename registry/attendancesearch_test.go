package registry_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

// A class teacher finds a child in a session by words of name and class. A name alone does not find
// one child's days, which require a reason.
func TestAttendanceIsFoundByWords(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		ctx, at := t.Context(), c.now()
		s := must[g.Session](t)(d.sys.Sessions.Put(ctx, g.Session{
			School: "a",
			Kind:   g.SessionArrival,
			Name:   "M", Start: at, Due: at.Add(time.Hour), End: at.Add(2 * time.Hour),
			ZoneKinds: []g.ZoneKind{g.ZoneGate},
			Who:       []g.PersonKind{g.Student},
		}))
		var rows []g.Attendance
		for i, name := range []string{"Li Ming", "Li Na", "Wang Ming", "Li Bo", "100% Li"} {
			p := must[g.Person](t)(d.sys.People.Create(ctx,
				g.Person{
					School: "a",
					Kind:   g.Student,
					Name:   name,
					Class:  fmt.Sprintf("7-%d", i%2+1),
				}))
			rows = append(rows,
				g.Attendance{
					Person:    p.ID,
					Session:   s.ID,
					School:    "a",
					Kind:      s.Kind,
					Date:      "2026-09-01",
					State:     g.Expected,
					InputHash: "h",
					Reasons:   []string{},
					Sightings: []g.SightingID{},
				})
		}
		must[[]g.Attendance](t)(d.sys.Sessions.PutAttendance(ctx, rows, g.CauseTime))
		v := d.as(d.a, g.RoleTeacher)
		for class, want := range map[string]int{"7-1": 3, "7-2": 2, "9-9": 0} {
			if got := answersOfClass(t, v, class); got != want {
				t.Errorf("class %s: got %d, want %d", class, got, want)
			}
		}
		if got := answersOfClass(t, d.as(d.b, g.RoleTeacher), "7-1"); got != 0 {
			t.Errorf("another school's teacher: got %d, want none", got)
		}
		for q, want := range map[string]int{
			"li":      4,
			"MING li": 1,
			"ming":    2,
			"li 7-2":  2,
			"100%":    1,
			"%":       1,
			"zhao":    0,
			"  ":      5,
		} {
			got, _, err := v.Sessions.Attendance(ctx, sessions.AttendanceFilter{Session: s.ID, Query: q})
			ok(t, err)
			if len(got) != want {
				t.Errorf("%q: got %d answers, want %d", q, len(got), want)
			}
		}
		var names []string
		f := sessions.AttendanceFilter{Session: s.ID, Query: "li", Page: registry.Page{Limit: 3}}
		pages := 0
		for next := "first"; next != ""; pages++ {
			var page []sessions.AttendanceRow
			var err error
			page, next, err = v.Sessions.Attendance(ctx, f)
			ok(t, err)
			for _, row := range page {
				names = append(names, row.Name)
			}
			f.Cursor = next
		}
		slices.Sort(names)
		if fmt.Sprint(names) != "[100% Li Li Bo Li Ming Li Na]" || pages != 2 {
			t.Errorf("got %v on %d pages of three, want the four of that name on 2", names, pages)
		}
		if _, _, err := v.Sessions.Attendance(ctx, sessions.AttendanceFilter{Query: "li ming"}); g.ErrorCode(
			err) != g.Invalid {
			t.Errorf("got %v for a name without a session, want it refused", err)
		}
	})
}

// answersOfClass counts a class's attendance rows, page by page.
func answersOfClass(t *testing.T, v *registry.View, class string) (n int) {
	t.Helper()
	f := sessions.AttendanceFilter{Class: class, Page: registry.Page{Limit: 2}}
	for {
		page, next, err := v.Sessions.Attendance(t.Context(), f)
		ok(t, err)
		for _, row := range page {
			if row.Class != class {
				t.Errorf("got somebody of the class %s, want %s", row.Class, class)
			}
		}
		n += len(page)
		if next == "" {
			return n
		}
		f.Cursor = next
	}
}
