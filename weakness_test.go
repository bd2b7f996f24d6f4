package gatehouse_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestAWeaknessThatNobodyKnowsIsNotSaid: a newer driver's status is admitted without its unknown
// weakness, which does not count as WeakNone either.
func TestAWeaknessThatNobodyKnowsIsNotSaid(t *testing.T) {
	d := g.Device{ID: "d", Enabled: true}
	for said, want := range map[g.Weakness]g.Weakness{
		"":               "",
		"soft_as_butter": "",
		"none":           g.WeakNone,
		"serial_only":    g.WeakSerialOnly,
	} {
		s := &g.Status{State: g.StateOnline, Weak: said}
		a, err := g.Admit(d, g.Profile{}, g.Observation{Device: "d", Status: s}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Observation.Status; got.Weak != want || got.State != g.StateOnline {
			t.Errorf("%q: got %+v, want %q", said, got, want)
		}
		if s.Weak != said {
			t.Errorf("what was claimed is changed to %q", s.Weak)
		}
		if weak := want.Weak(); weak != (want == g.WeakSerialOnly) {
			t.Errorf("%q is weak: %v", want, weak)
		}
	}
}
