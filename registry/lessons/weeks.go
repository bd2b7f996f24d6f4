package lessons

import (
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// weeksOf reads odd, even, 单, 单周, 双, 双周; nothing, all and 每周 are each week.
func weeksOf(s string) (g.PatternWeeks, bool) {
	switch strings.NewReplacer("weeks", "", "week", "", "周", "", "週", "").Replace(plain(s)) {
	case "", "all", "each", "every", "每", "单双", "單雙":
		return "", true
	case "odd", "单", "單":
		return g.OddWeeks, true
	case "even", "双", "雙":
		return g.EvenWeeks, true
	}
	return "", false
}

// subject is what a cell holds.
type subject struct {
	name  string
	weeks g.PatternWeeks
}

// subjectsOf reads a subject, or those of odd and even weeks: 数学(单)/美术(双). weeks are those of
// one that does not say it.
func subjectsOf(cell string, weeks g.PatternWeeks) (out []subject) {
	if cell == "" {
		return nil
	}
	parts := strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("/;、；|", r) })
	for _, part := range parts {
		name, mark, ok := strings.Cut(strings.TrimSuffix(strings.TrimSpace(part), ")"), "(")
		w, known := weeksOf(mark)
		if name = strings.TrimSpace(name); !ok || !known || w == "" || name == "" {
			return []subject{{cell, weeks}} // a name with such signs
		}
		out = append(out, subject{name, w})
	}
	return out
}
