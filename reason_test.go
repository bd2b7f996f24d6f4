package gatehouse_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

func TestCheckReason(t *testing.T) {
	for text, good := range map[string]bool{
		"":                             false,
		" ":                            false,
		".":                            false,
		"...":                          false,
		"x":                            false,
		"aaaaaaaa":                     false,
		"123456":                       false,
		"why":                          false,
		"好":                            false,
		"好好好":                          false,
		"parent asks about yesterday":  true,
		"家长询问":                         true,
		"查考勤":                          true,
		"Unfall":                       true,
		"родители":                     true,
		"called by Li Ming's mother 3": true,
	} {
		err := g.CheckReason("reason", text)
		if (err == nil) != good {
			t.Errorf("%q: got %v, want good %v", text, err, good)
		}
		if err != nil && g.ErrorCode(err) != g.Invalid {
			t.Errorf("%q: got code %s, want invalid", text, g.ErrorCode(err))
		}
	}
}

func FuzzCheckReason(f *testing.F) {
	f.Add("parent asks")
	f.Add("\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) { _ = g.CheckReason("reason", text) })
}
