package intake_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
)

// TestPayloadsAreBoundedBeforeTheyAreDecoded: payloads that are too deep or hold too many values
// are refused; the error names the byte.
func TestPayloadsAreBoundedBeforeTheyAreDecoded(t *testing.T) {
	deep := `{"a":` + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + `}`
	many := `{"a":[` + strings.Repeat("0,", 50_000) + `0]}`
	for _, kind := range []string{"telemetry", "sighting", "status"} {
		if _, err := intake.Decode(kind, []byte(deep)); err == nil ||
			!strings.Contains(err.Error(), "byte 36: the JSON is nested more than 32 deep") {
			t.Errorf("%s: got %v", kind, err)
		}
		if _, err := intake.Decode(kind, []byte(many)); err == nil ||
			!strings.Contains(err.Error(), "the JSON has more than 4096 values") {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}
