package rules_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/rules"
)

// A text with a character that nobody sees is refused where it stands.
func TestHiddenCharacters(t *testing.T) {
	for title, wrong := range map[string]bool{
		`"Fire in the lab"`:    false,
		`"实验室起火"`:              false,
		`"Fire \0 in the lab"`: true,
		"\"Fire \u202Ebal\"":   true,
		"\"Fire \u2066bal\"":   true,
		`"Fire \u0007"`:        true,
	} {
		_, err := rules.Parse("test.yaml", []byte("rules:\n  - id: fire\n    title: "+title+
			"\n    severity: info\n    when: {property: smoke, is: true}\n"))
		if (err != nil) != wrong {
			t.Errorf("%q: got %v", title, err)
		}
		if wrong && !strings.HasPrefix(err.Error(), "test.yaml:3:12: ") {
			t.Errorf("%q: got %v, want the place of the text", title, err)
		}
	}
}
