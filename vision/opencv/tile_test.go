//go:build vision

package opencv_test

import (
	"path/filepath"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// portrait is a picture of one face.
type portrait struct {
	frame vision.Frame
	face  vision.Box
}

// portraits are those pictures in which the detector finds exactly one face.
func portraits(t testing.TB, m *opencv.Models, files []string) (out []portrait) {
	t.Helper()
	for _, p := range files {
		f := photograph(t, p)
		faces, err := m.Detect(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(faces) == 1 && faces[0].Score > 0.9 {
			out = append(out, portrait{f, faces[0].Box})
		}
	}
	if len(out) == 0 {
		t.Fatalf("no face in %d pictures", len(files))
	}
	return out
}

// of returns the portrait scaled to a face of size pixels, cropped to a square of twice that size.
func (p portrait) of(t testing.TB, size float32) portrait {
	t.Helper()
	k := size / min(p.face.W, p.face.H)
	f, err := opencv.Shrink(p.frame, int(float32(p.frame.Width)*k+0.5),
		int(float32(p.frame.Height)*k+0.5))
	if err != nil {
		t.Fatal(err)
	}
	b := p.face
	b.X, b.Y, b.W, b.H = b.X*k, b.Y*k, b.W*k, b.H*k
	side := int(2 * max(b.W, b.H))
	x, y := max(int(b.X+b.W/2)-side/2, 0), max(int(b.Y+b.H/2)-side/2, 0)
	w, h := min(side, f.Width-x), min(side, f.Height-y)
	out := vision.Frame{Width: w, Height: h}
	for i := range h {
		at := 3 * ((y+i)*f.Width + x)
		out.Pix = append(out.Pix, f.Pix[at:at+3*w]...)
	}
	b.X, b.Y = b.X-float32(x), b.Y-float32(y)
	return portrait{out, b}
}

// crowd is a grey picture filled with portraits of one size, side by side; off shifts them all, so
// that tile borders cut them elsewhere.
func crowd(
	t testing.TB, ps []portrait, size float32, width, height, off int,
) (vision.Frame, []vision.Box) {
	t.Helper()
	f := vision.Frame{Width: width, Height: height, Pix: make([]byte, 3*width*height)}
	for i := range f.Pix {
		f.Pix[i] = 110
	}
	var boxes []vision.Box
	for i, x, y, row := 0, off, off, 0; ; i++ {
		p := ps[i%len(ps)].of(t, size)
		if x+p.frame.Width > width {
			x, y, row = off, y+row, 0
		}
		if y+p.frame.Height > height {
			return f, boxes
		}
		for k := range p.frame.Height {
			copy(f.Pix[3*((y+k)*width+x):], p.frame.Pix[3*k*p.frame.Width:3*(k+1)*p.frame.Width])
		}
		b := p.face
		b.X, b.Y = b.X+float32(x), b.Y+float32(y)
		boxes = append(boxes, b)
		x, row = x+p.frame.Width, max(row, p.frame.Height)
	}
}

// found counts the expected faces that were found, and the surplus boxes.
func found(want []vision.Box, got []vision.Face) (n, more int) {
	used := make([]bool, len(got))
	for _, w := range want {
		for i, g := range got {
			if !used[i] && g.Score >= 0.8 && w.IoU(g.Box) > 0.3 {
				used[i] = true
				n++
				break
			}
		}
	}
	for i, g := range got {
		if !used[i] && g.Score >= 0.8 {
			more++
		}
	}
	return n, more
}

// shapes are picture sizes of cameras, with the expected detector runs for each.
var shapes = []struct {
	name          string
	width, height int
	runs          int
}{
	{"16:9", 1280, 720, 1},
	{"32:9", 2560, 720, 4},
	{"9:16", 720, 1280, 3},
}

// searchers returns the models with one run a picture, and with tiles.
func searchers(t testing.TB) (whole, tiled *opencv.Models) {
	t.Helper()
	c := config(t)
	tiled = models(t, c)
	c.Tiling = vision.Tiling{Face: vision.VideoTiling().Face, Runs: 1}
	return models(t, c), tiled
}

func detected(t testing.TB, m *opencv.Models, f vision.Frame) []vision.Face {
	t.Helper()
	faces, err := m.Detect(f)
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

// Faces of 48 pixels, large enough to be recognised, are found exactly once in pictures of every
// shape.
func TestWideAndUprightPictures(t *testing.T) {
	whole, tiled := searchers(t)
	ps := portraits(t, whole, stills(t))
	for _, c := range shapes {
		t.Run(c.name, func(t *testing.T) {
			plan := tiled.Plan(c.width, c.height)
			if len(plan.Parts) != c.runs || plan.Smallest > 48 {
				t.Errorf("got %d runs that find faces from %.0f px, want %d and 48 px",
					len(plan.Parts), plan.Smallest, c.runs)
			}
			f, want := crowd(t, ps, 48, c.width, c.height, 7)
			got, more := found(want, detected(t, tiled, f))
			before, _ := found(want, detected(t, whole, f))
			t.Logf("%d faces: %d found in one run, %d with tiles", len(want), before, got)
			if got < len(want)*98/100 || more > 0 {
				t.Errorf("got %d of %d faces and %d that are none, want 98 %% and 0", got,
					len(want), more)
			}
		})
	}
}

// A face larger than the overlap of the tiles is found once, wherever it is.
func TestLargeFacesInTiles(t *testing.T) {
	_, tiled := searchers(t)
	ps := portraits(t, tiled, stills(t))
	for _, size := range []float32{100, 160, 260} {
		for off := range 5 {
			f, want := crowd(t, ps, size, 2560, 720, off*45)
			if got, more := found(want, detected(t, tiled, f)); got != len(want) || more > 0 {
				t.Errorf("faces of %.0f px, moved by %d: got %d of %d and %d that are none", size,
					off*45, got, len(want), more)
			}
		}
	}
}

// Measures how many LFW faces are found by size and shape, in one run and with tiles, and checks
// that plans find the faces they promise.
func TestRecallBySize(t *testing.T) {
	if testing.Short() {
		t.Skip("this takes a minute")
	}
	files, err := filepath.Glob(filepath.Join(shared(t, "lfw"), "images", "*", "*_0001.jpg"))
	if err != nil || len(files) < 150 {
		t.Fatalf("%d pictures: %v", len(files), err)
	}
	whole, tiled := searchers(t)
	ps := portraits(t, whole, files[:150])
	for _, c := range shapes {
		plan := tiled.Plan(c.width, c.height)
		for _, size := range []float32{32, 40, 48, 64} {
			var all, before, after, more int
			for off := range 2 {
				f, want := crowd(t, ps[off*20:], size, c.width, c.height, off*31)
				n, _ := found(want, detected(t, whole, f))
				before += n
				n, m := found(want, detected(t, tiled, f))
				after, more, all = after+n, more+m, all+len(want)
			}
			t.Logf("%s %dx%d, faces of %2.0f px: %d of %d in one run, %d in %d (and %d that are "+
				"none)",
				c.name, c.width, c.height, size, before, all, after, len(plan.Parts), more)
			if float64(size) >= plan.Smallest && float64(after) < 0.94*float64(all) {
				t.Errorf("%s: %d of %d faces of %.0f px, want 94 %% from %.0f px on", c.name,
					after, all, size, plan.Smallest)
			}
		}
	}
}

// Measures the detector's cost for each shape; 16:9 takes one run.
func BenchmarkDetect(b *testing.B) {
	_, tiled := searchers(b)
	ps := portraits(b, tiled, stills(b))
	for _, c := range shapes {
		f, _ := crowd(b, ps[:1], 120, c.width, c.height, 0)
		for i := range f.Pix[3*240*c.width:] { // one row of faces: detections cost time too
			f.Pix[3*240*c.width+i] = 110
		}
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				detected(b, tiled, f)
			}
			b.ReportMetric(float64(len(tiled.Plan(c.width, c.height).Parts)), "runs/op")
		})
	}
}
