package gate

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
)

// strictNames guards huma's global settings, by which schemas compare member names exactly.
// encoding/json ignores case, with Unicode folding: a document could name a member twice, and a
// change of a misspelt member could be answered with 200 and do nothing.
var strictNames sync.Once

func nameStrictly() {
	strictNames.Do(func() {
		huma.ValidateStrictCasing = true
		huma.ErrorFormatter = pack
	})
}

// ExactNames refuses members of a document that t does not have by exactly that name. It is for
// what no schema validates: a whole profile, and the members that a merge patch removes.
func ExactNames(v any, t reflect.Type) error { return exactAt("", v, t) }

func exactAt(path string, v any, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil // it decodes itself
	}
	switch v := v.(type) {
	case []any:
		if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
			return nil
		}
		for i := range v {
			if err := exactAt(path+"["+strconv.Itoa(i)+"]", v[i], t.Elem()); err != nil {
				return err
			}
		}
	case map[string]any:
		return exactMembers(path, v, t)
	}
	return nil
}

func exactMembers(path string, m map[string]any, t reflect.Type) error {
	var fields map[string]reflect.Type
	switch t.Kind() {
	case reflect.Struct:
		fields = membersOf(t)
	case reflect.Map:
	default:
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		at := strings.TrimPrefix(path+"."+clip(key), ".")
		of, known := fields[key]
		if fields == nil {
			of, known = t.Elem(), true
		}
		if !known {
			return g.FieldErrorf(at, "%s", unknownMember(key, fields))
		}
		if err := exactAt(at, m[key], of); err != nil {
			return err
		}
	}
	return nil
}

func unknownMember(key string, fields map[string]reflect.Type) g.Text {
	for name := range fields {
		if strings.EqualFold(name, key) {
			return g.Textf("unexpected property: it is written %s", name)
		}
	}
	return g.Word("unexpected property")
}

// membersOf are the members that encoding/json reads into a struct.
func membersOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case f.Anonymous && name == "":
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			for k, v := range membersOf(inner) {
				out[k] = v
			}
		case name == "":
			out[f.Name] = f.Type
		default:
			out[name] = f.Type
		}
	}
	return out
}
