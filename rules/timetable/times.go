package timetable

import (
	"cmp"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

func compare[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }

// Clock parses a time of day, HH:MM.
func Clock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, g.Errorf(g.Invalid, "%q is no time of day; write it as HH:MM", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// instants are when the times of a day are, moved by shift. The clock may skip one: it is then when
// the clock goes on. ok is false for times that cannot be read, and where nothing is left of them.
func instants(
	t g.SessionTimes, day g.Date, shift time.Duration, loc *time.Location,
) (start, due, end time.Time, ok bool) {
	from, err1 := Clock(t.Start)
	to, err2 := Clock(t.End)
	at := from
	var err3 error
	if t.Due != "" {
		at, err3 = Clock(t.Due)
	}
	if err1 != nil || err2 != nil || err3 != nil {
		return start, due, end, false
	}
	if at < from {
		at += 24 * time.Hour
	}
	for to < at || to <= from {
		to += 24 * time.Hour
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
