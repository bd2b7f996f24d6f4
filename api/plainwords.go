package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// jsonFault is what is wrong with a document, at the member at fault where that is known. A
// schema's reader carries errors as texts, so that its own text has both; plainWords takes it apart.
type jsonFault struct {
	field string // a.b[2]; empty: the document
	words string
}

const faultMark = "\x1f" // stands in no name and no sentence of ours

func (f *jsonFault) Error() string {
	if f.field == "" {
		return f.words
	}
	return f.field + faultMark + f.words
}

// inWords says an error of encoding/json in the words of the mend.
func inWords(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return &jsonFault{strings.TrimPrefix(kind.Field, "."), expected(kind)}
	case errors.As(err, &syntax):
		return &jsonFault{words: fmt.Sprintf("the body is no valid JSON: byte %d: %v", syntax.Offset, syntax)}
	}
	return err
}

func expected(e *json.UnmarshalTypeError) string {
	switch k := e.Type.Kind(); k {
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return fmt.Sprintf("must be a whole number of at most %d", uint64(1)<<(e.Type.Bits()-1)-1)
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		return fmt.Sprintf("must be a whole number from 0 to %d", ^uint64(0)>>(64-e.Type.Bits()))
	case reflect.Float32, reflect.Float64:
		return tooGreat
	case reflect.String:
		return "must be a text"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Slice, reflect.Array:
		return "must be a list"
	default:
		return "must be an object"
	}
}

const tooGreat = "must be a number between -1.7e308 and 1.7e308"

// plainWords replaces what a schema's reader says in words of its language by the mend. field is
// the place, as the document's reader knows it.
func plainWords(field, message string) (string, string) {
	if at, words, ok := strings.Cut(message, faultMark); ok {
		return at, words
	}
	if missing, ok := strings.CutPrefix(message, "expected required property "); ok {
		if name, ok := strings.CutSuffix(missing, " to be present"); ok && field == "" {
			return name, message
		}
	}
	switch {
	case strings.HasPrefix(message, "invalid date/time for format 2006-01-02T"):
		return field, "write the moment as RFC 3339, with its time zone, like 2026-11-27T08:00:00Z or 2026-11-27T08:00:00+08:00 (a + in a query is written %2B)"
	case message == "expected string to match pattern ^[0-9]{4}-[0-9]{2}-[0-9]{2}$":
		return field, "write the day like 2026-11-27"
	case message == "expected string to match pattern ^[0-9]*$":
		return field, "must be the number of an event, in digits"
	case message == "expected string to match pattern ^[a-z][a-z0-9._-]*$":
		return field, "must begin with a small letter and hold small letters, digits, dots, underscores and hyphens only"
	}
	return field, message
}
