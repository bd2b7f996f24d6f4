package rules_test

import (
	"os"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// The state saved by version 2 continues: no firing alert ends, no waiting starts again, and no
// alert is repeated.
func TestStateOfVersion2GoesOn(t *testing.T) {
	text, err := os.ReadFile("testdata/state/version-2.yaml")
	if err != nil {
		t.Fatal(err)
	}
	state, err := os.ReadFile("testdata/state/version-2.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t:      t,
		town:   newTown("lab-1", "lab-2", "gate-1"),
		engine: rules.New(mustParse(t, string(text)), nil),
		seq:    6,
	}
	if err := w.engine.Restore(state); err != nil {
		t.Fatal(err)
	}
	want(t, w.engine.Tick(morning(8.9)))
	want(t, w.engine.Tick(morning(9)), "08:00:09 silentlab-1 firing=true")
	// One card explains two faces; this is the second.
	want(t, w.see(9.5, "gate-1", g.Sighting{Method: g.ByFace, Track: "1", Direction: g.In}))
	want(t, w.engine.Tick(morning(16)), "08:00:16 oftenlab-2 firing=false")
	want(t, w.read(17, "lab-1", "temperature", 3), "08:00:17 firelab-2 firing=false",
		"08:00:17 silentlab-1 firing=false")
	want(t, w.engine.Tick(morning(19)), "08:00:19 hotlab-1 firing=false")
}

// Rules edited while the gateway was off are evaluated at once with the values known when it
// stopped.
func TestRestartWithOtherRules(t *testing.T) {
	one := "rules:\n  - {id: cold, title: C, severity: info, when: {property: temperature, below: 5}}\n"
	hot := "  - {id: hot, title: H, severity: major, when: {property: temperature, above: 40}}\n"
	w := &world{t: t, town: newTown("lab-1"), engine: rules.New(mustParse(t, one), nil)}
	w.read(0, "lab-1", "temperature", 45)
	w.read(0, "lab-1", "humidity", 99)
	w.restart(mustParse(t, one+hot))
	w.engine.Resume(morning(100))
	want(t, w.engine.Tick(morning(100)), "08:00:00 hotlab-1 firing=true")
	// Edited, and the condition still holds: the same alert goes on. A third rule reads a property
	// that no rule read before.
	damp := "  - {id: damp, title: D, severity: info, when: {property: humidity, above: 90}}\n"
	w.restart(mustParse(t, one+strings.Replace(hot, "40", "44", 1)+damp))
	want(t, w.engine.Tick(morning(101)), "08:01:40 damplab-1 firing=true")
	// Edited again: the condition does not hold, and the alert ends.
	w.restart(mustParse(t, one+strings.Replace(hot, "40", "46", 1)+damp))
	want(t, w.engine.Tick(morning(102)), "08:01:41 hotlab-1 firing=false")
}

// version3 are the rules under which version-3.json was saved.
const version3 = `rules:
  - {id: hot, title: T, severity: warning, when: {property: temperature, above: 5}, clear: {after: 2s}}
  - {id: later, title: T, severity: warning, when: {property: temperature, above: 6}, for: 30s}
  - {id: fire, title: T, severity: critical, per: zone, where: {zone_kind: laboratory}, when: {property: smoke, is: true}}
  - {id: climbs, title: T, severity: info, when: {rate: {property: temperature, over: 1m, above: 3}}}
`

// The state of version 3, which knew no floors, continues too.
func TestStateOfVersion3GoesOn(t *testing.T) {
	state, err := os.ReadFile("testdata/state/version-3.json")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t:      t,
		town:   newTown("lab-1", "lab-2"),
		engine: rules.New(mustParse(t, version3), nil),
		seq:    3,
	}
	if err := w.engine.Restore(state); err != nil {
		t.Fatal(err)
	}
	want(t, w.engine.Tick(morning(30)))
	want(t, w.engine.Tick(morning(31)), "08:00:31 laterlab-2 firing=true")
	want(t, w.read(40, "lab-1", "temperature", 10), "08:00:40 climbslab-1 firing=true")
	want(t, w.read(41, "lab-2", "smoke", false), "08:00:41 firelab-2 firing=false")
	want(t, w.read(42, "lab-1", "temperature", 3), "08:00:42 climbslab-1 firing=false")
	want(t, w.engine.Tick(morning(44)), "08:00:44 hotlab-1 firing=false")
}
