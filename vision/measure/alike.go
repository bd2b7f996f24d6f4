package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// Enrolled is a face as it is enrolled.
type Enrolled struct {
	Person    int
	Embedding []float32
}

// Kin is how alike a person's first photograph that was taken is to others.
type Kin struct {
	Person  int
	Nearest float64 // to the most alike of everybody else
	Again   float64 // to the person's second photograph; 0 where there is none
}

// Compare makes a school of everybody, each with the first photograph that was taken, and counts
// how many pairs of different people reach a likeness.
func Compare(faces []Enrolled, like float64) (kin []Kin, pairs Rate) {
	var first []Enrolled
	at := map[int]int{}
	for _, f := range faces {
		i, ok := at[f.Person]
		if !ok {
			at[f.Person] = len(first)
			first = append(first, f)
			kin = append(kin, Kin{Person: f.Person, Nearest: -1})
			continue
		}
		if kin[i].Again == 0 { // one a person: photographs of one person are not independent
			kin[i].Again = vision.Cosine(first[i].Embedding, f.Embedding)
		}
	}
	for i := range first {
		for j := range i {
			s := vision.Cosine(first[i].Embedding, first[j].Embedding)
			kin[i].Nearest, kin[j].Nearest = max(kin[i].Nearest, s), max(kin[j].Nearest, s)
			pairs.count(s >= like)
		}
	}
	return kin, pairs
}

// Asking is what an enrolment's two questions do.
type Asking struct {
	Needless Rate // enrolments of somebody new of whom it is asked whether it is somebody else
	Caught   Rate // second enrolments of a person under another name of which that is asked
	Doubted  Rate // a person's own second photographs that are asked about as unlike
	Foreign  Rate // photographs of the most alike of the others, added to a person, that are so
}

// Ask measures the questions at some likenesses.
func Ask(kin []Kin, a vision.Alike) (out Asking) {
	for _, k := range kin {
		out.Needless.count(k.Nearest >= a.Other)
		out.Foreign.count(k.Nearest < a.Own)
		if k.Again != 0 {
			out.Caught.count(k.Again >= a.Other)
			out.Doubted.count(k.Again < a.Own)
		}
	}
	return out
}

func (r *Rate) count(yes bool) {
	r.N++
	if yes {
		r.K++
	}
}

// The rules by which the likenesses are derived, with 95 % confidence and in steps of a fiftieth:
// the lowest Other at which fewer than mostNeedless of honest enrolments are asked about, and the
// highest Own at which fewer than mostDoubted of a person's own photographs are.
const (
	mostNeedless = 0.03
	mostDoubted  = 0.035
	alikeSteps   = 50
)

// DeriveAlike is what the rules ask for; ok is false where there are too few people for them.
func DeriveAlike(kin []Kin) (a vision.Alike, ok bool) {
	for k := 1; k < alikeSteps && a.Other == 0; k++ {
		if other := float64(k) / alikeSteps; Ask(kin, vision.Alike{Other: other}).Needless.Upper() < mostNeedless {
			a.Other = other
		}
	}
	for k := alikeSteps - 1; k > 0 && a.Own == 0; k-- {
		if own := float64(k) / alikeSteps; Ask(kin, vision.Alike{Own: own}).Doubted.Upper() < mostDoubted {
			a.Own = own
		}
	}
	return a, a.Other > 0 && a.Own > 0
}

// SaveKin writes a line for each person; LoadKin reads them.
func SaveKin(w io.Writer, kin []Kin) error {
	b := bufio.NewWriter(w)
	for _, k := range kin {
		fmt.Fprintf(b, "%d %.4f %.4f\n", k.Person, k.Nearest, k.Again)
	}
	return b.Flush()
}

// LoadKin reads what SaveKin wrote; lines that begin with # are remarks.
func LoadKin(r io.Reader) (out []Kin, err error) {
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		var k Kin
		if _, err := fmt.Sscan(sc.Text(), &k.Person, &k.Nearest, &k.Again); err != nil {
			return nil, fmt.Errorf("read likenesses, line %d: %w", n, err)
		}
		out = append(out, k)
	}
	return out, sc.Err()
}
