package selfwatch

import (
	"strings"
	"testing"
	"time"
)

// TestClockIsHeldAgainstElapsedTime judges clocks by when the newest event was journalled and
// how long the gateway has run since.
func TestClockIsHeldAgainstElapsedTime(t *testing.T) {
	const day = 24 * time.Hour
	past := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		past time.Time
		now  time.Duration // after past
		ran  time.Duration
		want string // in the title
	}{
		{"started at once", past, time.Minute, 0, ""},
		{"started after a year", past, 399 * day, 0, ""},
		{"started too far ahead", past, 401 * day, 0, "stood still"},
		{"runs for two years", past, 730 * day, 729 * day, ""},
		{"jumps while it runs", past, 1200 * day, 729 * day, "stood still"},
		{"set back after such a jump", past, 730 * day, 729 * day, ""},
		{"is set behind", past, -day, 0, "behind"},
		{"is behind within the slack", past, -time.Minute, 0, ""},
		{"nothing was ever journalled", time.Time{}, 9000 * day, 0, ""},
	} {
		now := past.Add(c.now)
		clock := NewClock(time.Time{}, c.past, now.Add(-c.ran), false)
		got, wrong := clock.trouble(now)
		if wrong != (c.want != "") || !strings.Contains(got.Title, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got.Title, c.want)
		}
	}
}
