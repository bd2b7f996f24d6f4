package messages

import (
	"testing"
	"time"
)

func TestQuietHours(t *testing.T) {
	zone := time.FixedZone("here", 8*3600)
	at := func(clock string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", "2026-09-01 "+clock, zone)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	night := Wishes{QuietFrom: "22:00", QuietTo: "06:30"}
	noon := Wishes{QuietFrom: "12:00", QuietTo: "13:00"}
	for _, c := range []struct {
		w    Wishes
		at   string
		want time.Time
	}{
		{night, "21:59", time.Time{}},
		{night, "22:00", at("06:30").AddDate(0, 0, 1)},
		{night, "03:00", at("06:30")},
		{night, "06:30", time.Time{}},
		{noon, "12:30", at("13:00")},
		{noon, "13:00", time.Time{}},
		{Wishes{}, "03:00", time.Time{}},
	} {
		if got := c.w.quietUntil(at(c.at)); !got.Equal(c.want) {
			t.Errorf("%+v at %s: got %v, want %v", c.w, c.at, got, c.want)
		}
	}
}

// A weekly digest goes out on its day at its time, and at once a week later where that has passed.
func TestWeeklyDigests(t *testing.T) {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	w := Wishes{Digest: "17:00", DigestDay: "fri"}
	for now, want := range map[string]string{
		"2026-11-28 08:00": "2026-12-04 17:00", // a Saturday
		"2026-12-04 16:59": "2026-12-04 17:00",
		"2026-12-04 17:00": "2026-12-11 17:00",
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", now, zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.gatheredUntil(at).Format("2006-01-02 15:04"); got != want {
			t.Errorf("after %s: got %s, want %s", now, got, want)
		}
	}
	for _, w := range []Wishes{{DigestDay: "fri"}, {Digest: "17:00", DigestDay: "Friday"}} {
		if err := w.check(); err == nil {
			t.Errorf("%+v is taken", w)
		}
	}
}

// A digest goes out once a day, also on the days that an hour is left out of or comes twice in.
func TestDigestsThroughTheYear(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, clock := range []string{"00:00", "02:30", "17:00"} {
		w := Wishes{Digest: clock}
		now := time.Date(2026, 3, 1, 0, 0, 0, 0, zone)
		var last time.Time
		days := map[string]int{}
		for now.Before(time.Date(2026, 11, 30, 0, 0, 0, 0, zone)) {
			at := w.gatheredUntil(now)
			if !at.After(now) || at.Sub(now) > 26*time.Hour {
				t.Fatalf("%s after %v: got %v, want it within the next day", clock, now, at)
			}
			if !at.Equal(last) {
				days[at.Format("2006-01-02")]++
				last = at
			}
			now = now.Add(20 * time.Minute)
		}
		for day, n := range days {
			if n != 1 {
				t.Errorf("%s on %s: got %d digests, want one", clock, day, n)
			}
		}
		if len(days) < 270 {
			t.Errorf("%s: got %d days, want each", clock, len(days))
		}
	}
}
