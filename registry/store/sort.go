package store

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Sort is the order of a list that its reader chose: a field's name, with '-' before it where it
// falls. "" is the list's own order.
type Sort string

// Field is what it is sorted by, and whether it falls.
func (s Sort) Field() (field string, falling bool) {
	field, falling = strings.CutPrefix(string(s), "-")
	return field, falling
}

// SortByName sorts as people look names up: Chinese ones by pinyin, others by their letters
// whatever their case, and numbers in them by what they count. Equal ones stay as they were.
func SortByName[T any](rows []T, name func(T) string) {
	c := collate.New(language.Chinese, collate.IgnoreCase, collate.Numeric)
	type keyed struct {
		row T
		key []byte
	}
	var b collate.Buffer
	all := make([]keyed, len(rows))
	for i, row := range rows {
		all[i] = keyed{row, c.KeyFromString(&b, name(row))}
	}
	slices.SortStableFunc(all, func(x, y keyed) int { return bytes.Compare(x.key, y.key) })
	for i, k := range all {
		rows[i] = k.row
	}
}
