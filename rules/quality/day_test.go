package quality_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/quality"
)

// TestDaysTileTheTime: one device is seen every 15 minutes for a year, another every five days and
// some hours. Each row has the local date, the silence in the rows of a day adds up to the day's
// length, and that of all rows to the year's.
func TestDaysTileTheTime(t *testing.T) {
	for _, x := range []struct {
		zone, first, last string
		odd               map[string]time.Duration // days that do not have 24 hours
	}{
		{
			"America/Santiago",
			"2026-01-01",
			"2026-12-31",
			map[string]time.Duration{"2026-04-04": 25, "2026-09-06": 23},
		},
		{
			"America/Havana",
			"2026-01-01",
			"2026-12-31",
			map[string]time.Duration{"2026-03-08": 23, "2026-11-01": 25},
		},
		{
			"Atlantic/Azores",
			"2026-01-01",
			"2026-12-31",
			map[string]time.Duration{"2026-03-29": 23, "2026-10-25": 25},
		},
		{"Asia/Shanghai", "2026-01-01", "2026-12-31", nil},
		{
			"Europe/Berlin",
			"2026-01-01",
			"2026-12-31",
			map[string]time.Duration{"2026-03-29": 23, "2026-10-25": 25},
		},
		{
			"Pacific/Apia",
			"2011-01-01",
			"2011-12-31",
			map[string]time.Duration{"2011-04-02": 25, "2011-09-24": 23, "2011-12-30": 0},
		},
		{
			"America/St_Johns",
			"2010-01-01",
			"2010-12-31",
			map[string]time.Duration{"2010-03-14": 23, "2010-11-07": 25},
		},
		// beyond the zone's table, by the rule at its end
		{"America/Santiago", "2060-01-01", "2060-12-31", nil},
	} {
		t.Run(x.zone+" "+x.first[:4], func(t *testing.T) {
			loc, err := time.LoadLocation(x.zone)
			if err != nil {
				t.Fatal(err)
			}
			at := func(day string, hour int) time.Time {
				d, err := time.ParseInLocation(time.DateOnly+" 15", day+" 12", loc)
				if err != nil {
					t.Fatal(err)
				}
				return d.Add(time.Duration(hour-12) * time.Hour)
			}
			rows := map[string]g.Quality{}
			c := quality.New(quality.DefaultLimits(), quality.Facts{
				Silence: func(g.DeviceID) (time.Duration, bool) {
					return time.Minute, true
				},
				Location: func(g.SchoolID) *time.Location { return loc }})
			keep := func() {
				all, _ := c.Take()
				for _, q := range all {
					key := string(q.Device) + " " + q.Day
					sum := rows[key]
					sum.Add(q)
					rows[key] = sum
				}
			}
			tell := func(device g.DeviceID, when time.Time) {
				c.Observe(g.Event{
					Kind:     g.EventSighting,
					School:   school,
					Device:   device,
					Time:     when,
					Received: when,
					Sighting: &g.Sighting{Person: "p"},
				},
					false)
			}
			begin, end := at(x.first, 0), at(x.last, 24)
			want := map[string]int64{} // minutes of each day by local time
			for i := range end.Sub(begin) / (15 * time.Minute) {
				when := begin.Add(i * 15 * time.Minute)
				want[when.In(loc).Format(time.DateOnly)] += 15
				tell("busy", when)
				if i%555 == 0 {
					tell("silent", when)
				}
				if i%1000 == 999 {
					keep()
				}
			}
			tell("silent", end)
			keep()
			got := map[string]int64{}
			for day := range want {
				got[day] = rows["silent "+day].GapSeconds / 60
				if n := rows["busy "+day].Sightings * 15; x.zone != "America/St_Johns" &&
					n != want[day] {
					t.Errorf("%s: got sightings of %d minutes, want %d", day, n, want[day])
				}
			}
			// the clock went back a minute after midnight, to the day before
			if x.zone == "America/St_Johns" {
				got["2010-11-06"], got["2010-11-07"] = got["2010-11-06"]+59, got["2010-11-07"]-59
				want["2010-11-06"], want["2010-11-07"] = 24*60+59, 24*60+1
			}
			if d := cmp.Diff(got, want); d != "" {
				t.Errorf("minutes silent: got (-) want (+)\n%s", d)
			}
			var sum int64
			for key, q := range rows {
				device, day, _ := strings.Cut(key, " ")
				if device == "silent" {
					sum += q.GapSeconds
				}
				if _, ok := want[day]; !ok && q.GapSeconds != 0 {
					t.Errorf("got a row for %s", key)
				}
			}
			if got, want := time.Duration(sum)*time.Second, end.Sub(begin); got != want {
				t.Errorf("got %v silent in all, want %v", got, want)
			}
			for day, hours := range x.odd {
				if got := time.Duration(rows["silent "+day].GapSeconds) * time.Second; got != hours*time.Hour {
					t.Errorf("%s: got %v, want %v", day, got, hours*time.Hour)
				}
			}
		})
	}
}

// TestSilentOverTheJump: a device is silent over a night in which the clock changes, at schools
// that count the whole day and at some that count a part.
func TestSilentOverTheJump(t *testing.T) {
	for _, x := range []struct {
		zone, from, to string
		limits         quality.Limits
		want           map[string]int64
	}{
		{
			"America/Santiago",
			"2026-09-06T00:00:00Z",
			"2026-09-06T12:00:00Z",
			quality.DefaultLimits(),
			map[string]int64{"2026-09-05": 4 * 3600, "2026-09-06": 8 * 3600},
		},
		{
			"America/Havana",
			"2026-03-08T03:00:00Z",
			"2026-03-08T12:00:00Z",
			quality.DefaultLimits(),
			map[string]int64{"2026-03-07": 2 * 3600, "2026-03-08": 7 * 3600},
		},
		{
			"Atlantic/Azores",
			"2026-03-28T23:00:00Z",
			"2026-03-29T07:00:00Z",
			quality.DefaultLimits(),
			map[string]int64{"2026-03-28": 2 * 3600, "2026-03-29": 6 * 3600},
		},
		{
			"America/Santiago",
			"2026-09-06T00:00:00Z",
			"2026-09-06T12:00:00Z",
			quality.Limits{From: 6 * time.Hour, To: 22 * time.Hour},
			map[string]int64{"2026-09-05": 2 * 3600, "2026-09-06": 3 * 3600},
		},
		// the clock skipped the counted hours
		{
			"America/Santiago",
			"2026-09-06T02:00:00Z",
			"2026-09-06T12:00:00Z",
			quality.Limits{From: 30 * time.Minute, To: time.Hour},
			map[string]int64{},
		},
		{
			"Pacific/Apia",
			"2011-12-30T00:00:00Z",
			"2011-12-30T20:00:00Z",
			quality.Limits{From: 6 * time.Hour, To: 22 * time.Hour},
			map[string]int64{"2011-12-29": 8 * 3600, "2011-12-31": 4 * 3600},
		},
	} {
		loc, err := time.LoadLocation(x.zone)
		if err != nil {
			t.Fatal(err)
		}
		c := quality.New(x.limits, quality.Facts{Silence: func(g.DeviceID) (time.Duration, bool) {
			return time.Minute, true
		}, Location: func(g.SchoolID) *time.Location { return loc }})
		for _, text := range []string{x.from, x.to} {
			when, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Fatal(err)
			}
			c.Observe(g.Event{
				Kind:     g.EventSighting,
				School:   school,
				Device:   "gate",
				Time:     when,
				Received: when,
				Sighting: &g.Sighting{Person: "p"},
			},
				false)
		}
		rows, _ := c.Take()
		got := map[string]int64{}
		for _, q := range rows {
			if q.GapSeconds != 0 {
				got[q.Day] = q.GapSeconds
			}
		}
		if d := cmp.Diff(got, x.want); d != "" {
			t.Errorf("%s: got (-) want (+)\n%s", x.zone, d)
		}
	}
}
