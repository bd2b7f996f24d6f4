package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/timetable"
)

// TestTimetableWeek: an office looks at a week before it comes: what runs, what the calendar makes of
// it, and what is wrong.
func TestTimetableWeek(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	make := func(path string, body map[string]any) (id string) {
		t.Helper()
		var out struct{ ID string }
		admin.do("POST", path, body).want(http.StatusCreated).into(&out)
		return out.ID
	}
	period := func(name, start, end string) map[string]any {
		return map[string]any{"name": name, "start": start, "end": end}
	}
	lesson := func(name, class, period string, weekdays ...string) string {
		return make("/v1/timetable/patterns", map[string]any{
			"name": name, "kind": "lesson", "days": "school_days", "weekdays": weekdays, "periods": []string{period},
			"classes": []string{class}, "who": []string{"student"},
		})
	}
	make("/v1/timetable/templates", map[string]any{
		"name": "Usual", "usual": true, "periods": []any{period("1", "08:00", "08:40"), period("2", "08:50", "09:30")},
	})
	loc := w.a.Location()
	day := g.DateOf(time.Now().In(loc)).Add(14)
	for time.Date(day.Year, day.Month, day.Day, 12, 0, 0, 0, loc).Weekday() != time.Monday {
		day = day.Add(1)
	}
	make("/v1/calendar", map[string]any{
		"kind": "term", "name": "Term", "from": day.Add(-60).String(), "to": day.Add(4).String(),
	})
	maths := lesson("Maths", "9-9", "1", "mon", "tue")
	lesson("Art", "9-9", "1", "tue")
	lesson("Music", "9-9", "7", "wed")
	late := make("/v1/timetable/templates", map[string]any{"name": "Late", "shift": 60})
	make("/v1/timetable/days", map[string]any{
		"template": late, "from": day.Add(1).String(), "to": day.Add(1).String(),
	})
	change := make("/v1/timetable/changes", map[string]any{
		"pattern": maths, "date": day.String(), "start": "10:00", "end": "10:40",
	})

	var week timetable.TimetableWeek
	look := func() (runs, problems []string) {
		admin.do("GET", "/v1/timetable/week?class=9-9&date="+day.Add(3).String(), nil).want(200).into(&week)
		for _, r := range week.Runs {
			if r.Kind == g.SessionMeeting { // the world's, for all
				continue
			}
			runs = append(runs, fmt.Sprint(r.Date == day.String(), r.Start.In(loc).Format(" 15:04 "), r.Name))
		}
		for _, p := range week.Problems {
			problems = append(problems, fmt.Sprint(p.Code, " ", p.Name, " ", p.Beside))
		}
		return runs, problems
	}
	runs, problems := look()
	slices.Sort(runs)
	if want := []string{"false 09:00 Art", "false 09:00 Maths", "true 10:00 Maths"}; !slices.Equal(runs, want) {
		t.Errorf("got %q, want %q", runs, want)
	}
	for _, want := range []string{"no_period Music ", "no_class Maths "} {
		if !slices.Contains(problems, want) {
			t.Errorf("got %q, want %q among them", problems, want)
		}
	}
	if !slices.Contains(problems, "overlap Art Maths") && !slices.Contains(problems, "overlap Maths Art") {
		t.Errorf("got %q, want the overlap", problems)
	}
	if !slices.Contains(problems, "calendar_end  ") || week.Ends != day.Add(4).String() {
		t.Errorf("got %q and %q, want that the calendar ends", problems, week.Ends)
	}
	if len(week.Days) != 7 || week.Days[0].Date != day.String() || week.Days[1].Template != g.DayTemplateID(late) ||
		week.Days[5].School {
		t.Errorf("got %+v, want Monday to Sunday with Tuesday's template", week.Days)
	}
	admin.do("DELETE", "/v1/timetable/changes/"+change, nil).want(http.StatusNoContent)
	if runs, _ := look(); !slices.Contains(runs, "true 08:00 Maths") {
		t.Errorf("got %q, want it at its time again", runs)
	}
	admin.do("PATCH", "/v1/timetable/patterns/"+maths, map[string]any{"name": "Physics"}).want(200)
	if runs, _ := look(); !slices.Contains(runs, "true 08:00 Physics") {
		t.Errorf("got %q, want the new version", runs)
	}
	admin.do("DELETE", "/v1/timetable/patterns/"+maths, nil).want(http.StatusNoContent)
	if runs, _ := look(); len(runs) != 1 {
		t.Errorf("got %q, want one left", runs)
	}
}

// TestImportTimetable: a look says what is wrong by line and keeps nothing; a file is kept once, and
// what it does not have of its classes ends.
func TestImportTimetable(t *testing.T) {
	w := newWorld(t).schools()
	admin := w.user(w.a, g.RoleAdmin)
	send := func(query, file string) (r timetable.TimetableImport) {
		t.Helper()
		admin.do("POST", "/v1/timetable/import?"+query, file, "Content-Type", "text/csv").want(200).into(&r)
		return r
	}
	if r := send("", "class,weekday,period,subject\n9-9,mon,1,Maths\n"); r.Errors != 1 || r.Problems[0].Line != 0 {
		t.Errorf("got %+v, want that there are no periods", r)
	}
	admin.do("POST", "/v1/timetable/templates", map[string]any{"name": "Usual", "usual": true, "periods": []any{
		map[string]any{"name": "1", "start": "08:00", "end": "08:40"},
		map[string]any{"name": "2", "start": "08:50", "end": "09:30"},
	}}).want(http.StatusCreated)
	const good = "班级,节次,周一,周二,教室\n9-9,1,数学,语文,nowhere\n9-9,第2节,英语,,\n"
	r := send("", good)
	if r.Lessons != 3 || r.Plan.New != 3 || r.Kept || r.Errors != 0 || len(r.Problems) != 2 || !r.Problems[0].Note {
		t.Errorf("got %+v, want three lessons, and notes of the class and the room", r)
	}
	bad := send("keep=true", good+"9-9,7,体育,,\n9-9,1,美术,,\n")
	if bad.Kept || bad.Errors != 2 || bad.Problems[len(bad.Problems)-1].Line == 0 {
		t.Errorf("got %+v, want nothing kept, and the lines", bad)
	}
	if r := send("keep=true", good); !r.Kept || r.Plan.New != 3 {
		t.Errorf("got %+v, want it kept", r)
	}
	if r := send("keep=true", good); r.Plan.Same != 3 || r.Plan.New+r.Plan.Changed+r.Plan.Ended != 0 {
		t.Errorf("got %+v, want nothing changed", r)
	}
	if r := send("keep=true", "班级,节次,周一\n9-9,1,物理\n"); r.Plan.Changed != 1 || r.Plan.Ended != 2 {
		t.Errorf("got %+v, want one changed and two ended", r)
	}
	if r := send("", "PK\x03\x04 no workbook"); r.Errors != 1 {
		t.Errorf("got %+v, want that it is damaged", r)
	}
	b := admin.do("GET", "/v1/timetable.ics?class=9-9", nil).want(200).body
	if !strings.HasPrefix(string(b), "BEGIN:VCALENDAR") {
		t.Errorf("got %.100q, want a calendar", b)
	}
}
