package gatehouse

import "time"

// Date is a day of the calendar, which every zone has: what is stepped over and named. Midnight
// is not: where summer time begins at midnight there is none, and a zone that crosses the date
// line has a whole day of the calendar without an instant.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that the wall shows at an instant, in its location.
func DateOf(t time.Time) (d Date) {
	d.Year, d.Month, d.Day = t.Date()
	return d
}

// ParseDate reads YYYY-MM-DD.
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

// Add is so many days later.
func (d Date) Add(days int) Date { return DateOf(d.utc(time.Duration(days) * 24 * time.Hour)) }

// Until is how many days later e is.
func (d Date) Until(e Date) int { return int(e.utc(0).Sub(d.utc(0)) / (24 * time.Hour)) }

// String is YYYY-MM-DD.
func (d Date) String() string { return d.utc(0).Format(time.DateOnly) }

// Bounds are the instants at which the day begins and ends; they are one where it has none.
func (d Date) Bounds(loc *time.Location) (from, to time.Time) {
	return d.Reach(0, loc), d.Reach(24*time.Hour, loc)
}

// farthest is more than any clock is ahead of Greenwich.
const farthest = 24 * time.Hour

// Reach is the first instant at which the clock on the wall shows since after midnight of the
// day, or more: also where it jumps over that, or shows it twice. With 0 it is where the day
// begins, with 24 hours where it ends.
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
		return after // the jump went over it
	}
	return at
}

// DayOf is the day that an instant lies in, and its ends. It is not always what the wall shows:
// a clock that is put back over midnight shows the end of a day that was over.
func DayOf(t time.Time, loc *time.Location) (d Date, from, to time.Time) {
	d = DateOf(t.In(loc))
	for from, to = d.Bounds(loc); !t.Before(to); {
		d, from = d.Add(1), to
		to = d.Reach(24*time.Hour, loc)
	}
	return d, from, to
}
