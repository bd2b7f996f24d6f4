package registry_test

import (
	"testing"

	"github.com/gatehouse-iot/gatehouse/registry"
)

func TestReasonsHaveSubstance(t *testing.T) {
	for text, good := range map[string]bool{
		"":                            false,
		".":                           false,
		"...":                         false,
		"aaaaaaaa":                    false,
		"123456":                      false,
		"why":                         false,
		"好好好":                         false,
		"parent asks about yesterday": true,
		"家长询问":                        true,
		"查考勤":                         true,
	} {
		if err := registry.CheckReason("reason", text); (err == nil) != good {
			t.Errorf("%q: got %v, want good %v", text, err, good)
		}
	}
}
