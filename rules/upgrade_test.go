package rules_test

import (
	"os"
	"strings"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
)

// What a gateway of version 2 saved goes on: nothing that fires ends, nothing that waits begins
// anew, and no alert is told twice.
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
	// One card explains two faces; this one is the second.
	want(t, w.see(9.5, "gate-1", g.Sighting{Method: g.ByFace, Track: "1", Direction: g.In}))
	want(t, w.engine.Tick(morning(16)), "08:00:16 oftenlab-2 firing=false")
	want(t, w.read(17, "lab-1", "temperature", 3), "08:00:17 firelab-2 firing=false",
		"08:00:17 silentlab-1 firing=false")
	want(t, w.engine.Tick(morning(19)), "08:00:19 hotlab-1 firing=false")
}

// Rules that are edited while the gateway is off look at once, too, at what was known when it
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
	// Edited: it holds by the new words, and is the same alert; a third rule reads what none did.
	damp := "  - {id: damp, title: D, severity: info, when: {property: humidity, above: 90}}\n"
	w.restart(mustParse(t, one+strings.Replace(hot, "40", "44", 1)+damp))
	want(t, w.engine.Tick(morning(101)), "08:01:40 damplab-1 firing=true")
	// Edited again: it does not hold, and ends.
	w.restart(mustParse(t, one+strings.Replace(hot, "40", "46", 1)+damp))
	want(t, w.engine.Tick(morning(102)), "08:01:41 hotlab-1 firing=false")
}
