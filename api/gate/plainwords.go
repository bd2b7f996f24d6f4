package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	g "github.com/gatehouse-iot/gatehouse"
)

// JSONFault is what is wrong with a document, at the member at fault where that is known.
type JSONFault struct {
	Field string // a.b[2]; empty: the document
	Said  g.Text
}

// faulty is a fault of the document as a whole.
func faulty(format string, args ...any) *JSONFault {
	return &JSONFault{Said: g.Textf(format, args...)}
}

// Separators of a fault or a text that passes through huma as a string. They occur
// in no name and in no text.
const (
	faultMark = "\x1f" // ends the field
	textMark  = "\x1e" // before the format and before each argument
)

func (f *JSONFault) Error() string {
	if f.Field != "" {
		return f.Field + ": " + f.Said.String()
	}
	return f.Said.String()
}

// carried is a JSONFault on its way through huma, which keeps only the string of an error:
// plainWords takes it apart.
type carried struct{ *JSONFault }

func (c carried) Error() string { return c.Field + faultMark + pack(c.Said.Format, c.Said.Args...) }

// unmarshalCarried is unmarshal for huma.
func unmarshalCarried(b []byte, v any) error {
	err := unmarshal(b, v)
	var f *JSONFault
	if errors.As(err, &f) {
		return carried{f}
	}
	return err
}

// pack writes a text as a string that unpack reads.
func pack(format string, args ...any) string {
	var b strings.Builder
	b.WriteString(textMark + format)
	for _, a := range args {
		fmt.Fprint(&b, textMark, a)
	}
	return b.String()
}

// unpack reads what pack wrote; any other string is a text without arguments.
func unpack(s string) g.Text {
	packed, ok := strings.CutPrefix(s, textMark)
	if !ok {
		return g.Text{Format: s}
	}
	parts := strings.Split(packed, textMark)
	t := g.Text{Format: parts[0]}
	for _, a := range parts[1:] {
		t.Args = append(t.Args, argument(a))
	}
	return t
}

// argument is an argument that is formatted already: every verb writes it as it is, %q in quotes.
type argument string

// Format implements fmt.Formatter.
func (a argument) Format(f fmt.State, verb rune) {
	s := string(a)
	if verb == 'q' {
		s = strconv.Quote(s)
	}
	_, _ = io.WriteString(f, s) // a State takes everything
}

// inWords turns an error of encoding/json into one that says how to correct the document.
func inWords(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var own *g.Error
	switch {
	case errors.As(err, &own):
		return &JSONFault{own.Field, own.Say()}
	case errors.As(err, &kind):
		return &JSONFault{placeOf(kind), expected(kind)}
	case errors.As(err, &syntax):
		return faulty("the body is no valid JSON: byte %d: %v", syntax.Offset, syntax)
	}
	return err
}

// placeOf is where in the document the fault is. encoding/json also names embedded structs, whose
// fields stand in the document without them; names of the document's own begin in lower case.
func placeOf(e *json.UnmarshalTypeError) string {
	parts := strings.Split(e.Field, ".")
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool {
		return part == "" || unicode.IsUpper(rune(part[0]))
	}), ".")
}

func expected(e *json.UnmarshalTypeError) g.Text {
	switch k := e.Type.Kind(); k {
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return g.Textf("must be a whole number of at most %d", uint64(1)<<(e.Type.Bits()-1)-1)
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		return g.Textf("must be a whole number from 0 to %d", ^uint64(0)>>(64-e.Type.Bits()))
	case reflect.Float32, reflect.Float64:
		return g.Word(tooGreat)
	case reflect.String:
		return g.Word("must be a text")
	case reflect.Bool:
		return g.Word("must be true or false")
	case reflect.Slice, reflect.Array:
		return g.Word("must be a list")
	default:
		return g.Word("must be an object")
	}
}

const tooGreat = "must be a number between -1.7e308 and 1.7e308"

// plainWords turns a message of huma's validation into one that says how to correct the request.
// field is the place as huma knows it.
func plainWords(field, message string) (string, g.Text) {
	if at, words, ok := strings.Cut(message, faultMark); ok {
		if at == "" {
			at = field
		}
		return at, unpack(words)
	}
	said := unpack(message)
	if said.Format == missingProperty && field == "" && len(said.Args) == 1 {
		return fmt.Sprint(said.Args[0]), said
	}
	if strings.HasPrefix(message, "invalid date/time for format 2006-01-02T") {
		return field, g.Word("write the moment as RFC 3339, with its time zone, like " +
			"2026-11-27T08:00:00Z or 2026-11-27T08:00:00+08:00 (a + in a query is written %2B)")
	}
	if said.Format != unlikePattern || len(said.Args) != 1 {
		return field, said
	}
	switch fmt.Sprint(said.Args[0]) {
	case "^[0-9]{4}-[0-9]{2}-[0-9]{2}$":
		return field, g.Word("write the day like 2026-11-27")
	case "^[0-9]*$":
		return field, g.Word("must be the number of an event, in digits")
	case "^[a-z][a-z0-9._-]*$":
		return field, g.Word("must begin with a small letter and hold small letters, digits, " +
			"dots, underscores and hyphens only")
	}
	return field, said
}

// Two of huma's messages.
const (
	missingProperty = "expected required property %s to be present"
	unlikePattern   = "expected string to match pattern %s"
)
