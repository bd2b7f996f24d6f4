package gate

import (
	"strconv"
	"testing"
	"time"
	"unicode/utf8"
)

func TestLimiterIsBounded(t *testing.T) {
	l := NewLimiter(1, 2, 100)
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		l.Allow(strconv.Itoa(i), now)
	}
	if got := l.order.Len(); got != 100 || len(l.by) != 100 {
		t.Errorf("got %d and %d callers remembered, want 100", got, len(l.by))
	}
}

func FuzzSmall(f *testing.F) {
	for _, s := range []string{"", "a b\n\tc", "'", "\xff", "169.254.169.254"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := OneLine(s); len(got) > 512 || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("oneLine(%q) is %q", s, got)
		}
		if q := Quote(s); len(q) < len(s) || q == "" {
			t.Errorf("quote(%q) is %q", s, q)
		}
		plainID(s)
	})
}
