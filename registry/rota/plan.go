package rota

import (
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds of a rota. Longer ones are refused by New.
const (
	MaxLines    = 16
	MaxTurns    = 60  // of a line
	MaxTogether = 20  // people of a turn
	MaxHolidays = 200 // ranges
	MaxEvery    = 52
)

// Plan is a rota, read and checked. It is safe for concurrent use.
type Plan struct {
	lines    []line
	holidays []days // sorted, without overlaps
	loc      *time.Location
}

// line is a rota's line with its times read.
type line struct {
	g.RotaLine
	on         [7]bool // by time.Weekday
	start, end time.Duration
	first      g.Date
	last       *g.Date
	every      int
}

// days is a range of days, the last excluded.
type days struct{ from, to g.Date }

// New reads a rota for a school in loc. off are the days off by the school's calendar, for a rota
// that has them as holidays. An error names the field and the mend.
func New(r g.Rota, loc *time.Location, off ...g.Holiday) (*Plan, error) {
	p := &Plan{loc: loc}
	if len(r.Lines) == 0 {
		return nil, g.FieldErrorf("lines", "give the rota a line: hours, and who takes turns")
	}
	if len(r.Lines) > MaxLines {
		return nil, g.FieldErrorf("lines", "%d lines; at most %d are kept", len(r.Lines), MaxLines)
	}
	for i, l := range r.Lines {
		read, err := newLine(l, fmt.Sprintf("lines[%d].", i))
		if err != nil {
			return nil, err
		}
		p.lines = append(p.lines, read)
	}
	if len(r.Holidays) > MaxHolidays {
		return nil, g.FieldErrorf("holidays", "%d ranges; at most %d are kept", len(r.Holidays),
			MaxHolidays)
	}
	all := r.Holidays
	if r.Calendar {
		all = slices.Concat(all, off)
	}
	var err error
	p.holidays, err = readHolidays(all)
	return p, err
}

func newLine(l g.RotaLine, at string) (line, error) {
	out := line{
		RotaLine: l,
		every:    max(l.Every, 1),
	}
	var err error
	if out.start, err = clock(l.Start); err != nil {
		return out, g.FieldErrorf(at+"start", "%v", err)
	}
	if out.end, err = clock(l.End); err != nil {
		return out, g.FieldErrorf(at+"end", "%v", err)
	}
	if out.end <= out.start {
		out.end += 24 * time.Hour
	}
	if out.first, err = g.ParseDate(l.First); err != nil {
		return out, g.FieldErrorf(at+"first", "%v", err)
	}
	if l.Last != "" {
		last, err := g.ParseDate(l.Last)
		if err != nil {
			return out, g.FieldErrorf(at+"last", "%v", err)
		}
		if out.first.Until(last) < 0 {
			return out, g.FieldErrorf(at+"last", "the line ends before it begins")
		}
		out.last = &last
	}
	if out.on, err = weekdays(l.Days, at); err != nil {
		return out, err
	}
	return out, checkTurns(l, at)
}

func checkTurns(l g.RotaLine, at string) error {
	if !slices.Contains(g.TurnUnits(), l.Each) {
		return g.FieldErrorf(at+"each", "%q is no length of a turn; use some of %v", l.Each,
			g.TurnUnits())
	}
	if l.Every < 0 || l.Every > MaxEvery {
		return g.FieldErrorf(at+"every", "%d; give 1 to %d", l.Every, MaxEvery)
	}
	if !slices.Contains(g.HolidayShifts(), l.Holidays) {
		return g.FieldErrorf(at+"holidays", "%q is not known; use off, only or nothing", l.Holidays)
	}
	if len(l.Turns) == 0 || len(l.Turns) > MaxTurns {
		return g.FieldErrorf(at+"turns", "%d turns; give 1 to %d", len(l.Turns), MaxTurns)
	}
	for i, turn := range l.Turns {
		field := fmt.Sprintf("%sturns[%d]", at, i)
		if len(turn) > MaxTogether {
			return g.FieldErrorf(field, "%d people; at most %d are on duty together", len(turn),
				MaxTogether)
		}
		for k, u := range turn {
			if u == "" || slices.Contains(turn[:k], u) {
				return g.FieldErrorf(field, "give each person once, by the id of a user")
			}
		}
	}
	return nil
}

// clock reads HH:MM as the time since midnight.
func clock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, g.Errorf(g.Invalid, "%q is no time of day; write it as 08:00", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

func weekdays(given []g.Weekday, at string) (on [7]bool, err error) {
	if len(given) == 0 {
		return [7]bool{true, true, true, true, true, true, true}, nil
	}
	for i, d := range given {
		n := slices.Index(g.Weekdays(), d)
		if n < 0 {
			return on, g.FieldErrorf(fmt.Sprintf("%sdays[%d]", at, i),
				"%q is no day of the week; use some of %v", d, g.Weekdays())
		}
		on[(n+1)%7] = true
	}
	return on, nil
}

// readHolidays sorts the ranges and joins those that touch.
func readHolidays(all []g.Holiday) ([]days, error) {
	var read []days
	for i, h := range all {
		from, err := g.ParseDate(h.From)
		if err != nil {
			return nil, g.FieldErrorf(fmt.Sprintf("holidays[%d].from", i), "%v", err)
		}
		to, err := g.ParseDate(h.To)
		if err != nil {
			return nil, g.FieldErrorf(fmt.Sprintf("holidays[%d].to", i), "%v", err)
		}
		if from.Until(to) < 0 {
			return nil, g.FieldErrorf(fmt.Sprintf("holidays[%d].to", i),
				"the holiday ends before it begins")
		}
		read = append(read, days{from, to.Add(1)})
	}
	slices.SortFunc(read, func(a, b days) int { return b.from.Until(a.from) })
	var out []days
	for _, d := range read {
		if n := len(out); n > 0 && d.from.Until(out[n-1].to) >= 0 {
			if out[n-1].to.Until(d.to) > 0 {
				out[n-1].to = d.to
			}
			continue
		}
		out = append(out, d)
	}
	return out, nil
}
