package calendar_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

func entry(kind g.CalendarKind, from, to string, as g.Weekday, classes ...string) g.CalendarEntry {
	return g.CalendarEntry{
		ID:      g.CalendarEntryID("cal_" + from + string(as)),
		Kind:    kind,
		From:    from,
		To:      to,
		RunsAs:  as,
		Classes: classes,
	}
}

// TestDay: a spring of terms, a holiday and the Sunday that is worked for it.
func TestDay(t *testing.T) {
	spring := []g.CalendarEntry{
		entry(g.CalendarTerm, "2026-02-26", "2026-07-03", ""),
		entry(g.CalendarTerm, "2026-06-22", "2026-07-10", "", "Grade 9"), // they stay a week longer
		entry(g.CalendarDayOff, "2026-05-01", "2026-05-05", ""),
		entry(g.CalendarWorkday, "2026-05-09", "2026-05-09", "mon"),
		entry(g.CalendarWorkday, "2026-05-02", "2026-05-02", "", "Grade 9"), // a rehearsal
		entry(g.CalendarDayOff, "2026-04-15", "2026-04-15", "", "Class 1"),  // measles
	}
	district := []g.CalendarEntry{
		entry(g.CalendarTerm, "2026-09-01", "2027-01-20", ""),
		entry(g.CalendarTerm, "2026-02-20", "2026-07-10", ""),
		entry(g.CalendarDayOff, "2026-06-19", "2026-06-21", ""),
		entry(g.CalendarDayOff, "2026-05-09", "2026-05-09", ""),
	}
	for _, c := range []struct {
		name    string
		entries []g.CalendarEntry
		day     string
		class   string
		school  bool
		as      time.Weekday
	}{
		{"no calendar, Friday", nil, "2026-03-06", "", true, time.Friday},
		{"no calendar, Saturday", nil, "2026-03-07", "", false, time.Saturday},
		{"a day of the term", spring, "2026-03-06", "", true, time.Friday},
		{"a weekend of the term", spring, "2026-03-07", "", false, time.Saturday},
		{"before the term", spring, "2026-02-25", "", false, time.Wednesday},
		{"the term's first day", spring, "2026-02-26", "", true, time.Thursday},
		{"the term's last day", spring, "2026-07-03", "", true, time.Friday},
		{"after the term", spring, "2026-07-06", "", false, time.Monday},
		{"after the term, for those who stay", spring, "2026-07-06", "Grade 9", true, time.Monday},
		{"a holiday", spring, "2026-05-04", "", false, time.Monday},
		{"a Saturday that runs as a Monday", spring, "2026-05-09", "", true, time.Monday},
		{"a holiday, for who rehearses", spring, "2026-05-02", "Grade 9", true, time.Saturday},
		{"a holiday, for others", spring, "2026-05-02", "Class 1", false, time.Saturday},
		{"a class off", spring, "2026-04-15", "Class 1", false, time.Wednesday},
		{"the school, while a class is off", spring, "2026-04-15", "", true, time.Wednesday},
		{"a holiday of the district", spring, "2026-06-19", "", false, time.Friday},
		{"the district's, which the school works", spring, "2026-05-09", "", true, time.Monday},
		{"a term of the district, without one of its own", nil, "2026-09-01", "", true, time.Tuesday},
		{"the district's term, with one of its own", spring, "2026-09-01", "", false, time.Tuesday},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := g.ParseDate(c.day)
			if err != nil {
				t.Fatal(err)
			}
			above := district
			if strings.HasPrefix(c.name, "no calendar") {
				above = nil
			}
			got := calendar.New(c.entries, above).Day(d, c.class)
			if got.School != c.school || got.As != c.as {
				t.Errorf("got school %v as %s, want %v as %s", got.School, got.As, c.school, c.as)
			}
		})
	}
}

// TestDaysOff: what is off for the whole school, without what is worked for it, without weekends, and
// joined where it touches.
func TestDaysOff(t *testing.T) {
	all := []g.CalendarEntry{
		entry(g.CalendarTerm, "2026-02-26", "2026-07-03", ""),
		entry(g.CalendarDayOff, "2026-05-01", "2026-05-05", ""),
		entry(g.CalendarWorkday, "2026-05-03", "2026-05-03", "mon"),
		entry(g.CalendarDayOff, "2026-04-15", "2026-04-15", "", "Class 1"),
		entry(g.CalendarDayOff, "2026-05-06", "2026-05-06", ""),
		entry(g.CalendarDayOff, "2026-05-05", "2026-05-06", ""),
	}
	for i := range all {
		all[i].School = []g.SchoolID{"a", "district"}[i%2]
	}
	var got []string
	for _, h := range calendar.Of("a", all).DaysOff() {
		got = append(got, h.From+"/"+h.To)
	}
	if want := "2026-05-01/2026-05-02 2026-05-04/2026-05-06"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// TestWeek: weeks count from the Monday of the week in which the term begins, a class's own term before
// the school's; outside of terms they are those of the year.
func TestWeek(t *testing.T) {
	c := calendar.New([]g.CalendarEntry{
		entry(g.CalendarTerm, "2026-09-02", "2027-01-20", ""), // a Wednesday
		entry(g.CalendarTerm, "2026-09-14", "2027-01-20", "", "9-1"),
		entry(g.CalendarDayOff, "2026-09-09", "2026-09-09", ""),
	}, nil)
	for _, x := range []struct {
		day, class string
		want       int
	}{
		{"2026-09-02", "", 1}, {"2026-09-06", "", 1}, {"2026-09-07", "", 2}, {"2026-09-09", "", 2},
		{"2026-09-14", "", 3}, {"2026-09-14", "9-1", 1}, {"2026-09-21", "9-1", 2}, {"2026-09-14", "7-1", 3},
		{"2026-12-31", "", 18}, {"2027-01-04", "", 19}, {"2026-08-31", "", 36}, {"2021-01-03", "", 53},
	} {
		d, err := g.ParseDate(x.day)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Week(d, x.class); got != x.want {
			t.Errorf("%s of %q: got week %d, want %d", x.day, x.class, got, x.want)
		}
	}
}
