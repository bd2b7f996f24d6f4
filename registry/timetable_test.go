package registry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/timetable"
)

// aPattern is a lesson of a school, pat-b.
func aPattern(school g.SchoolID) g.SessionPattern {
	return g.SessionPattern{
		ID:           "pat-b",
		School:       school,
		Name:         "Maths",
		Kind:         g.SessionLesson,
		From:         "2026-09-01",
		Days:         g.OnSchoolDays,
		SessionTimes: g.SessionTimes{Start: "10:00", End: "10:40"},
		Who:          []g.PersonKind{g.Student},
	}
}

func aLateDay(school g.SchoolID) g.TemplateDays {
	return g.TemplateDays{
		ID:       "tpd-b",
		School:   school,
		Template: "tpl-b",
		From:     "2026-09-09",
		To:       "2026-09-09",
	}
}

// TestPatternsHaveVersions: a change holds from a day on, days that are over stay as they were, and
// what never held is not kept; an end is a version too.
func TestPatternsHaveVersions(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		admin := d.as(d.b, g.RoleAdmin)
		put := func(change func(*g.SessionPattern)) (g.SessionPattern, error) {
			x := aPattern(d.b.ID)
			change(&x)
			return admin.Timetable.Put(ctx, x)
		}
		versions := func() (out []string) {
			for _, p := range must[[]g.SessionPattern](t)(admin.Timetable.Patterns(ctx, d.b.ID)) {
				out = append(out, fmt.Sprintf("%d %s %s", p.Version, p.From, p.To))
			}
			return out
		}
		x := must[g.SessionPattern](t)(put(func(*g.SessionPattern) {}))
		if x.Version != 1 || x.By == "" || x.Said.IsZero() {
			t.Errorf("got %+v, want the first version with who said so", x)
		}
		c.add(7 * 24 * time.Hour) // 8 September
		must[g.SessionPattern](t)(put(func(p *g.SessionPattern) { p.From, p.Name = "2026-10-01", "Physics" }))
		must[g.SessionPattern](t)(put(func(p *g.SessionPattern) { p.From, p.Name = "", "Music" }))
		same := must[g.SessionPattern](t)(put(func(p *g.SessionPattern) { p.From = "2026-09-08" }))
		if same.Version != 4 {
			t.Errorf("got %+v, want the next version", same)
		}
		if got, want := strings.Join(versions(), ", "), "1 2026-09-01 , 4 2026-09-08 "; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		for want, change := range map[string]func(*g.SessionPattern){
			"days that are over":      func(p *g.SessionPattern) { p.From = "2026-09-07" },
			"it ends before":          func(p *g.SessionPattern) { p.From, p.To = "2026-09-10", "2026-09-09" },
			"is no time of day":       func(p *g.SessionPattern) { p.Start = "25:00" },
			"at most 36 hours":        func(p *g.SessionPattern) { p.Due, p.End = "09:00", "08:00" },
			"it runs in periods":      func(p *g.SessionPattern) { p.Periods = []string{"1"} },
			"the school has no zone":  func(p *g.SessionPattern) { p.Zones = []g.ZoneID{d.gate["a"].ID} },
			"has no person":           func(p *g.SessionPattern) { p.Persons = []g.PersonID{d.child["a"].ID} },
			"is no day; use one of":   func(p *g.SessionPattern) { p.Weekdays = []g.Weekday{"xyz"} },
			"is no day; write it as":  func(p *g.SessionPattern) { p.To = "2026-02-30" },
			"say who is expected":     func(p *g.SessionPattern) { p.Who = nil },
			"name: give a name":       func(p *g.SessionPattern) { p.Name = " " },
			"is no kind of session":   func(p *g.SessionPattern) { p.Kind = "party" },
			"is no kind; use some of": func(p *g.SessionPattern) { p.Days = "never" },
		} {
			if _, err := put(change); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		ok(t, admin.Timetable.End(ctx, "pat-b"))
		if got := versions(); len(got) != 2 || got[1] != "5 2026-09-08 2026-09-07" {
			t.Errorf("got %q, want an end from today on", got)
		}
		later := must[g.SessionPattern](t)(put(func(p *g.SessionPattern) { p.ID, p.From = "", "2026-10-01" }))
		ok(t, admin.Timetable.End(ctx, later.ID))
		_, err := admin.Timetable.Pattern(ctx, later.ID)
		wantCode(t, err, g.NotFound)
		_, err = d.as(d.a, g.RoleAdmin).Timetable.PutChange(ctx, g.PatternChange{
			Pattern: "pat-b", Date: "2026-09-09", Cancel: true,
		})
		wantCode(t, err, g.NotFound)
	})
}

// TestManyPatterns: a file again changes nothing; what is not in it ends; a look writes nothing.
func TestManyPatterns(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		admin := d.as(d.b, g.RoleAdmin)
		day := g.DateOf(c.now())
		all := func(names ...string) (out []g.SessionPattern) {
			for i, name := range names {
				x := aPattern("")
				x.ID, x.Name = g.SessionPatternID(fmt.Sprint("pat-", i)), name
				out = append(out, x)
			}
			return out
		}
		put := func(look bool, ends []g.SessionPatternID, names ...string) timetable.Imported {
			t.Helper()
			return must[timetable.Imported](t)(admin.Timetable.PutMany(ctx, d.b.ID, all(names...), ends, day, look))
		}
		want := func(got, want timetable.Imported) {
			t.Helper()
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		want(put(true, nil, "Maths", "Music"), timetable.Imported{New: 2})
		want(put(false, nil, "Maths", "Music"), timetable.Imported{New: 2})
		c.add(24 * time.Hour)
		day = day.Add(1)
		want(put(false, nil, "Maths", "Music"), timetable.Imported{Same: 2})
		want(put(false, []g.SessionPatternID{"pat-1"}, "Physics"), timetable.Imported{Changed: 1, Ended: 1})
		want(put(false, []g.SessionPatternID{"pat-1"}, "Physics"), timetable.Imported{Same: 1})
		last := must[g.SessionPattern](t)(admin.Timetable.Pattern(ctx, "pat-1"))
		if !last.Ended() {
			t.Errorf("got %+v, want it ended", last)
		}
		want(put(false, nil, "Physics", "Art"), timetable.Imported{Same: 1, Changed: 1})
		bad := all("Maths")
		bad[0].Kind = "party"
		_, err := admin.Timetable.PutMany(ctx, d.b.ID, bad, nil, day, false)
		wantCode(t, err, g.Invalid)
	})
}

// TestTemplates: one usual day, periods with times, and none is deleted that days have.
func TestTemplates(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx, d := t.Context(), newDistrict(t, o, c)
		admin := d.as(d.b, g.RoleAdmin)
		usual := g.DayTemplate{
			ID: "tpl-b", School: d.b.ID, Name: "Usual", Usual: true,
			Periods: []g.Period{{Name: "1", SessionTimes: g.SessionTimes{Start: "08:00", End: "08:40"}}},
		}
		must[g.DayTemplate](t)(admin.Timetable.PutTemplate(ctx, usual))
		must[g.DayTemplate](t)(admin.Timetable.PutTemplate(ctx, usual))
		for want, change := range map[string]func(*g.DayTemplate){
			"is the usual day already": func(x *g.DayTemplate) { x.ID = "" },
			"needs its periods":        func(x *g.DayTemplate) { x.Periods = nil },
			"periods[0].start":         func(x *g.DayTemplate) { x.Periods = []g.Period{{Name: "1"}} },
			"is there twice":           func(x *g.DayTemplate) { x.Periods = append(x.Periods, x.Periods[0]) },
			"it moves the day by":      func(x *g.DayTemplate) { x.Shift = 500 },
		} {
			bad := usual
			change(&bad)
			if _, err := admin.Timetable.PutTemplate(ctx, bad); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		}
		must[g.TemplateDays](t)(admin.Timetable.PutDays(ctx, aLateDay(d.b.ID)))
		wantCode(t, admin.Timetable.DeleteTemplate(ctx, "tpl-b"), g.Conflict)
		over := aLateDay(d.b.ID)
		over.From, over.To = "2026-08-01", "2026-08-02"
		_, err := admin.Timetable.PutDays(ctx, over)
		wantCode(t, err, g.Invalid)
		_, err = d.as(d.a, g.RoleAdmin).Timetable.PutDays(ctx, aLateDay(d.a.ID))
		wantCode(t, err, g.Invalid) // another school's template
		ok(t, admin.Timetable.DeleteDays(ctx, "tpd-b"))
		ok(t, admin.Timetable.DeleteTemplate(ctx, "tpl-b"))
	})
}

// TestSync: what differs is written, what does not run is removed, and what has begun, was edited or
// was made by somebody is left alone.
func TestSync(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) { // 1 September, 7:00
		ctx, d := t.Context(), newDistrict(t, o, c)
		admin := d.as(d.b, g.RoleAdmin)
		day := g.DateOf(c.now())
		at := func(h, m int) time.Time { return time.Date(2026, 9, 1, h, m, 0, 0, time.UTC) }
		run := func(id string, start time.Time) g.Session {
			return g.Session{
				ID: g.SessionID(id), School: d.b.ID, Kind: g.SessionLesson, Name: "Maths", Start: start, Due: start,
				End: start.Add(40 * time.Minute), Who: []g.PersonKind{g.Student}, Pattern: "pat-b", Date: "2026-09-01",
			}
		}
		sync := func(runs ...g.Session) sessions.Synced {
			t.Helper()
			return must[sessions.Synced](t)(d.sys.Sessions.Sync(ctx, d.b.ID, day, day.Add(13), runs))
		}
		want := func(got sessions.Synced, written, removed int) {
			t.Helper()
			if got.Written != written || got.Removed != removed || got.More {
				t.Errorf("got %+v, want %d written and %d removed", got, written, removed)
			}
		}
		find := func(id string) g.Session {
			t.Helper()
			return must[g.Session](t)(admin.Sessions.Find(ctx, g.SessionID(id)))
		}
		by := must[g.Session](t)(admin.Sessions.Put(ctx, func() g.Session {
			x := run("ses-hand", at(9, 0))
			x.Pattern = "pat-b" // nobody makes one of the timetable's by hand
			return x
		}()))
		if by.Pattern != "" || by.Edited {
			t.Errorf("got %+v, want none of the timetable's", by)
		}
		early, noon, late := run("ses-early", at(6, 0)), run("ses-noon", at(12, 0)), run("ses-late", at(15, 0))
		bad := run("ses-bad", at(16, 0))
		bad.Who = nil
		if got := sync(early, noon, late, bad); got.Written != 2 || got.Refused != 1 {
			t.Errorf("got %+v, want two written; one has begun, one is none", got)
		}
		want(sync(early, noon, late), 0, 0)

		edited := find("ses-late")
		edited.Name = "Maths, outside"
		must[g.Session](t)(admin.Sessions.Put(ctx, edited))
		moved := run("ses-noon", at(13, 0))
		want(sync(moved, run("ses-late", at(15, 30))), 1, 0)
		if got := find("ses-late"); got.Name != "Maths, outside" || !got.Edited || got.Pattern != "pat-b" {
			t.Errorf("got %+v, want it as it was edited", got)
		}
		want(sync(moved), 0, 0) // the edited one runs no more, and stays

		wantCode(t, admin.Sessions.Delete(ctx, "ses-noon"), g.Conflict)
		ok(t, admin.Sessions.Delete(ctx, "ses-late")) // back to the timetable
		want(sync(moved, late), 1, 0)

		c.add(6*time.Hour + time.Minute) // 13:01: the moved one has begun
		want(sync(run("ses-noon", at(14, 0)), late), 0, 0)
		want(sync(late), 0, 0)
		want(sync(run("ses-late", at(12, 0))), 1, 0) // a template of this morning: it is over already
		if got := find("ses-late"); !got.Start.Equal(at(12, 0)) {
			t.Errorf("got %s, want it at 12", got.Start)
		}
		marks := must[[]sessions.Mark](t)(d.sys.Sessions.Marks(ctx, 100))
		if last := marks[len(marks)-1]; last.Session != "ses-late" {
			t.Errorf("got %+v, want it to be computed", last)
		}
		if find("ses-hand").ID == "" {
			t.Error("what somebody made is gone")
		}

		var many []g.Session
		for i := range 700 {
			x := run(fmt.Sprint("ses-many-", i), at(18, 0).Add(24*time.Hour))
			x.Date = "2026-09-02"
			many = append(many, x)
		}
		if got := sync(many...); got.Written != 500 || !got.More {
			t.Errorf("got %+v, want a bounded part", got)
		}
		want(sync(many...), 200, 0)
		if got := sync(); got.Removed != 500 || !got.More {
			t.Errorf("got %+v, want them removed in parts", got)
		}
		want(sync(), 0, 200)
	})
}
