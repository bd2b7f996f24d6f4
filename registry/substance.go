package registry

import (
	"strings"
	"unicode"

	g "github.com/gatehouse-iot/gatehouse"
)

// substance refuses a stated reason or purpose that says nothing, such as ".", "xx" or "1111":
// it takes two different letters and as much text as "visit" in Latin script or two characters
// in Han. What is said cannot be judged by a program; that something is said can.
func substance(field, s string, max int) error {
	if err := line(field, s, max); err != nil {
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
		return g.FieldErrorf(field, "%q says nothing: write it in a few words, e.g. \"parent asks about yesterday\"", s)
	}
	return nil
}

// because checks the stated reason for which somebody is looked up: a student's page and what
// shows a student's movements take one that says something.
func (v *View) because(kind g.PersonKind) error {
	if kind != g.Student || v.s.System != "" {
		return optional("reason", v.s.Reason, maxReason)
	}
	if strings.TrimSpace(v.s.Reason) == "" {
		return g.FieldErrorf("reason", "say why you look up this student; it is kept in the audit log")
	}
	return substance("reason", v.s.Reason, maxReason)
}

// CheckReason refuses a reason that says nothing; see substance.
func CheckReason(field, s string) error { return substance(field, s, maxReason) }
