package store

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of the changed fields in an entry.
const (
	MaxChanges = 50
	maxChanged = 500 // characters of a value
)

// AuditChanges is Audit with the changed fields: before and after are the object as its JSON in the
// API, before nil if it is new. Callers must not pass secrets.
func (v *View) AuditChanges(
	ctx context.Context, t *Tx, school g.SchoolID, deed, object string, before, after any,
) error {
	changes, err := ChangesOf(before, after)
	if err != nil {
		return err
	}
	return v.AuditEntry(ctx, t, g.AuditEntry{
		School:  school,
		Actor:   v.Scope.Actor,
		Deed:    deed,
		Object:  object,
		Reason:  v.Scope.Reason,
		Changes: changes,
	})
}

// ChangesOf lists the fields that differ, sorted by name. Fields of nested objects are "name.key".
func ChangesOf(before, after any) ([]g.AuditChange, error) {
	was, err := flat(before)
	if err != nil {
		return nil, err
	}
	is, err := flat(after)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(was)
	maps.Copy(names, is)
	var out []g.AuditChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if was[name] == is[name] {
			continue
		}
		if len(out) == MaxChanges {
			return append(out,
				g.AuditChange{
					Field:  "…",
					Before: "…",
					After:  "further fields changed",
				}), nil
		}
		out = append(out,
			g.AuditChange{
				Field:  name,
				Before: Short(was[name]),
				After:  Short(is[name]),
			})
	}
	return out, nil
}

// fieldsOf lists the names of the fields that differ.
func fieldsOf(before, after any) ([]string, error) {
	was, err := flat(before)
	if err != nil {
		return nil, err
	}
	is, err := flat(after)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(was)
	maps.Copy(names, is)
	maps.DeleteFunc(names, func(name, _ string) bool { return was[name] == is[name] })
	return slices.Sorted(maps.Keys(names)), nil
}

func Short(s string) string {
	r := []rune(s)
	if len(r) <= maxChanged {
		return s
	}
	return string(r[:maxChanged]) + "…"
}

// flat returns an object's fields as text, those of nested objects as "name.key"; anything but an
// object is one field, "value".
func flat(x any) (map[string]string, error) {
	out := map[string]string{}
	if x == nil {
		return out, nil
	}
	b, err := json.Marshal(x)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) != nil {
		out["value"] = plain(b)
		return out, nil
	}
	for name, value := range fields {
		var inner map[string]json.RawMessage
		if json.Unmarshal(value, &inner) != nil || inner == nil {
			out[name] = plain(value)
			continue
		}
		for key, v := range inner {
			out[name+"."+key] = plain(v)
		}
	}
	return out, nil
}

// plain shows a JSON value to people: a string without quotes, nothing for null.
func plain(value json.RawMessage) string {
	var s string
	switch {
	case bytes.Equal(value, []byte("null")):
		return ""
	case json.Unmarshal(value, &s) == nil:
		return s
	}
	return string(value)
}

// changesText encodes changes, for storing and hashing.
func changesText(cs []g.AuditChange) string {
	b, err := json.Marshal(cs)
	if err != nil {
		return "" // strings only: it does not fail
	}
	return string(b)
}
