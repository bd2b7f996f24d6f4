package timetable_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
	"github.com/gatehouse-iot/gatehouse/rules/timetable"
)

func date(t interface{ Fatal(...any) }, s string) g.Date {
	d, err := g.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func entry(kind g.CalendarKind, from, to string, as g.Weekday, classes ...string) g.CalendarEntry {
	return g.CalendarEntry{
		ID:      g.CalendarEntryID("cal_" + from),
		Kind:    kind,
		From:    from,
		To:      to,
		RunsAs:  as,
		Classes: classes,
	}
}

func times(start, due, end string) g.SessionTimes {
	return g.SessionTimes{Start: start, Due: due, End: end}
}

// autumn is a school's term with lessons, a dorm and a shift.
func autumn() timetable.Inputs {
	student, staff := []g.PersonKind{g.Student}, []g.PersonKind{g.Staff}
	return timetable.Inputs{
		School:  g.School{ID: "s", Timezone: "Asia/Shanghai"},
		Classes: []string{"9-1", "7-2", "7-1"},
		Calendar: calendar.New([]g.CalendarEntry{
			entry(g.CalendarTerm, "2026-09-01", "2027-01-20", ""),
			entry(g.CalendarDayOff, "2026-10-01", "2026-10-07", ""),
			entry(g.CalendarWorkday, "2026-10-10", "2026-10-10", "tue"), // a Saturday
			entry(g.CalendarDayOff, "2026-11-04", "2026-11-04", "", "7-1"),
		}, nil),
		Patterns: []g.SessionPattern{
			{
				ID: "pat_gate", Version: 1, Name: "Arrival", Kind: g.SessionArrival, From: "2026-09-01",
				Days: g.OnSchoolDays, SessionTimes: times("06:30", "07:50", "12:00"), Who: student,
			},
			{
				ID: "pat_maths", Version: 1, Name: "Maths", Kind: g.SessionLesson, From: "2026-09-01",
				To: "2027-01-20", Days: g.OnSchoolDays, Weekdays: []g.Weekday{"tue", "wed"},
				Periods: []string{"1", "6"}, Classes: []string{"7-1", "7-2"}, Who: student,
			},
			{
				ID: "pat_watch", Version: 1, Name: "Watch", Kind: g.SessionDuty, From: "2026-09-01",
				Days: g.OnEveryDay, SessionTimes: times("22:00", "", "06:00"), Who: staff,
				Persons: []g.PersonID{"per_guard"},
			},
			{
				ID: "pat_club", Version: 1, Name: "Club", Kind: g.SessionMeeting, From: "2026-09-01",
				Days: g.OnDaysOff, Weekdays: []g.Weekday{"sun"}, Who: staff,
				SessionTimes: times("09:00", "09:10", "11:00"),
			},
		},
		Templates: []g.DayTemplate{
			{ID: "tpl_usual", Usual: true, Periods: []g.Period{
				{Name: "1", SessionTimes: times("08:00", "08:05", "08:40")},
				{Name: "6", SessionTimes: times("14:00", "14:05", "14:40")},
			}},
			{ID: "tpl_late", Shift: 60},
			{ID: "tpl_early", Periods: []g.Period{
				{Name: "1", SessionTimes: times("07:40", "07:45", "08:10")},
			}},
		},
		Days: []g.TemplateDays{
			{Template: "tpl_late", From: "2026-11-10", To: "2026-11-11"},
			{Template: "tpl_early", From: "2026-11-11", To: "2026-11-11", Classes: []string{"7-2"}},
		},
	}
}

// said writes what runs, a line each: "08:00 08:05 08:40 pat_maths 1 [7-1 7-2]".
func said(in timetable.Inputs, d g.Date) string {
	var b strings.Builder
	runs, problems := timetable.Day(in, d)
	for _, r := range runs {
		at := func(t time.Time) string { return t.In(in.School.Location()).Format("15:04") }
		fmt.Fprintf(&b, "%s %s %s %s %s %v\n", at(r.Start), at(r.Due), at(r.End), r.Pattern, r.Period,
			r.Classes)
	}
	for _, p := range problems {
		fmt.Fprintf(&b, "! %s %s %s %s %s\n", p.Pattern, p.Period, p.Code, p.Other, p.Class)
	}
	return b.String()
}

func TestDay(t *testing.T) {
	const watch = "22:00 22:00 06:00 pat_watch  []\n"
	for _, c := range []struct {
		name, day string
		change    func(*timetable.Inputs)
		want      string
	}{
		{"before the term", "2026-08-31", nil, ""},
		{"a Monday", "2026-09-07", nil, "06:30 07:50 12:00 pat_gate  []\n" + watch},
		{"a Tuesday", "2026-09-08", nil, "06:30 07:50 12:00 pat_gate  []\n" +
			"08:00 08:05 08:40 pat_maths 1 [7-1 7-2]\n14:00 14:05 14:40 pat_maths 6 [7-1 7-2]\n" + watch},
		{"a holiday", "2026-10-06", nil, watch},
		{"a Sunday", "2026-09-06", nil, "09:00 09:10 11:00 pat_club  []\n" + watch},
		{"a Saturday that runs as a Tuesday", "2026-10-10", nil, "06:30 07:50 12:00 pat_gate  []\n" +
			"08:00 08:05 08:40 pat_maths 1 [7-1 7-2]\n14:00 14:05 14:40 pat_maths 6 [7-1 7-2]\n" + watch},
		{"a class is off", "2026-11-04", nil, "06:30 07:50 12:00 pat_gate  [7-2 9-1]\n" +
			"08:00 08:05 08:40 pat_maths 1 [7-2]\n14:00 14:05 14:40 pat_maths 6 [7-2]\n" + watch},
		{"a late start moves all", "2026-11-10", nil, "07:30 08:50 13:00 pat_gate  []\n" +
			"09:00 09:05 09:40 pat_maths 1 [7-1 7-2]\n15:00 15:05 15:40 pat_maths 6 [7-1 7-2]\n" +
			watch},
		{"one class has another day", "2026-11-11", nil, "06:30 07:50 12:00 pat_gate  [7-2]\n" +
			"07:30 08:50 13:00 pat_gate  [7-1 9-1]\n07:40 07:45 08:10 pat_maths 1 [7-2]\n" +
			"09:00 09:05 09:40 pat_maths 1 [7-1]\n15:00 15:05 15:40 pat_maths 6 [7-1]\n" +
			watch},
		{"the term's second week is even", "2026-09-08", func(in *timetable.Inputs) {
			in.Patterns[0].Weeks, in.Patterns[1].Weeks = g.OddWeeks, g.EvenWeeks
		}, "08:00 08:05 08:40 pat_maths 1 [7-1 7-2]\n14:00 14:05 14:40 pat_maths 6 [7-1 7-2]\n" + watch},
		{"and its third odd", "2026-09-15", func(in *timetable.Inputs) {
			in.Patterns[0].Weeks, in.Patterns[1].Weeks = g.OddWeeks, g.EvenWeeks
		}, "06:30 07:50 12:00 pat_gate  []\n" + watch},
		{"changes of the day", "2026-09-08", func(in *timetable.Inputs) {
			in.Changes = []g.PatternChange{
				{Pattern: "pat_maths", Date: "2026-09-08", Period: "6", Cancel: true},
				{Pattern: "pat_gate", Date: "2026-09-08", SessionTimes: times("07:00", "08:30", "12:00")},
				{Pattern: "pat_watch", Date: "2026-09-09", Cancel: true}, // another day's
			}
		}, "07:00 08:30 12:00 pat_gate  []\n08:00 08:05 08:40 pat_maths 1 [7-1 7-2]\n" + watch},
		{"what is wrong is said", "2026-09-07", func(in *timetable.Inputs) {
			in.Patterns[0].Classes = []string{"7-1"}
			in.Patterns[0].Kind = g.SessionLesson
			in.Patterns[1].Weekdays, in.Patterns[1].Periods = nil, []string{"1", "9"}
			in.Patterns[2].Start = "25:00"
		}, "06:30 07:50 12:00 pat_gate  [7-1]\n08:00 08:05 08:40 pat_maths 1 [7-1 7-2]\n" +
			"! pat_maths 9 no_period  \n! pat_watch  no_time  \n! pat_maths 1 overlap pat_gate 7-1\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := autumn()
			if c.change != nil {
				c.change(&in)
			}
			if diff := cmp.Diff(c.want, said(in, date(t, c.day))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// TestSubstitute: other people and another room for a day.
func TestSubstitute(t *testing.T) {
	in := autumn()
	in.Changes = []g.PatternChange{{
		Pattern: "pat_watch",
		Date:    "2026-09-07",
		Zones:   []g.ZoneID{"zon_hall"},
		Persons: []g.PersonID{"per_other"},
	}}
	for day, want := range map[string]g.PersonID{"2026-09-07": "per_other", "2026-09-14": "per_guard"} {
		runs, _ := timetable.Day(in, date(t, day))
		got := runs[len(runs)-1]
		if !slices.Equal(got.Persons, []g.PersonID{want}) || (len(got.Zones) == 1) != (want == "per_other") {
			t.Errorf("%s: got %v in %v, want %s", day, got.Persons, got.Zones, want)
		}
	}
}

// TestChangeKeepsThePast: a new version from a day on changes no day before, and the sessions after
// it are the same ones at another time.
func TestChangeKeepsThePast(t *testing.T) {
	before := autumn()
	next := before.Patterns[0]
	next.From, next.SessionTimes = "2026-09-15", times("07:00", "08:20", "12:00")
	after := before
	var err error
	if after.Patterns, err = timetable.Change(before.Patterns[:1], next); err != nil {
		t.Fatal(err)
	}
	before.Patterns = before.Patterns[:1]
	for d := date(t, "2026-08-25"); d != date(t, "2026-09-15"); d = d.Add(1) {
		was, _ := timetable.Day(before, d)
		is, _ := timetable.Day(after, d)
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s: -want +got\n%s", d, diff)
		}
	}
	was, _ := timetable.Day(before, date(t, "2026-09-15"))
	is, _ := timetable.Day(after, date(t, "2026-09-15"))
	if len(is) != 1 || is[0].ID != was[0].ID || !is[0].Start.Equal(was[0].Start.Add(30*time.Minute)) {
		t.Errorf("got %+v, want the same session half an hour later", is)
	}
	next.From = "soon"
	if _, err := timetable.Change(before.Patterns, next); g.ErrorCode(err) != g.Invalid {
		t.Errorf("got %v, want it refused", err)
	}
}

// TestClocks: days of which the clock skips or repeats a part, a leap day, a school that moves.
func TestClocks(t *testing.T) {
	one := func(zone, day string, x g.SessionTimes) (g.Session, bool) {
		runs, _ := timetable.Day(timetable.Inputs{
			School: g.School{ID: "s", Timezone: zone},
			Patterns: []g.SessionPattern{{
				ID: "pat", Kind: g.SessionDorm, Days: g.OnEveryDay, SessionTimes: x, Persons: []g.PersonID{"p"},
			}},
		}, date(t, day))
		if len(runs) == 0 {
			return g.Session{}, false
		}
		return runs[0].Session, true
	}
	for _, c := range []struct {
		name, zone, day string
		times           g.SessionTimes
		start           string
		long            time.Duration
	}{
		{"a night", "Asia/Shanghai", "2026-03-02", times("21:00", "22:30", "06:00"),
			"2026-03-02T21:00:00+08:00", 9 * time.Hour},
		{"due after midnight", "Asia/Shanghai", "2026-03-02", times("23:00", "00:30", "02:00"),
			"2026-03-02T23:00:00+08:00", 3 * time.Hour},
		{"the night is an hour short", "America/New_York", "2026-03-07", times("21:00", "22:30", "06:00"),
			"2026-03-07T21:00:00-05:00", 8 * time.Hour},
		{"the night is an hour long", "America/New_York", "2026-10-31", times("21:00", "22:30", "06:00"),
			"2026-10-31T21:00:00-04:00", 10 * time.Hour},
		{"the start is skipped", "America/New_York", "2026-03-08", times("02:30", "", "04:00"),
			"2026-03-08T03:00:00-04:00", time.Hour},
		{"no midnight", "America/Santiago", "2026-09-06", times("00:00", "00:30", "02:00"),
			"2026-09-06T01:00:00-03:00", time.Hour},
		{"until a midnight that is not", "America/Santiago", "2026-09-05", times("21:00", "22:00", "00:00"),
			"2026-09-05T21:00:00-04:00", 3 * time.Hour},
		{"a leap day", "Asia/Shanghai", "2028-02-29", times("22:00", "", "06:00"),
			"2028-02-29T22:00:00+08:00", 8 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, ok := one(c.zone, c.day, c.times)
			got := s.Start.In(g.School{Timezone: c.zone}.Location()).Format(time.RFC3339)
			if !ok || got != c.start || s.End.Sub(s.Start) != c.long || s.Due.Before(s.Start) ||
				s.End.Before(s.Due) {
				t.Errorf("got %s, %s long, due %s; want %s, %s", got, s.End.Sub(s.Start), s.Due, c.start, c.long)
			}
		})
	}
	if s, ok := one("America/New_York", "2026-03-08", times("02:10", "", "02:50")); ok {
		t.Errorf("got %+v, want nothing: the clock skips it", s)
	}
	here, _ := one("Asia/Shanghai", "2026-03-02", times("08:00", "", "09:00"))
	there, _ := one("Asia/Urumqi", "2026-03-02", times("08:00", "", "09:00"))
	if here.ID != there.ID || there.Start.Sub(here.Start) != 2*time.Hour {
		t.Errorf("got %s at %s, want session %s two hours after %s", there.ID, there.Start, here.ID, here.Start)
	}
}

// TestOrderSaysNothing: the same in any order, with no id twice.
func TestOrderSaysNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := autumn()
		day := date(t, "2026-09-01").Add(rapid.IntRange(0, 140).Draw(t, "day"))
		runs, problems := timetable.Day(in, day)
		seen := map[g.SessionID]bool{}
		for _, r := range runs {
			if seen[r.ID] || !r.Start.Before(r.End) || r.Due.Before(r.Start) || r.End.Before(r.Due) {
				t.Fatalf("got %+v", r)
			}
			seen[r.ID] = true
		}
		in.Classes = rapid.Permutation(in.Classes).Draw(t, "classes")
		in.Patterns = rapid.Permutation(in.Patterns).Draw(t, "patterns")
		in.Templates = rapid.Permutation(in.Templates).Draw(t, "templates")
		in.Days = rapid.Permutation(in.Days).Draw(t, "days")
		again, wrong := timetable.Day(in, day)
		if diff := cmp.Diff(runs, again) + cmp.Diff(problems, wrong); diff != "" {
			t.Fatalf("-want +got\n%s", diff)
		}
	})
}

// TestStaffStay: a pattern for students and staff is held for the staff, too, when the day of some
// classes, or of all of them, is another one.
func TestStaffStay(t *testing.T) {
	in := autumn()
	in.Patterns = []g.SessionPattern{{
		ID: "pat_gate", Version: 1, Name: "Arrival", Kind: g.SessionArrival, From: "2026-09-01",
		Days: g.OnSchoolDays, SessionTimes: times("06:30", "07:50", "12:00"),
		Who: []g.PersonKind{g.Student, g.Staff},
	}}
	in.Days = nil
	who := func(day string) (out []string) {
		runs, _ := timetable.Day(in, date(t, day))
		for _, r := range runs {
			out = append(out, fmt.Sprint(r.Who, r.Classes))
		}
		slices.Sort(out)
		return out
	}
	for day, want := range map[string][]string{
		"2026-11-03": {"[student staff] []"},
		"2026-11-04": {"[staff] []", "[student] [7-2 9-1]"}, // 7-1 is off
		"2026-10-06": nil,                                   // a holiday
	} {
		if diff := cmp.Diff(want, who(day)); diff != "" {
			t.Errorf("%s: -want +got\n%s", day, diff)
		}
	}
	in.Calendar = calendar.New([]g.CalendarEntry{
		entry(g.CalendarTerm, "2026-09-01", "2027-01-20", ""),
		entry(g.CalendarDayOff, "2026-11-05", "2026-11-05", "", in.Classes...),
	}, nil)
	if diff := cmp.Diff([]string{"[staff] []"}, who("2026-11-05")); diff != "" {
		t.Errorf("all classes off: -want +got\n%s", diff)
	}
	runs, _ := timetable.Day(in, date(t, "2026-11-03"))
	if len(runs) != 1 || runs[0].Pattern != "pat_gate" || runs[0].Date != "2026-11-03" {
		t.Errorf("got %+v, want its pattern and day", runs)
	}
}

// TestOverlaps: a class, a teacher and a room have one lesson at a time; what the school does not
// have is said.
func TestOverlaps(t *testing.T) {
	lesson := func(id, start, end string) g.SessionPattern {
		return g.SessionPattern{
			ID: g.SessionPatternID(id), Version: 1, Name: id, Kind: g.SessionLesson, From: "2026-09-01",
			Days: g.OnSchoolDays, SessionTimes: times(start, "", end), Who: []g.PersonKind{g.Student},
		}
	}
	a, b, c, d := lesson("a", "08:00", "10:00"), lesson("b", "08:10", "08:20"), lesson("c", "09:00", "09:30"),
		lesson("d", "10:00", "10:40")
	a.Classes, a.Persons, a.Zones = []string{"7-1"}, []g.PersonID{"per_li"}, []g.ZoneID{"zon_1"}
	b.Classes = []string{"7-2"}
	c.Classes, c.Persons, c.Zones = []string{"7-1"}, []g.PersonID{"per_li"}, []g.ZoneID{"zon_1"}
	d.Classes, d.Zones = []string{"7-9"}, []g.ZoneID{"zon_9"}
	in := autumn()
	in.Patterns = []g.SessionPattern{a, b, c, d}
	day := date(t, "2026-09-08")
	_, got := timetable.Day(in, day)
	got = append(got, timetable.Missing(in, []g.ZoneID{"zon_1"}, day)...)
	want := []timetable.Problem{
		{Pattern: "c", Date: "2026-09-08", Code: timetable.Overlap, Other: "a", Class: "7-1"},
		{Pattern: "c", Date: "2026-09-08", Code: timetable.Overlap, Other: "a", Person: "per_li"},
		{Pattern: "c", Date: "2026-09-08", Code: timetable.Overlap, Other: "a", Zone: "zon_1"},
		{Pattern: "d", Date: "2026-09-08", Code: timetable.NoClass, Class: "7-9"},
		{Pattern: "d", Date: "2026-09-08", Code: timetable.NoRoom, Zone: "zon_9"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
