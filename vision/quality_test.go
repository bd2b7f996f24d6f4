package vision_test

import (
	"math"
	"testing"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// portrait is an aligned picture of stripes, alternately bright and dark, each width pixels wide.
func portrait(dark, bright byte, width int) vision.Frame {
	n := vision.AlignedSize
	f := vision.Frame{Width: n, Height: n, Pix: make([]byte, n*n*3)}
	for i := range n * n {
		v := dark
		if i%n/width%2 == 0 {
			v = bright
		}
		f.Pix[3*i] = v
		f.Pix[3*i+1] = v
		f.Pix[3*i+2] = v
	}
	return f
}

// frontal is a face of a given size with its points where they are in an aligned picture.
func frontal(size float32) vision.Face {
	f := vision.Face{
		Box:    vision.Box{W: size, H: size * 1.2},
		Score:  0.99,
		Points: vision.AlignedPoints(),
	}
	return f
}

func TestFault(t *testing.T) {
	good := portrait(70, 170, 8)
	turned := frontal(120)
	turned.Points[2].X += 20 // the nose, half of the eyes' distance to the side
	nodding := frontal(120)
	nodding.Points[2].Y += 16
	tilted := frontal(120)
	for i, p := range tilted.Points { // by 45 degrees
		x, y := float64(p.X)-56, float64(p.Y)-70
		tilted.Points[i] = vision.Point{
			X: float32(x*math.Sqrt(0.5) - y*math.Sqrt(0.5)),
			Y: float32(x*math.Sqrt(0.5) + y*math.Sqrt(0.5)),
		}
	}
	unsure := frontal(120)
	unsure.Score = 0.7
	gone := frontal(120)
	gone.Points = [5]vision.Point{}
	nan := frontal(120)
	nan.Points[0].X = float32(math.NaN())
	for _, c := range []struct {
		name    string
		face    vision.Face
		aligned vision.Frame
		want    vision.Fault
	}{
		{"good", frontal(120), good, ""},
		{"small", frontal(40), good, vision.TooSmall},
		{"unsure", unsure, good, vision.Uncertain},
		{"turned", turned, good, vision.Turned},
		{"nodding", nodding, good, vision.Turned},
		{"tilted", tilted, good, vision.Turned},
		{"points coincide", gone, good, vision.Turned},
		{"points are no numbers", nan, good, vision.Turned},
		{"dark", frontal(120), portrait(5, 40, 8), vision.TooDark},
		{"bright", frontal(120), portrait(225, 255, 8), vision.TooBright},
		{"flat", frontal(120), portrait(120, 130, 8), vision.TooFlat},
		{"no pixels", frontal(120), vision.Frame{}, vision.TooDark},
	} {
		m := vision.Measurements(c.face, c.aligned)
		if got := vision.PhotoLimits().Fault(m); got != c.want {
			t.Errorf("%s: got %q, want %q: %+v", c.name, got, c.want, m)
		}
		q := vision.Quality(m)
		if !(q >= 0 && q <= 1) {
			t.Errorf("%s: quality %v, want 0 to 1", c.name, q)
		}
		if c.want == "" && q < 0.5 || c.want == vision.TooDark && q > 0.5 {
			t.Errorf("%s: quality %v", c.name, q)
		}
	}
}

// Blur lowers the sharpness and the quality, and in the end becomes a fault.
func TestBlurIsMeasured(t *testing.T) {
	f := portrait(70, 170, 3)
	last := math.Inf(1)
	for i := range 4 {
		m := vision.Measurements(frontal(120), f)
		if m.Sharpness >= last {
			t.Errorf("after blurring %d times the sharpness is %.1f, was %.1f", i, m.Sharpness,
				last)
		}
		last = m.Sharpness
		for range 4 {
			f = blurred(f)
		}
	}
	if got := vision.VideoLimits().Fault(vision.Measure{
		Size:       100,
		Score:      1,
		Brightness: 120,
		Contrast:   30,
		Sharpness:  last,
	}); got != vision.Blurred {
		t.Errorf("sharpness %.2f: got %q, want blurred", last, got)
	}
}

// blurred averages each pixel with its neighbours to the left and right.
func blurred(f vision.Frame) vision.Frame {
	out := vision.Frame{Width: f.Width, Height: f.Height, Pix: make([]byte, len(f.Pix))}
	for i := range f.Pix {
		a, b := max(i-3, 0), min(i+3, len(f.Pix)-1)
		out.Pix[i] = byte((int(f.Pix[a]) + 2*int(f.Pix[i]) + int(f.Pix[b])) / 4)
	}
	return out
}
