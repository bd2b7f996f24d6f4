package vision

import (
	"math"
	"time"
)

// Frame is one picture: Width*Height pixels of three bytes, blue, green, red, row by row
// without padding. Nobody changes a Frame's pixels once it has been handed on.
type Frame struct {
	Width, Height int
	Pix           []byte
	Time          time.Time // when it arrived; zero for photographs
}

// Valid says whether the pixels fill the declared size, and there are any.
func (f Frame) Valid() bool {
	return f.Width > 0 && f.Height > 0 && f.Width <= 1<<15 && f.Height <= 1<<15 &&
		len(f.Pix) == f.Width*f.Height*3
}

// Point is a place in a Frame, in pixels from the top left corner.
type Point struct{ X, Y float32 }

// Box is an upright rectangle in a Frame, in pixels; it may reach over the frame's edge.
type Box struct{ X, Y, W, H float32 }

// IoU is the area that two boxes share over the area that they cover together, 0…1.
func (b Box) IoU(c Box) float64 {
	w := float64(min(b.X+b.W, c.X+c.W)) - float64(max(b.X, c.X))
	h := float64(min(b.Y+b.H, c.Y+c.H)) - float64(max(b.Y, c.Y))
	if !(w > 0 && h > 0) {
		return 0
	}
	shared := w * h
	all := float64(b.W)*float64(b.H) + float64(c.W)*float64(c.H) - shared
	if !(all > 0) {
		return 0
	}
	return min(shared/all, 1)
}

// Face is one found face. Points are the left eye, the right eye, the nose's tip and the left
// and right corner of the mouth, left being the viewer's left.
type Face struct {
	Box    Box
	Score  float32 // of the detector, 0…1
	Points [5]Point
}

// Detector finds faces. It may be called from several goroutines.
type Detector interface {
	Detect(Frame) ([]Face, error)
}

// Embedder turns a face into a vector. Align cuts the face out, upright and AlignedSize pixels
// square; Embed turns that cut-out into a vector of unit length, and the cosine of two such vectors
// says how alike the faces are. Both may be called from several goroutines.
type Embedder interface {
	Align(Frame, Face) (Frame, error)
	Embed(aligned Frame) ([]float32, error)
}

// Liveness estimates, 0…1, that a face is a real one rather than a photograph or a screen held
// before the camera; Chain rejects faces below 0.5.
type Liveness interface {
	Live(Frame, Face) (float64, error)
}

// AlignedSize is the side of an aligned face, in pixels.
const AlignedSize = 112

// AlignedPoints returns where the five points of a face lie once it is aligned, in pixels:
// the places that ArcFace (Deng and others, 2019) and most embedding models are trained on.
func AlignedPoints() [5]Point {
	return [5]Point{
		{38.2946, 51.6963},
		{73.5318, 51.5014},
		{56.0252, 71.7366},
		{41.5493, 92.3655},
		{70.7299, 92.2041},
	}
}

// Similarity is the similarity transform (rotation, uniform scale, translation), as the rows of a
// 2x3 matrix, that maps from onto to with the least squared error. ok is false where the points
// coincide.
func Similarity(from, to [5]Point) (m [6]float64, ok bool) {
	var fx, fy, tx, ty float64
	for i := range from {
		fx += float64(from[i].X) / 5
		fy += float64(from[i].Y) / 5
		tx += float64(to[i].X) / 5
		ty += float64(to[i].Y) / 5
	}
	var a, b, d float64
	for i := range from {
		x, y := float64(from[i].X)-fx, float64(from[i].Y)-fy
		u, v := float64(to[i].X)-tx, float64(to[i].Y)-ty
		a += x*u + y*v
		b += x*v - y*u
		d += x*x + y*y
	}
	if !(d > 1e-6) || math.IsInf(d, 0) {
		return m, false
	}
	a, b = a/d, b/d
	return [6]float64{a, -b, tx - a*fx + b*fy, b, a, ty - b*fx - a*fy}, true
}

// Cosine is the cosine of two vectors of unit length, or 0 where their lengths differ.
func Cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return float64(s0 + s1 + s2 + s3)
}

// Normalize scales v to unit length in place. It returns false for a vector that is empty, all zero
// or not finite.
func Normalize(v []float32) bool {
	var s float64
	for _, x := range v {
		s += float64(x) * float64(x)
	}
	if !(s > 1e-20) || math.IsInf(s, 0) {
		return false
	}
	k := float32(1 / math.Sqrt(s))
	for i := range v {
		v[i] *= k
	}
	return true
}
