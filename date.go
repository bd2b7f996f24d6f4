package gatehouse

import "time"

// Date is a calendar day. Days are counted and named by dates instead of instants, since midnight
// may not exist (where summer time begins at midnight), and neither may a whole day (where a zone
// crosses the date line).
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the local date at an instant, in its location.
func DateOf(t time.Time) (d Date) {
	d.Year, d.Month, d.Day = t.Date()
	return d
}

// ParseDate parses YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, Errorf(Invalid, "%q is no day; write it as YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

func (d Date) utc(since time.Duration) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(since)
}

// Add is the date some days later.
func (d Date) Add(days int) Date { return DateOf(d.utc(time.Duration(days) * 24 * time.Hour)) }

// Until is the number of days from d to e.
func (d Date) Until(e Date) int { return int(e.utc(0).Sub(d.utc(0)) / (24 * time.Hour)) }

// String is YYYY-MM-DD.
func (d Date) String() string { return d.utc(0).Format(time.DateOnly) }

// Bounds are the instants at which the day begins and ends; they are equal if the day does not
// exist.
func (d Date) Bounds(loc *time.Location) (from, to time.Time) {
	return d.Reach(0, loc), d.Reach(24*time.Hour, loc)
}

// farthest exceeds every zone's offset from UTC.
const farthest = 24 * time.Hour

// Reach is the first instant at which the local time is since after midnight of the day, or later:
// also if the clock skips that time or shows it twice. since 0 is the beginning of the day, 24
// hours its end.
func (d Date) Reach(since time.Duration, loc *time.Location) time.Time {
	wall := d.utc(since.Truncate(time.Second))
	ahead := func(t time.Time) time.Duration {
		_, seconds := t.In(loc).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := wall.Add(-farthest), wall.Add(farthest)
	old, now := ahead(before), ahead(after)
	at := wall.Add(-old)
	if old == now {
		return at
	}
	for after.Sub(before) > time.Second { // the clock jumps at after
		if t := before.Add(after.Sub(before) / 2).Truncate(time.Second); ahead(t) == old {
			before = t
		} else {
			after = t
		}
	}
	if at.Before(after) {
		return at
	}
	if at = wall.Add(-now); at.Before(after) {
		return after // the clock skips that time
	}
	return at
}

// DayOf is the day that contains an instant, and its bounds. It may differ from the local date: a
// clock put back across midnight shows the end of a day that is over.
func DayOf(t time.Time, loc *time.Location) (d Date, from, to time.Time) {
	d = DateOf(t.In(loc))
	for from, to = d.Bounds(loc); !t.Before(to); {
		d, from = d.Add(1), to
		to = d.Reach(24*time.Hour, loc)
	}
	return d, from, to
}
