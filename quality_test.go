package gatehouse_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

func TestClockOffsets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var c, half g.ClockOffsets
		var all []int64
		center, width := rnd.Int64N(1_200_000)-600_000, rnd.Int64N(100_000)+1
		for i := range 1 + rnd.IntN(200) {
			ms := min(center+rnd.Int64N(width), 600_000)
			all = append(all, ms)
			c.Note(ms)
			if i%2 == 0 {
				half.Note(ms)
			}
		}
		slices.Sort(all)
		if c.Min != all[0] || c.Max != all[len(all)-1] || c.Count != int64(len(all)) {
			t.Fatalf("got %+v, want %d from %d to %d", c, len(all), all[0], all[len(all)-1])
		}
		exact, got := all[(len(all)-1)/2], c.Median()
		if got < c.Min || got > c.Max {
			t.Fatalf("got the median %d, want it between %d and %d", got, c.Min, c.Max)
		}
		if off := got - exact; off > width || off < -width {
			t.Errorf("got the median %d of %d offsets, want about %d", got, len(all), exact)
		}
		var sum g.Quality
		sum.Add(g.Quality{Clock: half})
		sum.Add(g.Quality{})
		if sum.Clock.Median() != half.Median() {
			t.Errorf("got %d after adding nothing, want %d", sum.Clock.Median(), half.Median())
		}
	}
	if got := (g.ClockOffsets{}).Median(); got != 0 {
		t.Errorf("got the median %d of nothing, want 0", got)
	}
}

// TestImpossibleTime: ImpossibleTime understands the reasons that Admit gives.
func TestImpossibleTime(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	d := g.Device{ID: "d", Enabled: true}
	for _, at := range []time.Time{now.Add(time.Hour), now.AddDate(-26, 0, 0)} {
		_, err := g.Admit(d, g.Profile{},
			g.Observation{Device: "d", Time: at, Status: &g.Status{State: g.StateOnline}}, now)
		if err == nil {
			t.Fatalf("%s was admitted", at)
		}
		if got, ok := (g.Rejection{Reason: err.Error()}).ImpossibleTime(); !ok || !got.Equal(at) {
			t.Errorf("%q: got %s, %t, want %s", err, got, ok, at)
		}
	}
	for _, reason := range []string{
		"", "the time ", "the time is ripe",
		`time: "x" is neither RFC 3339 nor milliseconds`,
		"temperature: 900 is above the maximum 125",
	} {
		if got, ok := (g.Rejection{Reason: reason}).ImpossibleTime(); ok {
			t.Errorf("%q: got %s, want no time", reason, got)
		}
	}
}
