package registry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

const profileYAML = `id: smoke-heat
title: Smoke and heat sensor
title_zh: 烟感温感
type: sensor
offline_after: 300
properties:
  smoke: {type: boolean}
  temperature:
    type: number
    unit: Cel
    minimum: -40
    maximum: 125
    forms: {register: "input:1", scale: "0.1"}
actions:
  silence: {title: Silence}
`

func TestParseProfile(t *testing.T) {
	least, most := -40.0, 125.0
	want := g.Profile{
		ID:    "smoke-heat",
		Title: "Smoke and heat sensor", TitleZH: "烟感温感", Type: g.TypeSensor, OfflineAfter: 300,
		Properties: map[string]g.Property{
			"smoke": {Type: "boolean"},
			"temperature": {
				Type:    "number",
				Unit:    "Cel",
				Minimum: &least,
				Maximum: &most,
				Forms:   map[string]string{"register": "input:1", "scale": "0.1"},
			},
		},
		Actions: map[string]g.Action{"silence": {Title: "Silence"}},
	}
	got := must[g.Profile](t)(fleet.ParseProfile("smoke.yaml", []byte(profileYAML)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestParseProfileNamesThePlace(t *testing.T) {
	for _, c := range []struct{ old, new, place, field string }{
		{"unit: Cel", "unti: Cel", "p.yaml:10:", "unti"},
		{"type: sensor", "type: sensr", "p.yaml:4:", "type"},
		{"type: number", "type: float", "p.yaml:9:", "properties.temperature.type"},
		{"minimum: -40", "minimum: cold", "p.yaml:11:", ""},
		{"minimum: -40", "minimum: 400", "p.yaml:11:", "properties.temperature.minimum"},
		{"id: smoke-heat", "id: ''", "p.yaml:1:", "id"},
		{"title: Smoke and heat sensor\n", "", "p.yaml:1:", "title"},
		{"offline_after: 300", "offline_after: -1", "p.yaml:5:", "offline_after"},
		{"actions:", "\tactions:", "p.yaml:14:", ""},
		{"actions:", "---\nactions:", "p.yaml:", ""},
	} {
		text := strings.Replace(profileYAML, c.old, c.new, 1)
		_, err := fleet.ParseProfile("p.yaml", []byte(text))
		wantCode(t, err, g.Invalid)
		e := err.(*g.Error)
		if !strings.HasPrefix(e.Message, c.place) || e.Field != c.field {
			t.Errorf("%q: got %q, field %q; want %q, field %q", c.new, e.Message, e.Field, c.place,
				c.field)
		}
	}
	for name, text := range map[string]string{
		"empty":     "",
		"a comment": "# nothing\n",
		"a list":    "- a\n",
		"a text":    "hello",
	} {
		if _, err := fleet.ParseProfile("p.yaml", []byte(text)); g.ErrorCode(err) != g.Invalid {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add([]byte(profileYAML))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("properties: {x: {type: number, minimum: .nan}}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := fleet.ParseProfile("fuzz.yaml", b)
		if err != nil {
			if g.ErrorCode(err) == "" {
				t.Fatalf("an error that is not for people: %v", err)
			}
			return
		}
		if err := p.Validate(); err != nil {
			t.Fatalf("it passed what Validate refuses: %v", err)
		}
	})
}
