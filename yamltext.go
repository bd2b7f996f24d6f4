package gatehouse

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	yamlLine  = regexp.MustCompile(`line (\d+):`)
	yamlTwice = regexp.MustCompile(`line (\d+): mapping key "(.+)" already defined at line (\d+)`)
)

// NotYAML explains, with file, line and mend, why a YAML library cannot read a text that people
// write: tabs, full-width punctuation of Chinese input methods, a key that is there twice, another
// encoding, and else that something is not closed or not indented.
func NotYAML(file string, text []byte, err error) error {
	if !utf8.Valid(text) {
		return FieldErrorf(file, "the file is not UTF-8: save it as UTF-8")
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			return FieldErrorf(fmt.Sprintf("%s:%d:%d", file, i+1, tab+1),
				"a tab indents this line; use spaces")
		}
	}
	if m := yamlTwice.FindStringSubmatch(err.Error()); m != nil {
		return FieldErrorf(file+":"+m[1], "the key %q is on line %s already; remove one of them", m[2], m[3])
	}
	at := 1 // the library leaves out the first line's number
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		fmt.Sscan(m[1], &at)
	}
	if wide := widePlace(file, lines, at); wide != nil {
		return wide
	}
	return FieldErrorf(fmt.Sprintf("%s:%d", file, at), "this line, or the one before it, is not YAML: look for a "+
		"bracket or quotation mark that is not closed, a key without a colon and a space, and the "+
		"indentation")
}

// widePlace is the error of full-width punctuation around a line, nil where there is none.
func widePlace(file string, lines []string, at int) error {
	for i := max(0, at-2); i < min(len(lines), at+1); i++ {
		if column, wide := WidePunctuation(lines[i]); column > 0 {
			return FieldErrorf(fmt.Sprintf("%s:%d:%d", file, i+1, column),
				"%q is full-width punctuation; type %q and a space",
				string(wide), string(NarrowRune(wide)))
		}
	}
	return nil
}

// WidePunctuation returns the column, from 1, of a full-width character of YAML's punctuation that
// follows a word in ASCII; 0 for none.
func WidePunctuation(line string) (column int, wide rune) {
	before := ' '
	for i, r := range []rune(line) {
		word := before < utf8.RuneSelf && (before > '@' || before >= '0' && before <= '9' ||
			before == '"' || before == '\'')
		if word && strings.ContainsRune("：，｛｝［］", r) {
			return i + 1, r
		}
		before = r
	}
	return 0, 0
}

// NarrowRune maps full-width characters of Chinese input methods to the ASCII characters that they
// resemble; 0 for all others.
func NarrowRune(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '、':
		return ','
	case r == '。':
		return '.'
	case r == '“', r == '”':
		return '"'
	case r == '　':
		return ' '
	}
	return 0
}
