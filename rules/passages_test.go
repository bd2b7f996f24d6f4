package rules_test

import (
	"encoding/json"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const strangers = `rules:
  - {id: a, title: T, severity: major, per: track, when: {sighting: {person: unknown, method: face}},
     unless: {sighting: {method: card}, within: 10s}}
  - {id: b, title: T, severity: major, per: track, when: {sighting: {person: unknown, method: face}},
     unless: {sighting: {method: card}, before: 10s, after: 5s, explains: 2}}
`

// TestPassagesOfEachRuleAreTakenOver: up to version 3 each rule kept the passages that may explain
// its findings, and how many it had explained.
func TestPassagesOfEachRuleAreTakenOver(t *testing.T) {
	rs := mustParse(t, strangers)
	w := &world{t: t, town: newTown("gate-1"), engine: rules.New(rs, nil)}
	w.see(0, "gate-1", g.Sighting{Method: g.ByCard, Person: "li"})
	b, err := w.engine.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(b, &state); err != nil {
		t.Fatal(err)
	}
	delete(state, "passages")
	at := morning(0).UnixNano()
	own := func(used int) map[string]any {
		return map[string]any{
			"gate": map[string]any{"passes": []any{map[string]any{"at": at, "person": "li", "used": used}}},
		}
	}
	of := state["rules"].(map[string]any)
	of["a"].(map[string]any)["passages"] = own(1)
	of["b"].(map[string]any)["passages"] = own(1)
	if b, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	w.engine = rules.New(rs, nil)
	if err := w.engine.Restore(b); err != nil {
		t.Fatal(err)
	}
	w.see(1, "gate-1", g.Sighting{Method: g.ByFace, Track: "1"})
	// The card has explained a face for rule a already; for rule b it explains another.
	got := w.engine.Tick(morning(60))
	if len(got) != 1 || got[0].Alert == nil || got[0].Alert.Rule != "a" {
		t.Errorf("got %+v, want an alert of rule a alone", got)
	}
}

// TestPassagesAreSharedAndCountedApart: two rules with the same words of a passage each have it
// explain a finding, also over a restart and new rules.
func TestPassagesAreSharedAndCountedApart(t *testing.T) {
	rs := mustParse(t, strangers)
	w := &world{t: t, town: newTown("gate-1"), engine: rules.New(rs, nil)}
	w.see(0, "gate-1", g.Sighting{Method: g.ByCard, Person: "li"})
	w.see(1, "gate-1", g.Sighting{Method: g.ByFace, Track: "1"})
	if got := w.engine.Tick(morning(20)); len(got) != 0 {
		t.Fatalf("got %+v, want nothing: the card explains the face for both", got)
	}
	w.see(30, "gate-1", g.Sighting{Method: g.ByCard, Person: "li"})
	w.engine.SetRules(append(mustParse(t, "rules:\n  - {id: c, title: T, severity: info, when: "+
		"{status: offline}}\n"), rs...), nil)
	w.restart(rs)
	w.see(31, "gate-1", g.Sighting{Method: g.ByFace, Track: "2"})
	w.see(32, "gate-1", g.Sighting{Method: g.ByFace, Track: "3"})
	got := w.engine.Tick(morning(60))
	if len(got) != 1 || got[0].Alert == nil || got[0].Alert.Rule != "a" {
		t.Errorf("got %+v, want the second face of rule a alone: b's card explains two", got)
	}
}
