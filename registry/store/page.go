package store

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	defaultLimit = 100
	MaxLimit     = 1000
)

// Size is the page's size: 100 by default, at most 1000.
func (p Page) Size() int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, MaxLimit)
}

// After decodes a cursor of n parts; ok is false for the first page.
func (p Page) After(n int) (parts []string, ok bool, err error) {
	if p.Cursor == "" {
		return nil, false, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	parts = strings.Split(string(b), "\x1f")
	control := func(s string) bool { return strings.ContainsFunc(s, unicode.IsControl) }
	if err != nil || len(parts) != n || !utf8.Valid(b) || slices.ContainsFunc(parts, control) {
		return nil, false, badCursor()
	}
	return parts, true, nil
}

func badCursor() error {
	return g.FieldErrorf("cursor", "this cursor is not one of ours: leave it out to begin again")
}

// Cursor encodes an opaque cursor. It must not contain personal data.
func Cursor(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\x1f")))
}

// Number parses a number in a cursor.
func Number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, badCursor()
	}
	return n, nil
}

func Digits[T int64 | uint64](n T) string { return strconv.FormatInt(int64(n), 10) }

// Line validates one line of text: not empty, at most max characters, no control characters.
func Line(field, s string, max int) error {
	if strings.TrimSpace(s) == "" {
		return g.FieldErrorf(field, "give a %s", g.Noun(strings.ReplaceAll(field, "_", " ")))
	}
	return Optional(field, s, max)
}

// Optional is Line for a text that may be empty.
func Optional(field, s string, max int) error {
	if !utf8.ValidString(s) {
		return g.FieldErrorf(field, "the text is not UTF-8")
	}
	if n := utf8.RuneCountInString(s); n > max {
		return g.FieldErrorf(field, "the text has %d characters; at most %d are kept", n, max)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return g.FieldErrorf(field, "the text holds a control character: write it on one line")
	}
	if strings.ContainsFunc(s, g.TurnsReading) {
		return g.FieldErrorf(field, "the text holds a hidden mark that turns the reading direction: type it anew")
	}
	return nil
}

// Falling continues a list ordered by a descending number.
func Falling(w *Where, p Page, col string) error {
	parts, ok, err := p.After(1)
	if err != nil || !ok {
		return err
	}
	n, err := Number(parts[0])
	if err != nil {
		return err
	}
	w.And(col+" < ?", n)
	return nil
}

// Cut drops the row that a list queried beyond its limit, and returns the cursor of the next page,
// or "" if there was no such row.
func Cut[T any](rows []T, limit int, at func(T) string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], at(rows[limit-1])
}

// Clean makes a text storable in every engine: valid UTF-8 without NUL.
func Clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
