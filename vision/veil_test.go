package vision_test

import (
	"bytes"
	"math/rand"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// noise is a frame in which every pixel differs from its neighbours.
func noise(w, h int) vision.Frame {
	f := vision.Frame{Width: w, Height: h, Pix: make([]byte, 3*w*h)}
	rand.New(rand.NewSource(1)).Read(f.Pix)
	return f
}

// part returns the pixels of a box.
func part(f vision.Frame, x, y, w, h int) []byte {
	var out []byte
	for ; h > 0; y, h = y+1, h-1 {
		out = append(out, f.Pix[3*(y*f.Width+x):3*(y*f.Width+x+w)]...)
	}
	return out
}

// distinct counts the colours of a box: coarse squares leave few.
func distinct(f vision.Frame, x, y, w, h int) int {
	seen := map[[3]byte]bool{}
	p := part(f, x, y, w, h)
	for i := 0; i < len(p); i += 3 {
		seen[[3]byte(p[i:])] = true
	}
	return len(seen)
}

func TestVeilShowsOneFace(t *testing.T) {
	f := noise(640, 360)
	own := vision.Box{X: 300, Y: 60, W: 40, H: 50}
	beside := vision.Box{X: 345, Y: 70, W: 40, H: 50} // inside the figure
	far := vision.Box{X: 20, Y: 20, W: 90, H: 100}
	was := append([]byte(nil), f.Pix...)
	got := vision.Veil(f, own, []vision.Box{beside, far})
	if !bytes.Equal(f.Pix, was) {
		t.Error("the frame itself was changed")
	}
	if !bytes.Equal(part(got, 300, 60, 40, 50), part(f, 300, 60, 40, 50)) {
		t.Error("the own face is not as it was")
	}
	if !bytes.Equal(part(got, 290, 200, 60, 80), part(f, 290, 200, 60, 80)) {
		t.Error("the own clothes are not as they were")
	}
	for name, n := range map[string]int{
		"a face beside":                  distinct(got, 346, 70, 38, 50),
		"a face far away":                distinct(got, 20, 20, 90, 100),
		"a face that was not found":      distinct(got, 500, 100, 60, 60),
		"the edge of the largest square": distinct(got, 600, 320, 40, 40),
	} {
		if n > 40 {
			t.Errorf("%s: got %d colours, want it coarse", name, n)
		}
	}
}

func TestVeilTakesAnyBox(t *testing.T) {
	f := noise(64, 64)
	for _, b := range []vision.Box{
		{},
		{X: -30, Y: -30, W: 40, H: 40},
		{X: 60, Y: 60, W: 40, H: 40},
		{X: 500, Y: 500, W: 10, H: 10},
		{X: 10, Y: 10, W: -5, H: -5},
	} {
		if got := vision.Veil(f, b, []vision.Box{b}); !got.Valid() {
			t.Errorf("%+v: got %dx%d with %d bytes", b, got.Width, got.Height, len(got.Pix))
		}
	}
}
