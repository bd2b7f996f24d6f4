package people

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

// Reasons are kept as long as the audit log, and a child's name in one would outlive the child's
// data. So names of the school's people are stored as their IDs in braces, {per_…}. Callers who may
// see people get the names along with the entry, unless the person has been deleted.

// HidesNames replaces the names of the school's people by IDs in the scope's reason. It reads the
// school's people, so it must be called before a write transaction.
func HidesNames(ctx context.Context, v View, school g.SchoolID) error {
	if v.s.System != "" || v.s.Reason == "" || school == "" {
		return nil
	}
	l, err := RollOf(ctx, v.r, school)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	v.s.Reason = withoutNames(v.s.Reason, l.People)
	return nil
}

// withoutNames replaces names by IDs, the longest first, so that a name within another's is not
// mistaken for it. Names in Latin script match whole words, ignoring case; Han names need two
// characters. Parts of names are left unchanged.
func withoutNames(text string, people []Keyed) string {
	low := strings.ToLower(text)
	var found []Keyed
	for _, p := range people {
		if utf8.RuneCountInString(p.Name) > 1 && strings.Contains(low, strings.ToLower(p.Name)) {
			found = append(found, p)
		}
	}
	slices.SortStableFunc(found, func(a, b Keyed) int {
		return cmp.Compare(len(b.Name), len(a.Name))
	})
	for _, p := range found {
		text = replaceName(text, p.Name, "{"+string(p.ID)+"}")
	}
	return text
}

func replaceName(text, name, with string) string {
	pattern := regexp.MustCompile(`(?i)` + regexp.QuoteMeta(name))
	var out strings.Builder
	rest := 0
	for _, at := range pattern.FindAllStringIndex(text, -1) {
		if partOfWord(text, at[0], at[1]) {
			continue
		}
		out.WriteString(text[rest:at[0]])
		out.WriteString(with)
		rest = at[1]
	}
	out.WriteString(text[rest:])
	return out.String()
}

// partOfWord reports whether the text from..to is part of a longer word or ID.
func partOfWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	first, _ := utf8.DecodeRuneInString(text[from:])
	last, _ := utf8.DecodeLastRuneInString(text[:to])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return oneWord(before, first) || oneWord(last, after)
}

// oneWord reports whether two adjacent characters belong to the same word; Han characters never do.
func oneWord(a, b rune) bool {
	wordly := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_') &&
			!unicode.Is(unicode.Han, r)
	}
	return wordly(a) && wordly(b)
}
