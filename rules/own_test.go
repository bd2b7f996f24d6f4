package rules_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// TestOwn: an alert says whether it is about the device itself or about what the device watches.
func TestOwn(t *testing.T) {
	rs := mustParse(t, `
rules:
  - {id: flat, title: Battery, severity: warning, when: {property: battery, below: 10}, then: [{alert: {}}]}
  - {id: hot, title: Hot, severity: major, when: {property: temperature, above: 60}, then: [{alert: {}}]}
  - id: both
    title: Both
    severity: major
    when: {any: [{property: battery, below: 10}, {property: temperature, above: 60}]}
    then: [{alert: {}}]
  - {id: fault, title: Fault, severity: major, when: {status: fault}, then: [{alert: {}}]}
`)
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
	facts := w.town["lab-1"]
	facts.Properties = map[string]g.Property{
		"battery":     {Type: "number", Own: true},
		"temperature": {Type: "number"},
	}
	w.town["lab-1"] = facts

	got := map[g.RuleID]bool{}
	take := func(out []rules.Effect) {
		for _, x := range out {
			got[x.Alert.Rule] = x.Alert.Own
		}
	}
	take(w.read(1, "lab-1", "temperature", 80.0))
	take(w.read(2, "lab-1", "battery", 4.0))
	e := w.event(3, "lab-1")
	e.Kind, e.Status = g.EventStatus, &g.Status{State: g.StateFault}
	take(w.engine.Observe(e, w.town))
	for rule, want := range map[g.RuleID]bool{"flat": true, "hot": false, "both": false, "fault": true} {
		if own, raised := got[rule]; own != want || !raised {
			t.Errorf("%s: got %v (raised: %v), want %v", rule, own, raised, want)
		}
	}
}
