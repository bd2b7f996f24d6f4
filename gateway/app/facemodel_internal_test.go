package app

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestFaceModelWithoutItsDriver: without a face driver, or one that names its model, it is the
// model of the newest face.
func TestFaceModelWithoutItsDriver(t *testing.T) {
	x := newGate(t)
	if got := x.faces.Model(); got != "" {
		t.Errorf("got %q before any face, want none", got)
	}
	s := &g.Sighting{Method: g.ByFace, Embedding: []float32{1, 0}, Model: "vendor-2"}
	if _, _, err := x.identify.Face(t.Context(), "sch", s); err != nil {
		t.Fatal(err)
	}
	if got := x.faces.Model(); got != "vendor-2" {
		t.Errorf("got %q, want the newest face's", got)
	}
	if got := recorded(x.cfg, x.retention, x.faces)().Model; got != "vendor-2" {
		t.Errorf("got %q among what is recorded, want the newest face's", got)
	}
}
