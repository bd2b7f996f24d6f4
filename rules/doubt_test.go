package rules_test

import (
	"fmt"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
)

func TestDoubts(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: right, title: T, severity: info, when: {all: [{property: temperature, above: 5}, {property: smoke, is: true}, {property: mode, one_of: [a, b]}]}}
  - {id: slip, title: T, severity: info, when: {property: temprature, above: 5}}
  - {id: never, title: T, severity: info, when: {property: radon, above: 5}, clear: {when: {property: radon, below: 5}}}
  - {id: text, title: T, severity: info, when: {any: [{property: smoke, is: "true"}, {rate: {property: mode, over: 1m, above: 3}}]}}
  - {id: between, title: T, severity: info, when: {property: temperature, at_least: 5, at_most: 5}}
  - {id: never2, title: T, severity: info, when: {property: temperature, above: 8, below: 5}}
  - {id: never3, title: T, severity: info, when: {property: temperature, above: 5, at_most: 5}}
  - {id: never4, title: T, severity: info, when: {property: temperature, at_least: 5, below: 5}}
  - {id: door, title: T, severity: info, when: {occurrence: {kind: [door, window]}}, then: [{alert: {}}, {command: {device: same, action: shut}}, {command: {device: same, action: beep}}]}
`)
	profiles := []g.Profile{
		{
			Properties: map[string]g.Property{
				"temperature": {Type: "number"},
				"smoke":       {Type: "boolean"},
			},
			Events: map[string]g.Affordance{"door": {}},
		},
		{
			Properties: map[string]g.Property{"mode": {Type: "string"}},
			Actions:    map[string]g.Action{"beep": {}},
		},
	}
	var got []string
	for _, d := range rules.Doubts(rs, profiles) {
		got = append(got, d.Error())
	}
	never := "no value of temperature is within its limits, from %d to 5: where either one is meant, " +
		"write any with two conditions"
	want := []string{
		`test.yaml:3:59: rule "slip": no profile has a property "temprature"; is "temperature" meant?`,
		`test.yaml:4:60: rule "never": no profile has a property "radon"`,
		`test.yaml:5:66: rule "text": smoke is a boolean and is compared with a string, which it never is`,
		`test.yaml:5:104: rule "text": mode is a string and is compared with a number, which it never is`,
		`test.yaml:7:61: rule "never2": ` + fmt.Sprintf(never, 8),
		`test.yaml:8:61: rule "never3": ` + fmt.Sprintf(never, 5),
		`test.yaml:9:61: rule "never4": ` + fmt.Sprintf(never, 5),
		`test.yaml:10:75: rule "door": no profile has an event "window"`,
		`test.yaml:10:139: rule "door": no profile has an action "shut"`,
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got (-), want (+):\n%s", diff)
	}
}
