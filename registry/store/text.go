package store

import (
	"unicode"

	g "github.com/gatehouse-iot/gatehouse"
)

// Substance refuses a stated reason or purpose without content, such as ".", "xx" or "1111": it
// requires two different letters, and at least four in all, where a Han character counts as two.
// Whether the reason makes sense cannot be checked.
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

// CheckReason applies Substance to a reason.
func CheckReason(field, s string) error { return Substance(field, s, MaxReason) }
