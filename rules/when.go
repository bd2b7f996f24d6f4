package rules

import (
	"maps"
	"reflect"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// hours is by what clock and calendar a school lives.
type hours struct {
	zone *time.Location
	days calendar.Calendar
}

// looks is how far ahead a time looks for its next boundary: beyond it, it is asked again.
const looks = 8 // days

// compileTime caches the last span between two boundaries.
func compileTime(c TimeIs) condition {
	var in *hours
	var from, to int64
	var truth tri
	return func(m *moment) tri {
		if m.hours == nil {
			return unknown
		}
		if m.hours != in || m.at < from || m.at >= to {
			in = m.hours
			truth, from, to = c.at(m.at, in)
		}
		m.raise = min(m.raise, to)
		return truth
	}
}

// at reports whether the time holds, and the two boundaries between which that is so.
func (c TimeIs) at(now int64, in *hours) (truth tri, from, to int64) {
	t := time.Unix(0, now).In(in.zone)
	truth, from, to = no, 0, never
	// The span that began yesterday may continue, and the next may be eight days away.
	for day := -2; day <= looks; day++ {
		begin := time.Date(t.Year(), t.Month(), t.Day()+day, 0, c.From, 0, 0, in.zone)
		date := time.Date(t.Year(), t.Month(), t.Day()+day, 12, 0, 0, 0, in.zone)
		if !c.on(date, in) {
			continue
		}
		until := c.To
		if c.To <= c.From {
			until += 24 * 60
		}
		end := time.Date(t.Year(), t.Month(), t.Day()+day, 0, until, 0, 0, in.zone)
		for _, b := range []int64{begin.UnixNano(), end.UnixNano()} {
			if b <= now {
				from = max(from, b)
			} else {
				to = min(to, b)
			}
		}
		if begin.UnixNano() <= now && now < end.UnixNano() {
			truth = yes
		}
	}
	if c.Calendar != "" { // a holiday may be longer than it looks
		to = min(to, time.Date(t.Year(), t.Month(), t.Day()+looks, 0, 0, 0, 0, in.zone).UnixNano())
	}
	return truth, from, to
}

// on reports whether a span begins on the day.
func (c TimeIs) on(date time.Time, in *hours) bool {
	if c.Calendar != "" {
		return in.days.Day(g.DateOf(date), "").School == (c.Calendar == SchoolDays)
	}
	return len(c.Days) == 0 || slices.Contains(c.Days, date.Weekday())
}

// SetCalendars replaces the schools' calendars. What rules say of school days is judged by them at
// once, as if those rules were new.
func (e *Engine) SetCalendars(of map[g.SchoolID]calendar.Calendar) {
	if reflect.DeepEqual(of, e.calendars) {
		return
	}
	e.calendars = maps.Clone(of)
	e.hours = map[whose]*hours{}
	for _, d := range e.devices {
		d.hours = nil
	}
	e.now = e.clock
	for _, r := range e.rules {
		r.isNew = r.isNew || r.dated
	}
	e.bindAll()
}

// whose are the clock and calendar that devices share.
type whose struct {
	school   g.SchoolID
	timezone string
}

// hoursOf is what the device's school lives by; UTC if its time zone is unknown.
func (e *Engine) hoursOf(d *device) *hours {
	if d.hours == nil {
		key := whose{d.School, d.Timezone}
		h, ok := e.hours[key]
		if !ok {
			zone, err := time.LoadLocation(d.Timezone)
			if err != nil {
				zone = time.UTC
			}
			h = &hours{
				zone: zone,
				days: e.calendars[d.School],
			}
			e.hours[key] = h
		}
		d.hours = h
	}
	return d.hours
}

// whereabouts returns the clock and calendar of a subject: those of the device last heard, or of its devices.
func (e *Engine) whereabouts(s *subject, d *device) *hours {
	switch {
	case d != nil:
		return e.hoursOf(d)
	case s == nil:
		return nil
	case len(s.members) > 0:
		return e.hoursOf(s.members[0])
	}
	if d := e.devices[s.cause.Device]; d != nil {
		return e.hoursOf(d)
	}
	return nil
}
