package mqttfront

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestClipKeepsWholeCharacters: what it cuts goes into the log and into JSON.
func TestClipKeepsWholeCharacters(t *testing.T) {
	got := clip(strings.Repeat("门", 50)) // three bytes each
	if !utf8.ValidString(got) || got != strings.Repeat("门", 42) {
		t.Errorf("got %q", got)
	}
}
