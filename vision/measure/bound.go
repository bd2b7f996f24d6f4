package main

import (
	"fmt"

	"gonum.org/v1/gonum/mathext"
)

// tail is the probability beyond each bound of a two-sided 95 % interval.
const tail = 0.025

// Rate is K events in N trials.
type Rate struct{ K, N int }

// Share is K/N, or 0 without trials.
func (r Rate) Share() float64 {
	if r.N == 0 {
		return 0
	}
	return float64(r.K) / float64(r.N)
}

// Upper is the upper bound of the two-sided 95 % interval of Clopper and Pearson (Biometrika 26,
// 1934) for the true rate; 1 without trials. It assumes independent trials.
func (r Rate) Upper() float64 {
	if r.K >= r.N {
		return 1
	}
	return mathext.InvRegIncBeta(float64(r.K+1), float64(r.N-r.K), 1-tail)
}

// Lower is the lower bound of the same interval.
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
