package store

import (
	"unicode"

	g "github.com/gatehouse-iot/gatehouse"
)

// Substance refuses a stated reason or purpose that says nothing, such as ".", "xx" or "1111":
// it takes two different letters and as much text as "visit" in Latin script or two characters
// in Han. What is said cannot be judged by a program; that something is said can.
func Substance(field, s string, max int) error {
	if err := Line(field, s, max); err != nil {
		return err
	}
	weight := 0
	seen := map[rune]bool{}
	for _, r := range s {
		if !unicode.IsLetter(r) {
			continue
		}
		seen[unicode.ToLower(r)] = true
		weight++
		if unicode.Is(unicode.Han, r) {
			weight++
		}
	}
	if weight < 4 || len(seen) < 2 {
		return g.FieldErrorf(field,
			"%q says nothing: write it in a few words, e.g. \"parent asks about yesterday\"", s)
	}
	return nil
}

// CheckReason refuses a reason that says nothing; see substance.
func CheckReason(field, s string) error { return Substance(field, s, MaxReason) }
