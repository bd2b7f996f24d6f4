package texts

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2/validation"

	g "github.com/gatehouse-iot/gatehouse"
)

// others is what no school reads: the simulated equipment.
var others = []string{"drivers/sim"}

func TestCatalogue(t *testing.T) {
	zh, err := read(zhJSON)
	if err != nil {
		t.Fatal(err)
	}
	s := said{formats: map[string]string{}}
	if err := s.read("../..", others); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.faults {
		t.Error(f)
	}
	for _, m := range readers() {
		s.formats[m] = "huma"
	}
	for code, sentence := range g.ReasonTexts() {
		if code != g.ReasonOther { // the text of a sender that gave no code
			s.formats[sentence] = "reasontexts.go"
		}
	}
	if len(s.formats) < 300 {
		t.Errorf("got %d texts, want what the source says", len(s.formats))
	}
	for _, en := range slices.Sorted(maps.Keys(s.formats)) {
		one, ok := zh[en]
		if !ok {
			t.Errorf("%s: %q has no Chinese in zh.json", s.formats[en], en)
			continue
		}
		if err := correspond(en, one); err != nil {
			t.Errorf("zh.json: %q: %v", en, err)
		}
		if want, have := params(en), params(one); !maps.Equal(want, have) {
			t.Errorf("zh.json: %q has the params %v, its Chinese %v", en, want, have)
		}
	}
	for _, en := range slices.Sorted(maps.Keys(zh)) {
		if _, ok := s.formats[en]; !ok {
			t.Errorf("zh.json: nobody says %q any more", en)
		}
	}
}

// readers are the messages of huma's validation, which package api passes on.
func readers() []string {
	return []string{
		validation.MsgUnexpectedProperty,
		validation.MsgExpectedRFC3339DateTime,
		validation.MsgExpectedRFC3339Date,
		validation.MsgExpectedRFC3986URI,
		validation.MsgExpectedMatchAtLeastOneSchema,
		validation.MsgExpectedMatchExactlyOneSchema,
		validation.MsgExpectedBoolean,
		validation.MsgExpectedNumber,
		validation.MsgExpectedInteger,
		validation.MsgExpectedString,
		validation.MsgExpectedBase64String,
		validation.MsgExpectedArray,
		validation.MsgExpectedObject,
		validation.MsgExpectedArrayItemsUnique,
		validation.MsgExpectedOneOf,
		validation.MsgExpectedMinimumNumber,
		validation.MsgExpectedExclusiveMinimumNumber,
		validation.MsgExpectedMaximumNumber,
		validation.MsgExpectedExclusiveMaximumNumber,
		validation.MsgExpectedNumberBeMultipleOf,
		validation.MsgExpectedMinLength,
		validation.MsgExpectedMaxLength,
		validation.MsgExpectedBePattern,
		validation.MsgExpectedMatchPattern,
		validation.MsgExpectedMinItems,
		validation.MsgExpectedMaxItems,
		validation.MsgExpectedMinProperties,
		validation.MsgExpectedMaxProperties,
		validation.MsgExpectedRequiredProperty,
		validation.MsgExpectedDependentRequiredProperty,
		"validation failed",
		"request body is required",
		"unknown content type",
		"invalid integer",
		"invalid float",
		"invalid boolean",
		"required query parameter is missing",
		"unknown query parameter",
		"expected at most one value, but received multiple values",
	}
}

// correspond compares the placeholders of both: the same arguments, with the same
// verbs, and none left out.
func correspond(en, zh string) error {
	want, err := places(en)
	if err != nil {
		return err
	}
	have, err := places(zh)
	if err != nil {
		return err
	}
	if !maps.Equal(want, have) {
		return fmt.Errorf("the places are %v in English and %v in Chinese", want, have)
	}
	if strings.TrimSpace(zh) == "" {
		return fmt.Errorf("the Chinese is empty")
	}
	return nil
}

var param = regexp.MustCompile(`\{[a-z_]+\}`)

// params are the names in braces that stand in a reason's sentence.
func params(sentence string) map[string]bool {
	out := map[string]bool{}
	for _, name := range param.FindAllString(sentence, -1) {
		out[name] = true
	}
	return out
}

// places are the verbs of a format by their argument's number.
func places(format string) (map[int]string, error) {
	out := map[int]string{}
	next := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		from := i
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.[]", format[i]) >= 0; i++ {
			if format[i] == '[' {
				if _, err := fmt.Sscanf(format[i:], "[%d]", &next); err != nil {
					return nil, fmt.Errorf("%q: %w", format[from:], err)
				}
			}
		}
		if i == len(format) {
			return nil, fmt.Errorf("%q ends within a place", format)
		}
		if format[i] != '%' {
			out[next] = "%" + string(format[i])
			next++
		}
	}
	return out, nil
}

// TestCatalogueIsSorted wants the file as a machine would write it, so that two changes seldom
// touch the same line.
func TestCatalogueIsSorted(t *testing.T) {
	b, err := os.ReadFile("zh.json")
	if err != nil {
		t.Fatal(err)
	}
	zh, err := read(b)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(zh); err != nil {
		t.Fatal(err)
	}
	if string(b) != want.String() {
		t.Error("zh.json is not sorted, or names a text twice")
	}
}
