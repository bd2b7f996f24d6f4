package rules_test

import (
	"bytes"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// TestRulesFollowTheThreatLevel: with the event of the level, in its school alone; nothing ends
// where one level takes another's place; so after a restart from a snapshot and from a delta.
func TestRulesFollowTheThreatLevel(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: door, title: T, severity: critical, when: {all: [{property: open, is: true}, {level: [lockdown, hold]}]},
    clear: {after: 0s}}
  - {id: seen, title: T, severity: major, when: {all: [{sighting: {}}, {level: any}]}}
`)
	w := &world{t: t, town: newTown("lab-1", "hall-1"), engine: rules.New(rs, nil)}
	for id, d := range w.town {
		d.Properties = map[string]g.Property{"open": {Reports: g.ReportsChange}}
		if id == "hall-1" {
			d.School = "other"
		}
		w.town[id] = d
	}
	level := func(second float64, l g.Lockdown) []rules.Effect {
		l.School = "school"
		ev := w.event(second, "")
		ev.Kind, ev.Lockdown = g.EventLockdown, &l
		return w.engine.Observe(ev, w.town)
	}
	see := func(second float64) []rules.Effect {
		ev := w.event(second, "lab-1")
		ev.Kind, ev.Sighting = g.EventSighting, &g.Sighting{ID: g.SightingID(ev.Time.String())}
		return w.engine.Observe(ev, w.town)
	}
	want(t, w.read(0, "lab-1", "open", true))
	want(t, w.read(0, "hall-1", "open", true))
	want(t, see(1))
	want(t, level(2, g.Lockdown{ID: "a", Level: "lockdown"}), "08:00:02 doorlab-1 firing=true")
	want(t, see(3), "08:00:03 seenlab-1 firing=false")
	w.restart(rs)
	// Another level takes its place; then that ends.
	want(t, level(4, g.Lockdown{ID: "a", Level: "lockdown", Cleared: morning(4), Next: "b"}))
	want(t, level(5, g.Lockdown{ID: "b", Level: "hold"}))
	want(t, w.engine.Tick(morning(60)))
	w.restart(rs)
	want(t, level(61, g.Lockdown{ID: "b", Level: "hold", Cleared: morning(61)}), "08:01:01 doorlab-1 firing=false")
	want(t, see(62))
	// Evacuation opens doors: only the rule for any level minds.
	want(t, level(63, g.Lockdown{ID: "c", Level: "evacuate"}))
	want(t, see(64), "08:01:04 seenlab-1 firing=false")
	// What is told again of a level that is over changes nothing.
	want(t, level(65, g.Lockdown{ID: "b", Level: "hold", Cleared: morning(61)}))
	want(t, see(66), "08:01:06 seenlab-1 firing=false")
}

// TestALevelThatStandsIsKnown: to an engine whose state is that of a version without levels, at once;
// one whose state says what stood keeps to its events.
func TestALevelThatStandsIsKnown(t *testing.T) {
	rs := mustParse(t, `rules:
  - {id: door, title: T, severity: critical, when: {all: [{property: open, is: true}, {level: any}]},
    clear: {after: 0s}}
`)
	stands := []g.Lockdown{{ID: "a", School: "school", Level: "lockdown"}}
	for _, test := range []struct {
		name, state string
		want        []string
	}{
		{"a version without levels", "", []string{"08:00:00 doorlab-1 firing=true"}},
		{"this version", `,"levels":{}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &world{t: t, town: newTown("lab-1"), engine: rules.New(rs, nil)}
			d := w.town["lab-1"]
			d.Properties = map[string]g.Property{"open": {Reports: g.ReportsChange}}
			w.town["lab-1"] = d
			want(t, w.read(0, "lab-1", "open", true))
			b, err := w.engine.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			kept := []byte(`,"levels":{}`)
			if !bytes.Contains(b, kept) {
				t.Fatalf("got the state %s, want it to say that no level stands", b)
			}
			w.engine = rules.New(rs, nil)
			if err := w.engine.Restore(bytes.Replace(b, kept, []byte(test.state), 1)); err != nil {
				t.Fatal(err)
			}
			w.engine.StandLevels(stands)
			want(t, w.engine.Tick(morning(1)), test.want...)
		})
	}
}
