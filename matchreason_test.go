package gatehouse_test

import (
	"os"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestMatchReasonsAreDocumented: every reason is in each of the documents that list them.
func TestMatchReasonsAreDocumented(t *testing.T) {
	for _, file := range []string{"api/attendance/words.go", "rules/README.md"} {
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
