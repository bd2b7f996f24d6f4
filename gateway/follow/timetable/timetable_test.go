package timetable_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/follow/timetable"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// school is a school in Shanghai with a class and a timetable, and its follower.
type school struct {
	*testing.T
	now time.Time
	reg *registry.Registry
	v   *registry.View
	f   *timetable.Follower
	loc *time.Location
}

func newSchool(t *testing.T, zone string) *school {
	t.Helper()
	s := &school{T: t}
	loc, err := time.LoadLocation(zone)
	s.must(err)
	s.loc, s.now = loc, time.Date(2026, 9, 7, 7, 0, 0, 0, loc) // a Monday
	s.reg, err = registry.Open(t.Context(), registry.Options{
		Dir:       t.TempDir(),
		MasterKey: make([]byte, 32),
		Now:       func() time.Time { return s.now },
		Logger:    slog.New(slog.DiscardHandler),
	})
	s.must(err)
	t.Cleanup(func() { s.reg.Close() })
	s.v = s.reg.In(g.SystemScope("test"))
	_, err = s.v.Places.CreateSchool(t.Context(), g.School{
		ID: "sch", Kind: g.KindSchool, Name: "S", Timezone: zone, Language: "en",
	})
	s.must(err)
	_, err = s.v.People.Create(t.Context(), g.Person{School: "sch", Kind: g.Student, Name: "Li", Class: "7-1"})
	s.must(err)
	_, err = s.v.Timetable.PutTemplate(t.Context(), g.DayTemplate{
		ID: "tpl-usual", School: "sch", Name: "Usual", Usual: true, Periods: []g.Period{
			{Name: "1", SessionTimes: g.SessionTimes{Start: "08:00", End: "08:40"}},
			{Name: "6", SessionTimes: g.SessionTimes{Start: "14:00", End: "14:40"}},
		},
	})
	s.must(err)
	s.pattern(func(*g.SessionPattern) {})
	s.f = s.follower()
	return s
}

func (s *school) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// follower is one that hears of changes, as a gateway has after a start.
func (s *school) follower() *timetable.Follower {
	log := slog.New(slog.DiscardHandler)
	f := timetable.New(timetable.Options{
		View:      s.reg.In(g.SystemScope("timetable")),
		Subscribe: s.reg.Subscribe,
		Health:    follow.NewHealth(log),
		Now:       func() time.Time { return s.now },
		Log:       log,
	})
	s.Cleanup(s.reg.Subscribe(f.Heard))
	return f
}

// pattern puts the lesson in periods 1 and 6 of each school day.
func (s *school) pattern(change func(*g.SessionPattern)) {
	s.Helper()
	x := g.SessionPattern{
		ID: "pat-maths", School: "sch", Name: "Maths", Kind: g.SessionLesson, Days: g.OnSchoolDays,
		Periods: []string{"1", "6"}, Classes: []string{"7-1"}, Who: []g.PersonKind{g.Student},
	}
	change(&x)
	_, err := s.v.Timetable.Put(s.Context(), x)
	s.must(err)
}

// sessions looks, and writes the sessions that stand on a day: "08:00 Maths [7-1]".
func (s *school) sessions(day string) string {
	s.Helper()
	s.must(s.f.Look(s.Context()))
	all, err := s.v.Sessions.Between(s.Context(), "sch", time.Time{}, time.Time{})
	s.must(err)
	var out []string
	for _, x := range all {
		if x.Date == day {
			out = append(out, fmt.Sprint(x.Start.In(s.loc).Format("15:04 "), x.Name, x.Classes))
		}
	}
	return strings.Join(out, ", ")
}

func (s *school) want(day, want string) {
	s.Helper()
	if got := s.sessions(day); got != want {
		s.Errorf("%s: got %q, want %q", day, got, want)
	}
}

const usual = "08:00 Maths[7-1], 14:00 Maths[7-1]"

// TestDays: two weeks have their sessions, the fifteenth day after today has none until tomorrow;
// a restart and a second gateway write nothing.
func TestDays(t *testing.T) {
	s := newSchool(t, "Asia/Shanghai")
	s.want("2026-09-07", usual)
	s.want("2026-09-12", "") // a Saturday
	s.want("2026-09-21", usual)
	s.want("2026-09-22", "")
	entries := func() int {
		n, err := s.v.VerifyAudit(t.Context())
		s.must(err)
		return int(n)
	}
	before := entries()
	for _, f := range []*timetable.Follower{s.follower(), s.follower()} {
		s.must(f.Look(t.Context()))
		s.must(f.Look(t.Context()))
	}
	if got := entries(); got != before {
		t.Errorf("%d writes of what is so already", got-before)
	}
	s.now = s.now.Add(24 * time.Hour)
	s.want("2026-09-22", usual)
}

// TestChanges: what has begun stays as it was, whatever changes; the rest follows.
func TestChanges(t *testing.T) {
	s := newSchool(t, "Asia/Shanghai")
	ctx := t.Context()
	s.want("2026-09-07", usual)
	s.now = s.now.Add(5 * time.Hour) // noon

	// An edit at noon: the morning's lesson was as it was.
	s.pattern(func(p *g.SessionPattern) { p.Name = "Physics" })
	s.want("2026-09-07", "08:00 Maths[7-1], 14:00 Physics[7-1]")
	s.want("2026-09-08", "08:00 Physics[7-1], 14:00 Physics[7-1]")

	// A template put on today after the first lesson, by which the second is earlier.
	_, err := s.v.Timetable.PutTemplate(ctx, g.DayTemplate{
		ID: "tpl-early", School: "sch", Name: "Early dismissal", Periods: []g.Period{
			{Name: "6", SessionTimes: g.SessionTimes{Start: "12:30", End: "13:00"}},
		},
	})
	s.must(err)
	_, err = s.v.Timetable.PutDays(ctx, g.TemplateDays{
		School: "sch", Template: "tpl-early", From: "2026-09-07", To: "2026-09-07",
	})
	s.must(err)
	s.want("2026-09-07", "08:00 Maths[7-1], 12:30 Physics[7-1]")

	// A change of a day, taken back.
	x, err := s.v.Timetable.PutChange(ctx, g.PatternChange{
		Pattern: "pat-maths", Date: "2026-09-08", Period: "1", Cancel: true,
	})
	s.must(err)
	s.want("2026-09-08", "14:00 Physics[7-1]")
	s.must(s.v.Timetable.DeleteChange(ctx, x.ID))
	s.want("2026-09-08", "08:00 Physics[7-1], 14:00 Physics[7-1]")

	// The calendar: a day off, and the Sunday that runs as a Thursday.
	_, err = s.v.Calendar.Put(ctx, "sch", []g.CalendarEntry{
		{Kind: g.CalendarDayOff, Name: "Off", From: "2026-09-10", To: "2026-09-10"},
		{Kind: g.CalendarWorkday, Name: "On", From: "2026-09-13", To: "2026-09-13", RunsAs: "thu"},
	})
	s.must(err)
	s.want("2026-09-10", "")
	s.want("2026-09-13", "08:00 Physics[7-1], 14:00 Physics[7-1]")

	// Somebody's edit stays.
	all, err := s.v.Sessions.Between(ctx, "sch", s.now, time.Time{})
	s.must(err)
	i := slices.IndexFunc(all, func(x g.Session) bool { return x.Date == "2026-09-09" })
	mine := all[i]
	mine.Name = "Sports"
	_, err = s.v.Sessions.Put(ctx, mine)
	s.must(err)
	s.pattern(func(p *g.SessionPattern) { p.Name = "Art" })
	s.want("2026-09-09", "08:00 Sports[7-1], 14:00 Art[7-1]")

	// The pattern ends: what has begun stays, and what is edited.
	s.must(s.v.Timetable.End(ctx, "pat-maths"))
	s.want("2026-09-07", "08:00 Maths[7-1]")
	s.want("2026-09-09", "08:00 Sports[7-1]")
	s.must(s.v.Sessions.Delete(ctx, mine.ID))
	s.want("2026-09-09", "")
}

// TestClasses: a pattern for all follows the classes that there are.
func TestClasses(t *testing.T) {
	s := newSchool(t, "Asia/Shanghai")
	s.pattern(func(p *g.SessionPattern) { p.Classes = nil })
	_, err := s.v.Calendar.Put(t.Context(), "sch", []g.CalendarEntry{
		{Kind: g.CalendarDayOff, Name: "Trip", From: "2026-09-08", To: "2026-09-08", Classes: []string{"7-9"}},
	})
	s.must(err)
	s.want("2026-09-08", "08:00 Maths[], 14:00 Maths[]")
	_, err = s.v.People.Create(t.Context(), g.Person{School: "sch", Kind: g.Student, Name: "Wang", Class: "7-9"})
	s.must(err)
	s.want("2026-09-08", "08:00 Maths[7-1], 14:00 Maths[7-1]")
	s.want("2026-09-09", "08:00 Maths[], 14:00 Maths[]")
}

// TestZone: a school that changes its time zone has the sessions of its new clock, and those that
// have begun stay; the clock's change in spring moves nothing.
func TestZone(t *testing.T) {
	s := newSchool(t, "America/New_York")
	s.want("2026-09-07", usual)
	s.now = s.now.Add(5 * time.Hour) // noon
	sch, err := s.v.Places.School(t.Context(), "sch")
	s.must(err)
	sch.Timezone = "America/Chicago"
	s.must(s.v.Places.UpdateSchool(t.Context(), sch))
	s.want("2026-09-07", "08:00 Maths[7-1], 15:00 Maths[7-1]") // by the clock of New York
	s.want("2026-09-08", "09:00 Maths[7-1], 15:00 Maths[7-1]")
	sch.Timezone = "America/New_York"
	s.must(s.v.Places.UpdateSchool(t.Context(), sch))
	s.now = time.Date(2027, 3, 8, 7, 0, 0, 0, s.loc)
	s.want("2027-03-12", usual)
	s.want("2027-03-15", usual) // after the night of 14 March
}
