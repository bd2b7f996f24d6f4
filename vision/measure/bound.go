package main

import (
	"fmt"

	"gonum.org/v1/gonum/mathext"
)

// tail is what lies beyond each of the two bounds, so that 95 % lie between them.
const tail = 0.025

// Rate is how many of how many.
type Rate struct{ K, N int }

// Share is K of N, and 0 of nothing.
func (r Rate) Share() float64 {
	if r.N == 0 {
		return 0
	}
	return float64(r.K) / float64(r.N)
}

// Upper is the rate below which the true one lies, by the two-sided 95 % interval of Clopper and
// Pearson (Biometrika 26, 1934); 1 where nothing was tried. It takes trials to be independent.
func (r Rate) Upper() float64 {
	if r.K >= r.N {
		return 1
	}
	return mathext.InvRegIncBeta(float64(r.K+1), float64(r.N-r.K), 1-tail)
}

// Lower is the rate above which the true one lies, by the same interval.
func (r Rate) Lower() float64 {
	if r.K <= 0 || r.N == 0 {
		return 0
	}
	return mathext.InvRegIncBeta(float64(r.K), float64(r.N-r.K+1), tail)
}

func (r Rate) String() string {
	return fmt.Sprintf("%d of %d (%.2f %%, %.2f to %.2f %%)", r.K, r.N, 100*r.Share(),
		100*r.Lower(), 100*r.Upper())
}
