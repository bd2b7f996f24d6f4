package rulebook

import (
	"strconv"
	"strings"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	api "github.com/gatehouse-iot/gatehouse/api/rules"
)

// problem reads line and column of an error's field, "rule:3:9: where.zone", and finds the word
// there.
func problem(text string, e *g.Error) api.RuleProblem {
	out := api.RuleProblem{
		Err:    e,
		Line:   1,
		Column: 1,
	}
	place, path, _ := strings.Cut(e.Field, ": ")
	out.Path = path
	_, numbers, _ := strings.Cut(place, ":")
	parts := strings.Split(numbers, ":")
	if n, err := strconv.Atoi(parts[0]); err == nil {
		out.Line = n
	}
	if len(parts) > 1 {
		if n, err := strconv.Atoi(parts[1]); err == nil {
			out.Column = n
		}
	}
	out.Length = wordAt(text, out.Line, out.Column)
	return out
}

// wordAt is how many characters the word at a place of the text has, at least 1; both count from 1.
func wordAt(text string, line, column int) int {
	lines := strings.Split(text, "\n")
	if line < 1 || line > len(lines) {
		return 1
	}
	rest := lines[line-1]
	for ; column > 1 && rest != ""; column-- {
		_, n := utf8.DecodeRuneInString(rest)
		rest = rest[n:]
	}
	if rest == "" {
		return 1
	}
	if q := rest[0]; q == '"' || q == '\'' {
		if end := strings.IndexByte(rest[1:], q); end >= 0 {
			return utf8.RuneCountInString(rest[:end+2])
		}
	}
	word := rest
	if end := strings.IndexAny(rest, " ,:{}[]#\r"); end >= 0 {
		word = rest[:end]
	}
	return max(1, utf8.RuneCountInString(word))
}

// place is a problem's place as people read it: line and column.
func place(p api.RuleProblem) string {
	out := strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
	if p.Path != "" {
		out += " " + p.Path
	}
	return out
}
