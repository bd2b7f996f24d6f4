//go:build vision

package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// walk is a synthetic video of somebody coming nearer: one photograph in the middle of the frames,
// growing from 60 to 110 % of its size, moving, tilting, in changing light, with sensor noise and
// occasional motion blur.
type walk struct {
	photo vision.Frame
	rnd   *rand.Rand
	start time.Time
}

const (
	walkFrames = 10 // two seconds: a track is reported after 3 good frames and again after 10
	walkWidth  = 1280
	walkHeight = 720
)

// newWalk returns a walk that depends on the seed only.
func newWalk(photo vision.Frame, seed uint64) *walk {
	return &walk{
		photo: photo,
		rnd:   rand.New(rand.NewPCG(seed, 8)),
		start: time.Unix(0, 0),
	}
}

// step is the photograph's place and light in one frame.
type step struct {
	x, y, size, tilt, light float64 // middle in pixels, scale, radians, gain
	blurred                 bool
}

// frame returns the k-th frame, and the position of the photograph's centre in it.
func (w *walk) frame(k int) (vision.Frame, vision.Point) {
	part := float64(k) / (walkFrames - 1)
	s := step{
		x:       walkWidth*(0.4+0.2*part) + 6*w.rnd.NormFloat64(),
		y:       walkHeight*0.5 + 6*w.rnd.NormFloat64(),
		size:    0.6 + 0.5*part,
		tilt:    0.05 * w.rnd.NormFloat64(),
		light:   0.75 + 0.4*w.rnd.Float64(),
		blurred: w.rnd.IntN(4) == 0,
	}
	f := vision.Frame{
		Width:  walkWidth,
		Height: walkHeight,
		Time:   w.start.Add(time.Duration(k) * time.Second / 5),
	}
	f.Pix = make([]byte, 3*walkWidth*walkHeight)
	for i := range f.Pix {
		f.Pix[i] = 96
	}
	w.lay(f, s)
	return f, vision.Point{
		X: float32(s.x),
		Y: float32(s.y),
	}
}

// lay draws the photograph into a frame.
func (w *walk) lay(f vision.Frame, s step) {
	half := s.size * float64(w.photo.Width+w.photo.Height) / 2 * 0.75
	sin, cos := math.Sincos(s.tilt)
	mw, mh := float64(w.photo.Width)/2, float64(w.photo.Height)/2
	for y := max(int(s.y-half), 0); y < min(int(s.y+half), f.Height); y++ {
		for x := max(int(s.x-half), 0); x < min(int(s.x+half), f.Width); x++ {
			dx, dy := (float64(x)-s.x)/s.size, (float64(y)-s.y)/s.size
			c, ok := at(w.photo, mw+cos*dx+sin*dy, mh-sin*dx+cos*dy, s.blurred)
			if !ok {
				continue
			}
			grain := 3 * w.rnd.NormFloat64()
			for i, v := range c {
				f.Pix[3*(y*f.Width+x)+i] = byte(max(0, min(255, s.light*v+grain)))
			}
		}
	}
}

// at interpolates between pixels; blurred averages three places side by side.
func at(f vision.Frame, x, y float64, blurred bool) (c [3]float64, ok bool) {
	if blurred {
		for _, d := range [3]float64{-1.5, 0, 1.5} {
			one, ok := at(f, x+d, y, false)
			if !ok {
				return c, false
			}
			for i := range c {
				c[i] += one[i] / 3
			}
		}
		return c, true
	}
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < 0 || y0 < 0 || x0+1 >= f.Width || y0+1 >= f.Height {
		return c, false
	}
	u, v := x-float64(x0), y-float64(y0)
	p := f.Pix[3*(y0*f.Width+x0):]
	q := f.Pix[3*((y0+1)*f.Width+x0):]
	for i := range c {
		top := (1-u)*float64(p[i]) + u*float64(p[3+i])
		low := (1-u)*float64(q[i]) + u*float64(q[3+i])
		c[i] = (1-v)*top + v*low
	}
	return c, true
}
