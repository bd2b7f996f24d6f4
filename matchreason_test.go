package gatehouse_test

import (
	"os"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestMatchReasonsAreDocumented: where they are listed for people, each of them is.
func TestMatchReasonsAreDocumented(t *testing.T) {
	for _, file := range []string{"api/words.go", "rules/README.md"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range g.MatchReasons() {
			if !strings.Contains(string(b), r) {
				t.Errorf("%s does not name the reason %s", file, r)
			}
		}
	}
}
