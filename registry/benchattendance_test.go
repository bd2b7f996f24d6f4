package registry_test

import (
	"fmt"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

// BenchmarkIn creates a view, as every request does, and reads one school.
func BenchmarkIn(b *testing.B) {
	r, _, _ := crowd(b, 0, 0)
	scope := g.Scope{School: "a", Permissions: g.RoleAdmin.Permissions(), Actor: "x"}
	b.Run("only", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if r.In(scope) == nil {
				b.Fatal("no view")
			}
		}
	})
	b.Run("school", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.In(scope).Places.School(b.Context(), "a"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// whole returns a school of 3,000 people in 60 classes, with attendance for ten days of a session.
func whole(b *testing.B) (*registry.View, []g.Attendance) {
	b.Helper()
	_, sys, c := crowd(b, 0, 0)
	ctx := b.Context()
	fatal := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	for i := range 3000 {
		_, err := sys.People.Create(ctx, g.Person{
			ID:     g.PersonID(fmt.Sprintf("p%04d", i)),
			School: "a",
			Kind:   g.Student,
			Name:   fmt.Sprintf("Person %d", i),
			Number: fmt.Sprint(i),
			Class:  fmt.Sprintf("%d-%d", 1+i%6, 1+i/6%10),
		})
		fatal(err)
	}
	var rows []g.Attendance
	for day := range 10 {
		at := c.now().Add(time.Duration(day) * 24 * time.Hour)
		s, err := sys.Sessions.Put(ctx, g.Session{
			ID:     g.SessionID(fmt.Sprintf("s%d", day)),
			School: "a",
			Kind:   g.SessionArrival,
			Name:   "Morning",
			Start:  at.Add(-time.Hour),
			Due:    at,
			End:    at.Add(time.Hour),
			Who:    []g.PersonKind{g.Student},
		})
		fatal(err)
		rows = rows[:0]
		for i := range 3000 {
			rows = append(rows, g.Attendance{
				Person:    g.PersonID(fmt.Sprintf("p%04d", i)),
				Session:   s.ID,
				School:    "a",
				Date:      at.Format("2006-01-02"),
				State:     g.Arrived,
				InputHash: "0",
			})
		}
		_, err = sys.Sessions.PutAttendance(ctx, rows, g.CauseTime)
		fatal(err)
	}
	return sys, rows
}

// BenchmarkAttendance lists the attendance of one session and of all of them, in a school of 3,000.
func BenchmarkAttendance(b *testing.B) {
	sys, _ := whole(b)
	page := func(n int) registry.Page { return registry.Page{Limit: n} }
	for name, f := range map[string]sessions.AttendanceFilter{
		"page":         {Session: "s5", Page: page(100)},
		"page1000":     {Session: "s5", Page: page(1000)},
		"class":        {Session: "s5", Class: "3-4", Page: page(100)},
		"school":       {School: "a", Page: page(100)},
		"school-class": {School: "a", Class: "3-4", Page: page(100)},
		"words":        {Session: "s5", Query: "person 77"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rows, _, err := sys.Sessions.Attendance(b.Context(), f)
				if err != nil || len(rows) == 0 {
					b.Fatal(len(rows), err)
				}
			}
		})
	}
}

// BenchmarkPutAttendance writes changed attendance for a school of 3,000, then the same again.
func BenchmarkPutAttendance(b *testing.B) {
	sys, rows := whole(b)
	for turn := 1; b.Loop(); turn++ {
		for i := range rows {
			rows[i].InputHash = fmt.Sprint(turn)
		}
		for _, want := range []int{len(rows), 0} {
			changed, err := sys.Sessions.PutAttendance(b.Context(), rows, g.CauseTime)
			if err != nil || len(changed) != want {
				b.Fatal(len(changed), err)
			}
		}
	}
}
