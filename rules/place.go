package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Place is where a word of the rule stands, file:line:column, after a key of its text; without it,
// where the rule begins, file:line.
func (r Rule) Place(file, key, word string) string {
	begin := fmt.Sprintf("%s:%d", file, max(r.Line, 1))
	at := find(r.YAML, 0, key)
	if at < 0 {
		return begin
	}
	for at >= 0 {
		// a key may stand several times: the one that the word follows on its line comes first
		line := strings.IndexByte(r.YAML[at:], '\n')
		if line < 0 {
			line = len(r.YAML) - at
		}
		if w := find(r.YAML[:at+line], at+len(key), word); w >= 0 {
			return r.position(file, w)
		}
		at = find(r.YAML, at+len(key), key)
	}
	if w := find(r.YAML, find(r.YAML, 0, key)+len(key), word); w >= 0 {
		return r.position(file, w)
	}
	return begin
}

func (r Rule) position(file string, at int) string {
	before := r.YAML[:at]
	line := strings.LastIndexByte(before, '\n') + 1
	return fmt.Sprintf("%s:%d:%d", file, max(r.Line, 1)+strings.Count(before, "\n"),
		utf8.RuneCountInString(before[line:])+1)
}

// find is where a whole word stands in a text, from a byte on; -1: nowhere.
func find(text string, from int, word string) int {
	part := func(b byte) bool {
		return b == '_' || b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' ||
			b >= utf8.RuneSelf
	}
	for word != "" {
		i := strings.Index(text[from:], word)
		if i < 0 {
			break
		}
		i += from
		from = i + len(word)
		if (i == 0 || !part(text[i-1])) && (from == len(text) || !part(text[from])) {
			return i
		}
	}
	return -1
}

// place is where a rule begins.
func place(r Rule) string { return fmt.Sprintf("%s:%d", r.File, r.Line) }
