package quality

import "time"

// date is a day of the calendar, which every zone has: what is stepped over and named. Midnight
// is not: where summer time begins at midnight there is none, and a zone that crosses the date
// line has a whole day of the calendar without an instant.
type date struct {
	y int
	m time.Month
	d int
}

func dateOf(t time.Time) (x date) {
	x.y, x.m, x.d = t.Date()
	return x
}

func (x date) utc(since time.Duration) time.Time {
	return time.Date(x.y, x.m, x.d, 0, 0, 0, 0, time.UTC).Add(since)
}

func (x date) next() date { return dateOf(x.utc(24 * time.Hour)) }

func (x date) String() string { return x.utc(0).Format(time.DateOnly) }

// farthest is more than any clock is ahead of Greenwich.
const farthest = 24 * time.Hour

// reach is the first instant at which the clock on the wall shows since after midnight of the
// day, or more: also where it jumps over that, or shows it twice. With 0 it is where the day
// begins, with 24 hours where it ends.
func (x date) reach(since time.Duration, loc *time.Location) time.Time {
	wall := x.utc(since.Truncate(time.Second))
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

// dayOf is the day that an instant lies in, and its ends. It is not always what the wall shows:
// a clock that is put back over midnight shows the end of a day that was over.
func dayOf(t time.Time, loc *time.Location) (x date, from, to time.Time) {
	x = dateOf(t.In(loc))
	for from, to = x.reach(0, loc), x.reach(24*time.Hour, loc); !t.Before(to); {
		x, from = x.next(), to
		to = x.reach(24*time.Hour, loc)
	}
	return x, from, to
}
