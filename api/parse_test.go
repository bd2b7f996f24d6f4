package api

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"
	"unicode/utf8"
)

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(1, 2, 100)
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		l.allow(strconv.Itoa(i), now)
	}
	if got := l.order.Len(); got != 100 || len(l.by) != 100 {
		t.Errorf("got %d and %d callers remembered, want 100", got, len(l.by))
	}
}

func FuzzProfileRef(f *testing.F) {
	for _, s := range []string{`"smoke"`, `{"id":"x","title":"X","type":"sensor"}`, `{`, `null`, `7`, `{"id":"x","properties":{"a":{"type":"number","minimum":1e999}}}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r profileRef
		if err := json.Unmarshal(b, &r); err != nil {
			return
		}
		if r.inline != nil && r.inline.Validate() != nil {
			t.Errorf("%q was taken although it does not hold", b)
		}
	})
}

func FuzzProfileBody(f *testing.F) {
	f.Add([]byte("id: x\ntitle: X\ntype: sensor\n"), "application/yaml")
	f.Add([]byte(`{"id":"x","title":"X","type":"sensor"}`), "application/json; charset=utf-8")
	f.Add([]byte("&a [*a]"), "text/yaml")
	f.Add([]byte("\xff\x00"), ";")
	f.Fuzz(func(t *testing.T, b []byte, kind string) {
		p, err := ProfileBody{RawBody: b, ContentType: kind}.profile(t.Context())
		if err == nil && p.Validate() != nil {
			t.Errorf("%q was taken although it does not hold", b)
		}
	})
}

func FuzzSmall(f *testing.F) {
	for _, s := range []string{"", "a b\n\tc", "'", "\xff", "169.254.169.254"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := oneLine(s); len(got) > 512 || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("oneLine(%q) is %q", s, got)
		}
		if q := quote(s); len(q) < len(s) || q == "" {
			t.Errorf("quote(%q) is %q", s, q)
		}
		plainID(s)
	})
}
