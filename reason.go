package gatehouse

import (
	"strings"
	"unicode"
)

// MinReason is how many letters a reason has at least. A Han character counts as two, since a
// word of Chinese has about two of them.
const MinReason = 4

// CheckReason refuses a text that is no reason: one without enough letters, or of one letter
// again and again. It is for people who are asked why they look at a child.
func CheckReason(field, text string) error {
	letters, kinds := 0, map[rune]bool{}
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			letters += 2
			kinds[r] = true
		case unicode.IsLetter(r):
			letters++
			kinds[unicode.ToLower(r)] = true
		}
	}
	if strings.TrimSpace(text) == "" {
		return FieldErrorf(field, "say why: it is kept in the audit log")
	}
	if letters < MinReason || len(kinds) < 2 {
		return FieldErrorf(field, "%q is no reason that anybody could check: say in a few words why; it is kept in the audit log", clipped(text))
	}
	return nil
}

func clipped(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
