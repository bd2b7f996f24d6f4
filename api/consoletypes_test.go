package api_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocumentForConsole writes the OpenAPI document from which the console's types are generated
// (npm run types in console), so that no gateway has to run for that.
func TestDocumentForConsole(t *testing.T) {
	file := os.Getenv("GATEHOUSE_OPENAPI")
	if file == "" {
		t.Skip("set GATEHOUSE_OPENAPI to the file to write; npm run types in api/console does")
	}
	document := newWorld(t).nobody().do("GET", "/openapi.json", nil).want(200).body
	mustDo(t, os.WriteFile(file, document, 0o600))
}

// The console's fields take as many characters as the document says. The console needs the limits
// while it runs, so they are in a file of its own.
func TestConsoleHasTheLimits(t *testing.T) {
	const file = "console/src/api/limits.json"
	want := textLimits(t)
	if os.Getenv("GATEHOUSE_WRITE_LIMITS") != "" {
		b, err := json.MarshalIndent(want, "", "  ")
		mustDo(t, err)
		mustDo(t, os.WriteFile(file, append(b, '\n'), 0o600))
	}
	b, err := os.ReadFile(file)
	mustDo(t, err)
	var got map[string]map[string]int
	mustDo(t, json.Unmarshal(b, &got))
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s is not what the document says; `npm run limits` in api/console writes it "+
			"(-file +document):\n%s",
			file, diff)
	}
}

// textLimits are the lengths of the texts of every body that is sent, by schema and property.
func textLimits(t *testing.T) map[string]map[string]int {
	t.Helper()
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					MaxLength int `json:"maxLength"`
				}
			}
		}
	}
	newWorld(t).nobody().do("GET", "/openapi.json", nil).want(200).into(&document)
	limits := map[string]map[string]int{}
	for name, schema := range document.Components.Schemas {
		if !strings.HasSuffix(name, "Input") && !strings.HasSuffix(name, "Patch") {
			continue
		}
		texts := map[string]int{}
		for property, s := range schema.Properties {
			if s.MaxLength > 0 {
				texts[property] = s.MaxLength
			}
		}
		if len(texts) > 0 {
			limits[name] = texts
		}
	}
	return limits
}
