package main

import (
	"math"
	"testing"
)

// The bounds agree with the closed form for none of n, and with published tables.
func TestRateBounds(t *testing.T) {
	for _, x := range []struct {
		r            Rate
		lower, upper float64
	}{
		{Rate{0, 10}, 0, 1 - math.Pow(0.025, 1.0/10)},
		{Rate{0, 2742}, 0, 1 - math.Pow(0.025, 1.0/2742)},
		{Rate{10, 10}, math.Pow(0.025, 1.0/10), 1},
		{Rate{1, 10}, 0.00253, 0.44502},
		{Rate{5, 10}, 0.18709, 0.81291},
		{Rate{10, 100}, 0.04900, 0.17622},
		{Rate{0, 0}, 0, 1},
	} {
		if math.Abs(x.r.Lower()-x.lower) > 1e-5 || math.Abs(x.r.Upper()-x.upper) > 1e-5 {
			t.Errorf("%d of %d: got %.5f to %.5f, want %.5f to %.5f", x.r.K, x.r.N, x.r.Lower(),
				x.r.Upper(), x.lower, x.upper)
		}
	}
}
