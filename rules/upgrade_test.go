package rules_test

import (
	"os"
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
