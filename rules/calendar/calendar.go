// Package calendar decides which days of a school are school days. It is pure: no clock, no
// database.
package calendar

import (
	"cmp"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Calendar answers for each day whether a school has lessons. The zero value has no entries: Monday
// to Friday are school days.
type Calendar struct {
	spans []span // what decides first comes first
	terms bool
}

type span struct {
	*g.CalendarEntry
	from, to g.Date
	as       int // of g.Weekdays; -1: the day's own
}

// Day is what a day is.
type Day struct {
	School bool             // there is school
	As     time.Weekday     // whose timetable is held
	Entry  *g.CalendarEntry // what decides it; nil: the weekday, or that no term holds
}

// New makes the calendar of a school from its entries and those of the districts above it. One whose
// dates cannot be read is passed over: the registry keeps none.
//
// What the school says of a day decides before what is said above, and a working day before a day
// off; terms come last, and those above hold only where the school has none.
func New(own, above []g.CalendarEntry) Calendar {
	var c Calendar
	c.add(own)
	terms := c.terms
	c.add(slices.DeleteFunc(slices.Clone(above), func(e g.CalendarEntry) bool {
		return terms && e.Kind == g.CalendarTerm
	}))
	slices.SortStableFunc(c.spans, func(a, b span) int { return cmp.Compare(a.rank(), b.rank()) })
	return c
}

// Of makes the calendar of a school from its entries and those of the districts above it together.
func Of(school g.SchoolID, all []g.CalendarEntry) Calendar {
	own := func(e g.CalendarEntry) bool { return e.School == school }
	above := func(e g.CalendarEntry) bool { return e.School != school }
	return New(slices.DeleteFunc(slices.Clone(all), above), slices.DeleteFunc(slices.Clone(all), own))
}

// DaysOff are the days that entries make days off for the whole school: no weekends, and no day that
// is worked for all that. In order, without overlaps.
func (c Calendar) DaysOff() []g.Holiday {
	var days []g.Date
	for _, s := range c.spans {
		if s.Kind != g.CalendarDayOff || len(s.Classes) > 0 {
			continue
		}
		for d := s.from; d.Until(s.to) >= 0; d = d.Add(1) {
			if by := c.Day(d, "").Entry; by != nil && by.Kind == g.CalendarDayOff {
				days = append(days, d)
			}
		}
	}
	slices.SortFunc(days, func(a, b g.Date) int { return b.Until(a) })
	var out []g.Holiday
	for _, d := range slices.Compact(days) {
		if n := len(out); n > 0 && out[n-1].To == d.Add(-1).String() {
			out[n-1].To = d.String()
			continue
		}
		out = append(out, g.Holiday{From: d.String(), To: d.String()})
	}
	return out
}

// rank keeps the order of New between what is said of days and terms.
func (s span) rank() int {
	if s.Kind == g.CalendarTerm {
		return 1
	}
	return 0
}

func (c *Calendar) add(entries []g.CalendarEntry) {
	rank := []g.CalendarKind{g.CalendarWorkday, g.CalendarDayOff, g.CalendarTerm}
	entries = slices.Clone(entries)
	slices.SortStableFunc(entries, func(a, b g.CalendarEntry) int {
		return cmp.Or(
			cmp.Compare(slices.Index(rank, a.Kind), slices.Index(rank, b.Kind)),
			cmp.Compare(a.From, b.From), cmp.Compare(a.ID, b.ID))
	})
	for i := range entries {
		e := &entries[i]
		from, err1 := g.ParseDate(e.From)
		to, err2 := g.ParseDate(e.To)
		if err1 != nil || err2 != nil {
			continue
		}
		c.spans = append(c.spans, span{
			CalendarEntry: e,
			from:          from,
			to:            to,
			as:            slices.Index(g.Weekdays(), e.RunsAs),
		})
		c.terms = c.terms || e.Kind == g.CalendarTerm
	}
}

// Day is what a day is for a class, or for the school as a whole where class is "". What names the
// class decides before what is for all; the rest is as New says.
// Where there are terms, a day outside of all of them has no school; within one, and where there is
// none, Monday to Friday have.
func (c Calendar) Day(d g.Date, class string) Day {
	if class != "" {
		if s := c.find(d, func(s span) bool { return slices.Contains(s.Classes, class) }); s != nil {
			return s.day(d)
		}
	}
	if s := c.find(d, func(s span) bool { return len(s.Classes) == 0 }); s != nil {
		return s.day(d)
	}
	return Day{
		School: !c.terms && isWeekday(d),
		As:     weekday(d),
	}
}

// Week is the number of a day's week, from Monday to Sunday: 1 for the one in which the class's term
// begins, or the school's where class is "". Outside of all terms it is the week of the year (ISO 8601).
func (c Calendar) Week(d g.Date, class string) int {
	for _, own := range []bool{true, false} {
		term := c.find(d, func(s span) bool {
			return s.Kind == g.CalendarTerm &&
				(own && class != "" && slices.Contains(s.Classes, class) || !own && len(s.Classes) == 0)
		})
		if term != nil {
			return monday(term.from).Until(monday(d))/7 + 1
		}
	}
	_, week := time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).ISOWeek()
	return week
}

func monday(d g.Date) g.Date { return d.Add(-(int(weekday(d)) + 6) % 7) }

func (c Calendar) find(d g.Date, fits func(span) bool) *span {
	for i, s := range c.spans {
		if s.from.Until(d) >= 0 && d.Until(s.to) >= 0 && fits(s) {
			return &c.spans[i]
		}
	}
	return nil
}

// day is what a day of the span is.
func (s *span) day(d g.Date) Day {
	out := Day{
		As:    weekday(d),
		Entry: s.CalendarEntry,
	}
	switch s.Kind {
	case g.CalendarTerm:
		out.School = isWeekday(d)
	case g.CalendarWorkday:
		out.School = true
		if s.as >= 0 {
			out.As = time.Weekday((s.as + 1) % 7)
		}
	}
	return out
}

func weekday(d g.Date) time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}

func isWeekday(d g.Date) bool { w := weekday(d); return w != time.Saturday && w != time.Sunday }
