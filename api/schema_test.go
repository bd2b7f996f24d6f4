package api_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// fits says where a value does not fit a schema of the document (JSON Schema 2020-12, as far as
// the document uses it); an error names a keyword that this does not know.
func fits(doc map[string]any, s map[string]any, v any, at string) error {
	for _, key := range []string{
		"allOf", "anyOf", "not", "if", "const", "patternProperties", "dependentRequired",
		"prefixItems",
	} {
		if s[key] != nil {
			return fmt.Errorf("%s: the test does not know %s", at, key)
		}
	}
	if ref, ok := s["$ref"].(string); ok {
		return fits(doc, find(doc, ref).(map[string]any), v, at)
	}
	if one := asList(s["oneOf"]); one != nil {
		n := 0
		for _, x := range one {
			if fits(doc, x.(map[string]any), v, at) == nil {
				n++
			}
		}
		if n != 1 {
			return fmt.Errorf("%s: %v fits %d of oneOf", at, v, n)
		}
		return nil
	}
	if err := fitsType(s, v, at); err != nil {
		return err
	}
	if enum := asList(s["enum"]); enum != nil && v != nil &&
		!slices.ContainsFunc(enum, func(x any) bool {
			return reflect.DeepEqual(x, v)
		}) {
		return fmt.Errorf("%s: %v is not one of %v", at, v, enum)
	}
	switch v := v.(type) {
	case string:
		return fitsText(s, v, at)
	case float64:
		if low, ok := s["minimum"].(float64); ok && v < low {
			return fmt.Errorf("%s: %v is below %v", at, v, low)
		}
		if high, ok := s["maximum"].(float64); ok && v > high {
			return fmt.Errorf("%s: %v is above %v", at, v, high)
		}
	case []any:
		if n, ok := s["maxItems"].(float64); ok && len(v) > int(n) {
			return fmt.Errorf("%s: %d entries", at, len(v))
		}
		if n, ok := s["minItems"].(float64); ok && len(v) < int(n) {
			return fmt.Errorf("%s: %d entries", at, len(v))
		}
		for i, x := range v {
			if err := fits(doc, asMap(s["items"]), x, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return fitsObject(doc, s, v, at)
	}
	return nil
}

func fitsType(s map[string]any, v any, at string) error {
	var types []any
	switch t := s["type"].(type) {
	case nil:
		return nil
	case string:
		types = []any{t}
	case []any:
		types = t
	}
	name := "null"
	switch v := v.(type) {
	case bool:
		name = "boolean"
	case string:
		name = "string"
	case []any:
		name = "array"
	case map[string]any:
		name = "object"
	case float64:
		if name = "number"; v == math.Trunc(v) && slices.Contains(types, any("integer")) {
			name = "integer"
		}
	}
	if !slices.Contains(types, any(name)) {
		return fmt.Errorf("%s: a %s, want %v", at, name, types)
	}
	return nil
}

func fitsText(s map[string]any, v, at string) error {
	n := utf8.RuneCountInString(v)
	if most, ok := s["maxLength"].(float64); ok && n > int(most) {
		return fmt.Errorf("%s: %d characters, at most %v", at, n, most)
	}
	if least, ok := s["minLength"].(float64); ok && n < int(least) {
		return fmt.Errorf("%s: %d characters, at least %v", at, n, least)
	}
	if p, ok := s["pattern"].(string); ok && !regexp.MustCompile(p).MatchString(v) {
		return fmt.Errorf("%s: %q does not match %s", at, v, p)
	}
	if s["format"] == "date-time" {
		if _, err := time.Parse(time.RFC3339, v); err != nil || strings.HasPrefix(v, "0001-") {
			return fmt.Errorf("%s: %q is no time", at, v)
		}
	}
	return nil
}

func fitsObject(doc, s, v map[string]any, at string) error {
	for _, name := range asList(s["required"]) {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s: %s is missing", at, name)
		}
	}
	if n, ok := s["maxProperties"].(float64); ok && len(v) > int(n) {
		return fmt.Errorf("%s: %d entries", at, len(v))
	}
	known := asMap(s["properties"])
	for name, x := range v {
		sub, ok := known[name]
		if !ok {
			sub = s["additionalProperties"]
		}
		switch sub := sub.(type) {
		case map[string]any:
			if err := fits(doc, sub, x, at+"."+name); err != nil {
				return err
			}
		case bool:
			if !sub {
				return fmt.Errorf("%s: %s is not known", at, name)
			}
		}
	}
	return nil
}

// fitsJSON is fits for encoded JSON.
func fitsJSON(doc, s map[string]any, b []byte) error {
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		return fmt.Errorf("%.200s: %w", b, err)
	}
	return fits(doc, s, v, "$")
}
