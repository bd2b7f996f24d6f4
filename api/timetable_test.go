package api_test

import (
	"fmt"
	"net/http"
	"slices"
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
