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
