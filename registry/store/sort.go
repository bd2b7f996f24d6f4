package store

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Sort is the sort order of a list: a field's name, preceded by '-' for descending; "" is the
// default order.
type Sort string

// Field returns the field and whether the order is descending.
func (s Sort) Field() (field string, falling bool) {
	field, falling = strings.CutPrefix(string(s), "-")
	return field, falling
}

// SortByName sorts names as people expect: Chinese ones by pinyin, others without regard to case,
// and numbers in them by value. It is stable.
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
