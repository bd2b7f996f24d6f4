package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestAnUpgradedDriversProfileIsWidened: the profile in an old registry gets what an upgraded
// driver adds; what the school changed stays.
func TestAnUpgradedDriversProfileIsWidened(t *testing.T) {
	old := g.Profile{
		ID: "cam", Title: "Our cameras", Type: g.TypeCamera, Properties: map[string]g.Property{
			"fps": {Title: "Ours", Type: "number"},
		},
	}
	newer := g.Profile{
		ID: "cam", Title: "Cameras", Type: g.TypeCamera, Properties: map[string]g.Property{
			"fps":       {Title: "Frames", Type: "number"},
			"detect_ms": {Title: "Detector", Type: "number"},
		},
		Actions: map[string]g.Action{"snapshot": {Title: "Snapshot"}},
		Events:  map[string]g.Affordance{"tamper": {Title: "Tampered with"}}}
	got, more := widened(old, newer)
	want := g.Profile{
		ID: "cam", Title: "Our cameras", Type: g.TypeCamera, Properties: map[string]g.Property{
			"fps":       {Title: "Ours", Type: "number"},
			"detect_ms": {Title: "Detector", Type: "number"},
		},
		Actions: newer.Actions,
		Events:  newer.Events}
	if diff := cmp.Diff(got, want); diff != "" || !more {
		t.Errorf("got (-) and want (+), more %v:\n%s", more, diff)
	}
	if _, more := widened(want, newer); more {
		t.Error("a profile that lacks nothing is widened")
	}
	newer.Type = g.TypeSensor
	if _, more := widened(old, newer); more {
		t.Error("a profile of another type is mixed in")
	}
	if len(old.Properties) != 1 {
		t.Error("the old profile itself was changed")
	}
}
