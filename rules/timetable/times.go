package timetable

import (
	"cmp"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

func compare[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }

// instants are when the times of a day are, moved by shift. The clock may skip one: it is then when
// the clock goes on. ok is false for times that cannot be read, and where nothing is left of them.
func instants(
	t g.SessionTimes, day g.Date, shift time.Duration, loc *time.Location,
) (start, due, end time.Time, ok bool) {
	from, at, to, err := t.Offsets()
	if err != nil {
		return start, due, end, false
	}
	when := func(since time.Duration) time.Time {
		since += shift
		d := day
		for since < 0 {
			d, since = d.Add(-1), since+24*time.Hour
		}
		for since >= 24*time.Hour {
			d, since = d.Add(1), since-24*time.Hour
		}
		return d.Reach(since, loc)
	}
	start, due, end = when(from), when(at), when(to)
	return start, due, end, start.Before(end)
}
