package gatehouse_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
)

func TestBoundJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{`{"a": [1, {"b": "[[[[[[{{{{{,,,,,,"}]}`, ""},
		{`"\"[[[[[["`, ""},
		{strings.Repeat("[", 4), ""},
		{strings.Repeat("[", 5), "byte 4: the JSON is nested more than 4 deep"},
		{`{"a":{"a":{"a":{"a":{}}}}}`, "byte 20: the JSON is nested"},
		{"[" + strings.Repeat("0,", 9) + "0]", "byte 18: the JSON has more than 9 values"},
		{"[" + strings.Repeat("[],", 5) + "0]", "the JSON has more than 9 values"},
	} {
		err := gatehouse.BoundJSON([]byte(c.in), 4, 9)
		if got := message(err); c.want == "" && err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.in, got, c.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// FuzzBoundJSON: accepted JSON is not deeper than the limit.
func FuzzBoundJSON(f *testing.F) {
	for _, s := range []string{`{}`, `[[[[[]]]]]`, `"\"[["`, `{"a":"\\"}`, `]]]][[[[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if gatehouse.BoundJSON(b, 4, 100) != nil || json.Unmarshal(b, &v) != nil {
			return
		}
		if d := depth(v); d > 4 {
			t.Errorf("%q is %d deep", b, d)
		}
	})
}

func depth(v any) int {
	n := 0
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			n = max(n, depth(x))
		}
		return n + 1
	case map[string]any:
		for _, x := range v {
			n = max(n, depth(x))
		}
		return n + 1
	}
	return 0
}
