package rules

import (
	"slices"
	"time"
)

// compileTime caches the last span between two boundaries.
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

// at reports whether the time holds, and the two boundaries between which that is so.
func (c TimeIs) at(now int64, in *time.Location) (truth tri, from, to int64) {
	t := time.Unix(0, now).In(in)
	truth, from, to = no, 0, never
	// The span that began yesterday may continue, and the next may be eight days away.
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

// location is the time zone of the device's school, UTC if unknown.
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

// whereabouts returns the time zone of a subject: that of the device last heard, or of its devices.
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
