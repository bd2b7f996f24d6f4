package api_test

import (
	"os"
	"testing"
)

// TestDocumentForConsole writes the OpenAPI document where the console's types are generated from
// it (npm run types in console), so that nothing has to run for that.
func TestDocumentForConsole(t *testing.T) {
	file := os.Getenv("GATEHOUSE_OPENAPI")
	if file == "" {
		t.Skip("set GATEHOUSE_OPENAPI to the file to write; npm run types in api/console does")
	}
	document := newWorld(t).nobody().do("GET", "/openapi.json", nil).want(200).body
	mustDo(t, os.WriteFile(file, document, 0o600))
}
