//go:build vision

package main

import (
	"math"
	"slices"
)

// trace holds the features of a face with a drawing, and what is covered.
type trace struct {
	x     []float64
	set   int    // 0: for fitting, 1: for the threshold, 2: for judging
	name  string // of the drawing
	part  string // "mouth", "eyes" or ""
	fresh bool   // a drawing that is not fitted to
}

// weigh fits a logistic regression with both classes weighted equally, and returns the weights, the
// offset last. decay is the weight decay.
func weigh(x [][]float64, yes []bool, decay float64) []float64 {
	d := len(x[0])
	mean, spread := moments(x)
	share := [2]float64{0.5 / float64(count(yes, false)), 0.5 / float64(count(yes, true))}
	w, push := make([]float64, d+1), make([]float64, d+1)
	for range 600 { // steepest descent with momentum
		slope := make([]float64, d+1)
		for k, row := range x {
			z := w[d]
			for i, v := range row {
				z += w[i] * (v - mean[i]) / spread[i]
			}
			miss := 1 / (1 + math.Exp(-z)) * share[0]
			if yes[k] {
				miss = (1/(1+math.Exp(-z)) - 1) * share[1]
			}
			for i, v := range row {
				slope[i] += miss * (v - mean[i]) / spread[i]
			}
			slope[d] += miss
		}
		for i := range w {
			if i < d {
				slope[i] += decay * w[i]
			}
			push[i] = 0.9*push[i] - slope[i]
			w[i] += push[i]
		}
	}
	for i := range d { // undo the normalisation of the features
		w[i] /= spread[i]
		w[d] -= w[i] * mean[i]
	}
	return w
}

func moments(x [][]float64) (mean, spread []float64) {
	mean, spread = make([]float64, len(x[0])), make([]float64, len(x[0]))
	for i := range mean {
		for _, row := range x {
			mean[i] += row[i] / float64(len(x))
		}
		for _, row := range x {
			spread[i] += (row[i] - mean[i]) * (row[i] - mean[i]) / float64(len(x))
		}
		spread[i] = math.Sqrt(spread[i]) + 1e-9
	}
	return mean, spread
}

func count(all []bool, what bool) (n int) {
	for _, v := range all {
		if v == what {
			n++
		}
	}
	return n
}

// sum is the weighted sum; above 0 the answer is yes.
func sum(w, x []float64) float64 {
	s := w[len(w)-1]
	for i, v := range x {
		s += w[i] * v
	}
	return s
}

// mostBare is the share of bare faces, and of those with clear spectacles, in set 1 that may be
// judged as covered.
const mostBare = 0.015

// fitPart fits the weights for one part of the face to set 0, and shifts the offset until at most
// mostBare of the bare faces in set 1 are judged as covered.
func fitPart(all []trace, part string) []float64 {
	var x [][]float64
	var yes []bool
	for _, t := range all {
		if t.set == 0 && !t.fresh {
			x = append(x, t.x)
			yes = append(yes, t.part == part)
		}
	}
	w := weigh(x, yes, 1e-3)
	var bare []float64
	for _, t := range all {
		if t.set == 1 && !t.fresh && t.part == "" {
			bare = append(bare, sum(w, t.x))
		}
	}
	slices.Sort(bare)
	w[len(w)-1] -= bare[int(float64(len(bare))*(1-mostBare))]
	return w
}
