package vision_test

import (
	"image"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// squeezed is the reach of a detector of 320x240 that finds faces of 12 pixels.
func squeezed(width, height int) float64 {
	return 12 * max(float64(width)/320, float64(height)/240)
}

// Whatever the picture, each face no smaller than Smallest lies whole in a part that finds it, and
// there are no more parts than allowed.
func TestPlanKeepsItsPromise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 4000).Draw(t, "width"), rapid.IntRange(1, 4000).Draw(t, "height")
		tiling := vision.Tiling{
			Face: rapid.Float64Range(10, 200).Draw(t, "face"),
			Runs: rapid.IntRange(1, 20).Draw(t, "runs"),
		}
		p := tiling.Plan(w, h, squeezed)
		if len(p.Parts) > tiling.Runs || p.Parts[0] != image.Rect(0, 0, w, h) {
			t.Fatalf("got parts %v, want %d at most, the whole picture first", p.Parts, tiling.Runs)
		}
		size := int(math.Ceil(rapid.Float64Range(p.Smallest, squeezed(w, h)*2).Draw(t, "size")))
		if size > w || size > h {
			return
		}
		x, y := rapid.IntRange(0, w-size).Draw(t, "x"), rapid.IntRange(0, h-size).Draw(t, "y")
		face := image.Rect(x, y, x+size, y+size)
		for _, r := range p.Parts {
			if face.In(r) && squeezed(r.Dx(), r.Dy()) <= float64(size) {
				return
			}
		}
		t.Fatalf("%dx%d %+v: a face of %d pixels at %d, %d lies in no part of %v", w, h, tiling,
			size, x, y, p)
	})
}

func TestPlanCostsNoMoreThanNeeded(t *testing.T) {
	for _, c := range []struct {
		width, height, runs int
		wantRuns            int
		wantSmallest        float64
	}{
		{1280, 960, 6, 1, 48},  // one run suffices
		{320, 240, 6, 1, 12},   // one run finds more than wanted
		{2560, 720, 6, 4, 36},  // three tiles over 32:9
		{2560, 720, 1, 1, 96},  // only one run allowed
		{2560, 720, 2, 1, 96},  // a single tile would be the picture itself
		{2560, 720, 3, 3, 51},  // too few runs: the finest possible, and Smallest says so
		{720, 1280, 6, 3, 34},  // upright
		{4000, 3000, 6, 5, 80}, // no six runs find faces of 48 pixels
	} {
		p := vision.Tiling{Face: 48, Runs: c.runs}.Plan(c.width, c.height, squeezed)
		if len(p.Parts) != c.wantRuns || math.Abs(p.Smallest-c.wantSmallest) > 1 {
			t.Errorf("%dx%d, %d allowed: got %d runs and faces from %.1f px, want %d and %.0f px",
				c.width, c.height, c.runs, len(p.Parts), p.Smallest, c.wantRuns, c.wantSmallest)
		}
	}
}

// A picture of two scenes side by side keeps the pixels of both.
func TestBoundsFollowTheShape(t *testing.T) {
	for _, c := range []struct{ w, h, videoW, videoH, photoW, photoH int }{
		{3840, 2160, 1280, 720, 1600, 1600},
		{3840, 1080, 2560, 720, 3200, 1600},
		{7680, 2160, 2560, 720, 3200, 1600},
		{1080, 1920, 1080, 1920, 1600, 1600},
		{1000, 4000, 1000, 4000, 1600, 3200},
		{640, 360, 640, 360, 1600, 1600},
	} {
		if w, h := vision.VideoBounds(c.w, c.h, 1280); w != c.videoW || h != c.videoH {
			t.Errorf("video of %dx%d: got %dx%d, want %dx%d", c.w, c.h, w, h, c.videoW, c.videoH)
		}
		if w, h := vision.PhotoBounds(c.w, c.h); w != c.photoW || h != c.photoH {
			t.Errorf("photograph of %dx%d: got %dx%d, want %dx%d", c.w, c.h, w, h, c.photoW,
				c.photoH)
		}
	}
}

func TestMergeCountsAFaceOnce(t *testing.T) {
	p := vision.Plan{
		Parts: []image.Rectangle{
			image.Rect(0, 0, 200, 100),
			image.Rect(0, 0, 120, 100),
			image.Rect(80, 0, 200, 100),
		},
	}
	box := func(x, w, score float32) vision.Face {
		return vision.Face{Box: vision.Box{X: x, Y: 20, W: w, H: 40}, Score: score}
	}
	for _, c := range []struct {
		name  string
		found [][]vision.Face
		want  []vision.Face
	}{
		{
			"in two tiles",
			[][]vision.Face{nil, {box(85, 30, 0.9)}, {box(86, 30, 0.95)}},
			[]vision.Face{box(86, 30, 0.95)},
		},
		{
			"half of it in one tile",
			[][]vision.Face{nil, {box(100, 19, 0.99)}, {box(100, 40, 0.8)}},
			[]vision.Face{box(100, 40, 0.8)},
		},
		{
			"a third of it in one tile",
			[][]vision.Face{{box(70, 100, 0.8)}, {box(78, 41, 0.99)}, nil},
			[]vision.Face{box(70, 100, 0.8)},
		},
		{
			"nothing but a half",
			[][]vision.Face{nil, {box(100, 19, 0.9)}, nil},
			[]vision.Face{box(100, 19, 0.9)},
		},
		{
			"two people",
			[][]vision.Face{{box(10, 40, 0.9), box(60, 40, 0.85)}, {box(11, 40, 0.95)}, nil},
			[]vision.Face{box(11, 40, 0.95), box(60, 40, 0.85)},
		},
	} {
		got := p.Merge(c.found)
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
	}
}
