package api_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/attendance"
)

// TestFigures: the figures of a day are those of its answers, by class, grade and school, and the
// workbook has the same.
func TestFigures(t *testing.T) {
	e := newEvening(t)
	yesterday := g.DateOf(e.now.In(e.a.Location())).Add(-1)
	e.now = yesterday.Reach(12*time.Hour, e.a.Location())
	arrival := e.session(g.SessionArrival, "Arrival", -5*time.Hour, -4*time.Hour)
	lesson := e.session(g.SessionLesson, "Maths", -3*time.Hour, -2*time.Hour)
	for i, state := range []g.AttendanceState{g.Arrived, g.Late, g.Absent, g.Excused} {
		who := e.pupil([]string{"921", "922", "923", "924"}[i], false)
		e.answer(arrival, who, state)
		e.answer(lesson, who, g.Arrived)
	}
	teacher := e.user(e.a, g.RoleTeacher)
	var f attendance.Figures
	teacher.do("GET", "/v1/figures?date="+yesterday.String(), nil).want(200).into(&f)
	want := attendance.FigureCounts{
		Due:    4,
		There:  2,
		Late:   1,
		Absent: 1,
		Leave:  1,
	}
	levels := map[attendance.FigureLevel]attendance.FigureRow{}
	for _, r := range f.Rows {
		if r.Level == attendance.FigureSchool || r.Name == "9" || r.Name == "9-9" {
			levels[r.Level] = r
		}
	}
	for _, l := range []attendance.FigureLevel{
		attendance.FigureSchool, attendance.FigureGrade, attendance.FigureClass,
	} {
		if r := levels[l]; r.Day != want || r.Month != want || r.People < 4 || r.Session != arrival.ID {
			t.Errorf("%s: got %+v, want %+v", l, r, want)
		}
	}
	var other attendance.Figures
	teacher.do("GET", "/v1/figures?kind=lesson&date="+yesterday.String(), nil).want(200).into(&other)
	if n := other.Rows[0].Day; n.Due != 4 || n.There != 4 {
		t.Errorf("lessons: got %+v, want all four there", n)
	}
	r := teacher.do("GET", "/v1/figures.xlsx?date="+yesterday.String(), nil).want(200)
	book := must(excelize.OpenReader(bytes.NewReader(r.body)))(t)
	defer book.Close()
	rows := must(book.GetRows("Sheet1"))(t)
	if len(rows) != 2+len(f.Rows) || rows[2][2] != "4" || rows[2][4] != "50.0 %" {
		t.Errorf("got %q, want the same rows", rows)
	}
	teacher.do("GET", "/v1/figures?date=yesterday", nil).want(422)
}

// TestExceptions: what needs a person stands in the queue until it is settled or ends by itself; the
// longest wait comes first.
func TestExceptions(t *testing.T) {
	e := newEvening(t)
	now := e.now
	yesterday := g.DateOf(now.In(e.a.Location()).Add(-4 * time.Hour)).Add(-1)
	e.now = yesterday.Reach(12*time.Hour, e.a.Location())
	stayed, dipped, mended := e.pupil("931", false), e.pupil("932", false), e.pupil("933", false)
	e.seen(stayed, e.now)
	e.seen("", e.now.Add(time.Minute))
	e.seen("", e.now.Add(2*time.Minute))
	lunch := e.session(g.SessionMeal, "Lunch", -time.Hour, time.Hour)
	e.answer(lunch, dipped, g.Arrived, "double_dip")
	e.answer(lunch, mended, g.Absent, "device_gap")
	e.answer(lunch, stayed, g.Absent, "device_gap")
	teacher := e.user(e.a, g.RoleTeacher)
	list := func(query string) map[string]attendance.Exception {
		t.Helper()
		var page struct{ Items []attendance.Exception }
		teacher.do("GET", "/v1/exceptions"+query, nil).want(200).into(&page)
		out := map[string]attendance.Exception{}
		for i, x := range page.Items {
			if i > 0 && x.At.Before(page.Items[i-1].At) {
				t.Errorf("%s of %s comes after a newer one", x.Kind, x.At)
			}
			out[x.Kind] = x
		}
		return out
	}
	all := list("")
	if x := all["no_exit"]; x.Person != stayed || x.Name != "Pupil 931" {
		t.Errorf("got %+v, want who was not seen to leave", x)
	}
	if x := all["double_dip"]; x.Person != dipped || x.Session != lunch.ID {
		t.Errorf("got %+v, want who ate twice", x)
	}
	if x := all["device_gap"]; x.Person != "" || x.Count != 2 {
		t.Errorf("got %+v, want one gap for two people", x)
	}
	if x := all["unknown_person"]; x.Count != 2 || x.Device == "" {
		t.Errorf("got %+v, want two passages of nobody as one", x)
	}
	mark := func(id, deed string, status int) (x attendance.Exception) {
		t.Helper()
		r := teacher.do("POST", "/v1/exceptions/"+id, map[string]any{"deed": deed, "note": "was a guest"}).want(status)
		if status == 200 {
			r.into(&x)
		}
		return x
	}
	id := all["no_exit"].ID
	if x := mark(id, "take", 200); x.Owner == "" || !x.Done.IsZero() {
		t.Errorf("got %+v, want an owner", x)
	}
	if x := mark(id, "settle", 200); x.Done.IsZero() || x.Note != "was a guest" {
		t.Errorf("got %+v, want it settled with a note", x)
	}
	mark(id, "settle", 409)
	mark("exc_none", "settle", 404)
	if _, there := list("")["no_exit"]; there {
		t.Error("what is settled is in the queue still")
	}
	if x := list("?settled=true")["no_exit"]; x.By == "" {
		t.Errorf("got %+v, want who settled it", x)
	}
	mark(id, "reopen", 200)
	var counts attendance.ExceptionCounts
	teacher.do("GET", "/v1/exceptions/count", nil).want(200).into(&counts)
	open := 0
	for _, n := range counts.Kinds {
		open += n.Open
	}
	if open != 4 {
		t.Errorf("got %+v, want four that are open", counts)
	}
	e.user(e.a, g.RoleSecurity).do("POST", "/v1/exceptions/"+id, map[string]any{"deed": "settle"}).want(403)
}
