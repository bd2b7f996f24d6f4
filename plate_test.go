package gatehouse_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

func TestNormalPlate(t *testing.T) {
	for given, want := range map[string]string{
		"京A12345":     "京A12345",
		" 京a·123 45 ": "京A12345",
		"京Ａ-１２３４５":    "京A12345",
		"粵B.D12345":   "粤BD12345",
		"沪C1234学":     "沪C1234学",
		"滬C1234學":     "沪C1234学",
		"b mw 12":     "BMW12",
		"B-MW 12":     "BMW12",
		"·-":          "",
	} {
		if got := g.NormalPlate(given); got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// FuzzNormalPlate: normalising again changes nothing, and neither do case, spaces and dots.
func FuzzNormalPlate(f *testing.F) {
	f.Add("京A·12345")
	f.Add("粵ｂ 1ß２ǆ")
	f.Fuzz(func(t *testing.T, s string) {
		got := g.NormalPlate(s)
		if again := g.NormalPlate(got); again != got {
			t.Errorf("%q: got %q, and of that %q", s, got, again)
		}
		if !utf8.ValidString(s) {
			return
		}
		if spaced := g.NormalPlate(strings.Join(strings.Split(s, ""), " · ")); spaced != got {
			t.Errorf("%q: got %q with spaces, want %q", s, spaced, got)
		}
	})
}
