package rules

import (
	"slices"
	"time"
)

// compileTime remembers the span between two boundaries that it was last asked about.
func compileTime(c TimeIs) condition {
	var in *time.Location
	var from, to int64
	var truth tri
	return func(m *moment) tri {
		if m.place == nil {
			return unknown
		}
		if m.place != in || m.at < from || m.at >= to {
			in = m.place
			truth, from, to = c.at(m.at, in)
		}
		m.raise = min(m.raise, to)
		return truth
	}
}

// at says whether the time holds, and between which two boundaries that is so.
func (c TimeIs) at(now int64, in *time.Location) (truth tri, from, to int64) {
	t := time.Unix(0, now).In(in)
	truth, from, to = no, 0, never
	// The span that began yesterday may last, and the next may be eight days off.
	for day := -2; day <= 8; day++ {
		begin := time.Date(t.Year(), t.Month(), t.Day()+day, 0, c.From, 0, 0, in)
		date := time.Date(t.Year(), t.Month(), t.Day()+day, 12, 0, 0, 0, in)
		if len(c.Days) > 0 && !slices.Contains(c.Days, date.Weekday()) {
			continue
		}
		until := c.To
		if c.To <= c.From {
			until += 24 * 60
		}
		end := time.Date(t.Year(), t.Month(), t.Day()+day, 0, until, 0, 0, in)
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
	return truth, from, to
}

// location is the device's school's time zone, UTC where nobody said.
func (e *Engine) location(d *device) *time.Location {
	if d.location == nil {
		l, ok := e.locations[d.Timezone]
		if !ok {
			var err error
			if l, err = time.LoadLocation(d.Timezone); err != nil {
				l = time.UTC
			}
			e.locations[d.Timezone] = l
		}
		d.location = l
	}
	return d.location
}

// whereabouts is the time zone of a subject: its devices', or that of who was last heard.
func (e *Engine) whereabouts(s *subject, d *device) *time.Location {
	switch {
	case d != nil:
		return e.location(d)
	case s == nil:
		return nil
	case len(s.members) > 0:
		return e.location(s.members[0])
	}
	if d := e.devices[s.cause.Device]; d != nil {
		return e.location(d)
	}
	return nil
}
