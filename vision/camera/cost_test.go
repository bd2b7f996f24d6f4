//go:build vision

package main

import (
	"context"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
)

// A camera's readings report what it costs and misses. The driver's profile has each of these
// properties: the test's gateway checks observations against it.
func TestACameraSaysWhatItCosts(t *testing.T) {
	d := configured(t, nil)
	addr := rtsp(t, map[string]string{"live": media(t, "franck.mp4")}, "", "")
	g := newGateway(t, d)
	connect(t, d, device("rtsp://"+addr+"/live"), g.emit)
	for _, c := range []struct {
		property string
		min, max float64
	}{
		{"detect_ms", 0.1, 60_000},
		{"dropped", 0, 30},
		{"smallest_face", 14, 16}, // 360x288, searched as a whole by a detector of 320x240
		{"memory_mib", 20, 4096},
	} {
		o := g.wait(c.property, func(o gatehouse.Observation) bool {
			return o.Reading != nil && o.Reading.Values[c.property] != gatehouse.Value{}
		})
		if v, _ := o.Reading.Values[c.property].Float(); v < c.min || v > c.max {
			t.Errorf("got %s %v, want %v to %v", c.property, v, c.min, c.max)
		}
	}
}

// A program that has reached its memory limit accepts no further camera, and says why.
func TestNoFurtherCameraWithoutMemory(t *testing.T) {
	d := configured(t, map[string]string{"cameras_memory_mib": "1"})
	err := d.Connect(context.Background(), device("rtsp://127.0.0.1:1/live"), nil)
	if e := spoken(t, err); e.Code != gatehouse.Unavailable ||
		!strings.Contains(e.Message, "cameras_memory_mib") {
		t.Errorf("got %v %q, want unavailable … cameras_memory_mib …", e.Code, e)
	}
}
