package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// Enrolled is the embedding of an accepted enrolment photograph.
type Enrolled struct {
	Person    int
	Embedding []float32
}

// Kin holds the likenesses of a person's first accepted photograph to others.
type Kin struct {
	Person  int
	Nearest float64 // to the most alike photograph of anybody else
	Again   float64 // to the person's own second photograph; 0 if there is none
}

// Compare enrols everybody with their first accepted photograph, and counts the pairs of different
// people whose likeness is like or more.
func Compare(faces []Enrolled, like float64) (kin []Kin, pairs Rate) {
	var first []Enrolled
	at := map[int]int{}
	for _, f := range faces {
		i, ok := at[f.Person]
		if !ok {
			at[f.Person] = len(first)
			first = append(first, f)
			kin = append(kin, Kin{
				Person:  f.Person,
				Nearest: -1,
			})
			continue
		}
		if kin[i].Again == 0 { // only one a person: photographs of one person are not independent
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

// Asking says how often the two enrolment warnings of vision.Alike are right and wrong.
type Asking struct {
	Needless Rate // new people who are warned to be somebody else already
	Caught   Rate // second enrolments under another name that cause that warning
	Doubted  Rate // a person's own second photographs warned of as unlike
	Foreign  Rate // photographs of the most alike other person warned of as unlike
}

// Ask computes the rates at the thresholds a.
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

// The rules by which the thresholds are derived, with 95 % confidence and in steps of 0.02: the
// lowest Other at which fewer than mostNeedless of honest enrolments cause a warning, and the
// highest Own at which fewer than mostDoubted of a person's own photographs do.
const (
	mostNeedless = 0.03
	mostDoubted  = 0.035
	alikeSteps   = 50
)

// DeriveAlike applies the rules; ok is false if there are too few people for them.
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

// SaveKin writes one line a person; LoadKin reads them.
func SaveKin(w io.Writer, kin []Kin) error {
	b := bufio.NewWriter(w)
	for _, k := range kin {
		fmt.Fprintf(b, "%d %.4f %.4f\n", k.Person, k.Nearest, k.Again)
	}
	return b.Flush()
}

// LoadKin reads what SaveKin wrote; lines that begin with # are comments.
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
