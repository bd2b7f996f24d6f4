package rules_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

func dayOff(from, to string) map[g.SchoolID]calendar.Calendar {
	return map[g.SchoolID]calendar.Calendar{"school": calendar.New([]g.CalendarEntry{
		{
			Kind: g.CalendarDayOff,
			From: from,
			To:   to,
		},
	}, nil)}
}

// TestCalendarIsJudgedAtOnce: a holiday that is entered, and one that is taken back, count for what
// holds already; one longer than a week begins and ends at its midnights; so after a restart.
func TestCalendarIsJudgedAtOnce(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: door, title: T, severity: info, when: {all: [{property: open, is: true}, {time: {days: days-off}}]},
    clear: {after: 0s}}
  - {id: lessons, title: T, severity: info, when: {all: [{property: open, is: true}, {time: {days: school-days}}]},
    clear: {after: 0s}}
`)
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
	w.town["lab-1"] = rules.DeviceFacts{
		School:     "school",
		Zone:       "lab",
		Timezone:   "UTC",
		Properties: map[string]g.Property{"open": {Reports: g.ReportsChange}},
	}
	today, tomorrow := g.DateOf(morning(0)), g.DateOf(morning(24*hour))
	want(t, w.read(0, "lab-1", "open", true), "08:00:00 lessonslab-1 firing=true")
	w.engine.SetCalendars(dayOff(today.String(), today.String()))
	want(t, w.engine.Tick(morning(1)), "08:00:00 doorlab-1 firing=true",
		"08:00:00 lessonslab-1 firing=false")
	w.engine.SetCalendars(nil)
	want(t, w.engine.Tick(morning(2)), "08:00:01 doorlab-1 firing=false",
		"08:00:01 lessonslab-1 firing=true")
	long := dayOff(tomorrow.String(), today.Add(40).String())
	w.engine.SetCalendars(long)
	want(t, w.engine.Tick(morning(3)))
	want(t, w.engine.Tick(morning(20*hour)), "00:00:00 doorlab-1 firing=true",
		"00:00:00 lessonslab-1 firing=false")
	w.restart(rs)
	w.engine.SetCalendars(long)
	for day := 1.0; day < 42; day++ {
		want(t, w.engine.Tick(morning(day*24*hour)))
	}
	// Its last day is a Saturday: school begins on Monday.
	want(t, w.engine.Tick(morning(42*24*hour)), "00:00:00 doorlab-1 firing=false",
		"00:00:00 lessonslab-1 firing=true")
}
