package gatehouse_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestDates: dates are parsed, formatted and added without a clock.
func TestDates(t *testing.T) {
	d, err := g.ParseDate("2026-02-28")
	if err != nil || d != (g.Date{Year: 2026, Month: time.February, Day: 28}) {
		t.Fatalf("got %v, %v", d, err)
	}
	if got := d.Add(1).String() + " " + d.Add(-59).String(); got != "2026-03-01 2025-12-31" {
		t.Errorf("got %s", got)
	}
	if got := d.Add(-59).Until(d); got != 59 {
		t.Errorf("got %d days, want 59", got)
	}
	for _, bad := range []string{"", "2026-02-29", "2026-2-1", "2026-02-28T00:00:00Z", "today"} {
		if d, err := g.ParseDate(bad); g.ErrorCode(err) != g.Invalid {
			t.Errorf("%q: got %v, %v, want an error that says what is wrong", bad, d, err)
		}
	}
}

// TestBoundsOfDays: a day ends where the next begins, also if midnight does not exist or occurs
// twice, and each instant is in the day that DayOf returns.
func TestBoundsOfDays(t *testing.T) {
	for _, x := range []struct {
		zone, day string
		from, to  string // UTC
	}{
		{"Asia/Shanghai", "2026-09-06", "2026-09-05T16:00:00Z", "2026-09-06T16:00:00Z"},
		{"America/Santiago", "2026-09-05", "2026-09-05T04:00:00Z", "2026-09-06T04:00:00Z"},
		// begins at 01:00
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
		// has 23:00 twice
		{"America/Santiago", "2026-04-04", "2026-04-04T03:00:00Z", "2026-04-05T04:00:00Z"},
		{"America/Havana", "2026-03-08", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},
		{"Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"},
		// does not exist
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"},
	} {
		loc, err := time.LoadLocation(x.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := g.ParseDate(x.day)
		if err != nil {
			t.Fatal(err)
		}
		from, to := d.Bounds(loc)
		if got := [2]string{from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)}; got != [2]string{
			x.from,
			x.to,
		} {
			t.Errorf("%s %s: got %s, want %s to %s", x.zone, x.day, got, x.from, x.to)
		}
		if next, _ := d.Add(1).Bounds(loc); !next.Equal(to) {
			t.Errorf("%s %s: ends %v, the next begins %v", x.zone, x.day, to, next)
		}
		if from.Equal(to) {
			continue
		}
		for _, at := range []time.Time{from, from.Add(to.Sub(from) / 2), to.Add(-time.Nanosecond)} {
			if got, f, u := g.DayOf(at, loc); got != d || !f.Equal(from) || !u.Equal(to) {
				t.Errorf("%s %v: got %v from %v to %v, want %v", x.zone, at, got, f, u, d)
			}
		}
	}
}
