//go:build vision

package main

import (
	"math/rand/v2"
	"testing"
)

// Two clouds of points in different units are separated, and few bare faces are judged as covered.
func TestFitPart(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var all []trace
	for i := range 1200 {
		one := trace{
			set: i / 2 % 3,
			x:   []float64{rnd.NormFloat64(), 100 + 10*rnd.NormFloat64(), rnd.NormFloat64()},
		}
		if i%2 == 0 {
			one.part = "mouth"
			one.x[0] += 4
			one.x[1] -= 30
		}
		all = append(all, one)
	}
	w := fitPart(all, "mouth")
	var told, asked Rate
	for _, one := range all {
		switch {
		case one.set != 2:
		case one.part == "mouth":
			told.count(sum(w, one.x) > 0)
		default:
			asked.count(sum(w, one.x) > 0)
		}
	}
	if told.Share() < 0.95 || asked.Share() > 0.05 {
		t.Errorf("told %v, asked about %v, want over 95 %% and under 5 %%", told, asked)
	}
}
