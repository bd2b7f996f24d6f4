package texts

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestConsoleHasTheReasons: the console has the catalogue's text for every reason's code. With
// GATEHOUSE_WRITE_CAUSES set this test writes the console's file.
func TestConsoleHasTheReasons(t *testing.T) {
	const file = "../console/src/i18n/causes.json"
	type said struct {
		EN string `json:"en"`
		ZH string `json:"zh"`
	}
	words := map[g.ReasonCode]said{}
	for code, sentence := range g.ReasonTexts() {
		if code != g.ReasonOther { // the text of a sender that gave no code
			words[code] = said{sentence, chinese()[sentence]}
		}
	}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(words); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("GATEHOUSE_WRITE_CAUSES") != "" {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the catalogue says: this test with GATEHOUSE_WRITE_CAUSES set writes it", file)
	}
}
