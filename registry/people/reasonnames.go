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

// A stated reason is kept for as long as the audit log, and a child's name in it would outlive the
// child's data. So names of the school's people are kept as their ids in braces, {per_…}; who may
// see people is told the names beside the entry, and of a person who was deleted there is none.

// HidesNames puts ids for the names of the school's people into the scope's reason. It reads the
// school's people, and so is called before a write begins.
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

// withoutNames puts ids for names, the longest first, so that of two people the one whose name is
// part of the other's stays apart. A name in Latin script counts as whole words in any case; of
// Han characters it takes two or more. A part of a name stays as it is.
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

// partOfWord says whether what stands from one place to another is part of a longer word, or of an
// id.
func partOfWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	first, _ := utf8.DecodeRuneInString(text[from:])
	last, _ := utf8.DecodeLastRuneInString(text[:to])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return oneWord(before, first) || oneWord(last, after)
}

// oneWord says whether two characters are of one word; Han characters have no words to be told
// apart.
func oneWord(a, b rune) bool {
	wordly := func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_') &&
			!unicode.Is(unicode.Han, r)
	}
	return wordly(a) && wordly(b)
}
