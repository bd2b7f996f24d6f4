package rota

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// takesPlace says whether a shift of the line begins on the day.
func (p *Plan) takesPlace(l *line, d g.Date) bool {
	if l.first.Until(d) < 0 || l.last != nil && l.last.Until(d) > 0 || !l.on[weekday(d)] {
		return false
	}
	switch l.Holidays {
	case g.HolidayOff:
		return !p.holiday(d)
	case g.HolidayOnly:
		return p.holiday(d)
	}
	return true
}

// turn is who has the line's shift that begins on the day.
func (p *Plan) turn(l *line, d g.Date) []g.UserID {
	n := l.first.Until(d)
	switch l.Each {
	case g.TurnWeek:
		n /= 7
	case g.TurnShift:
		n = p.shiftsBefore(l, d)
	}
	return l.Turns[n/l.every%len(l.Turns)]
}

// shiftsBefore counts the line's shifts from its first day to the day before d. It takes as long as
// there are holidays, however far away d is.
func (p *Plan) shiftsBefore(l *line, d g.Date) int {
	all := l.countOn(l.first, d)
	if l.Holidays == g.HolidayOn {
		return all
	}
	off := 0
	for _, h := range p.holidays {
		off += l.countOn(later(h.from, l.first), earlier(h.to, d))
	}
	if l.Holidays == g.HolidayOnly {
		return off
	}
	return all - off
}

// countOn counts the line's weekdays from a to the day before b.
func (l *line) countOn(a, b g.Date) int {
	n := a.Until(b)
	if n <= 0 {
		return 0
	}
	week := 0
	for _, on := range l.on {
		if on {
			week++
		}
	}
	count := n / 7 * week
	for i := range n % 7 {
		if l.on[(int(weekday(a))+i)%7] {
			count++
		}
	}
	return count
}

func (p *Plan) holiday(d g.Date) bool {
	for _, h := range p.holidays {
		if h.from.Until(d) >= 0 && d.Until(h.to) > 0 {
			return true
		}
	}
	return false
}

func weekday(d g.Date) time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC).Weekday()
}

func later(a, b g.Date) g.Date {
	if a.Until(b) > 0 {
		return b
	}
	return a
}

func earlier(a, b g.Date) g.Date {
	if a.Until(b) > 0 {
		return a
	}
	return b
}
