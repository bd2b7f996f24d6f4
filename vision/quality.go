package vision

import "math"

// Measure holds what is measured of a face without identifying it.
type Measure struct {
	Size       float64 // shorter side of the box, in pixels
	Score      float64 // the detector's, 0…1
	Sharpness  float64 // standard deviation of the aligned face's Laplacian, in grey levels
	Brightness float64 // mean of the aligned face, 0…255
	Contrast   float64 // standard deviation of the aligned face, in grey levels
	// turned left or right: offset of the nose from the midpoint of the eyes, in eye distances; 0
	// is frontal
	Yaw float64
	// nodding: offset of the nose from its usual place between eyes and mouth, in distances between
	// the two; 0 is frontal
	Pitch float64
	Roll  float64 // tilted, in degrees
}

// Measurements of a face and of its aligned cut-out.
func Measurements(f Face, aligned Frame) Measure {
	m := Measure{
		Size:  float64(min(f.Box.W, f.Box.H)),
		Score: float64(f.Score),
	}
	m.Yaw, m.Pitch, m.Roll = pose(f.Points)
	if !aligned.Valid() {
		return m
	}
	grey := make([]float64, aligned.Width*aligned.Height)
	for i := range grey {
		p := aligned.Pix[3*i : 3*i+3]
		grey[i] = 0.114*float64(p[0]) + 0.587*float64(p[1]) + 0.299*float64(p[2])
	}
	m.Brightness, m.Contrast = meanStd(middle(grey, aligned.Width, aligned.Height))
	_, m.Sharpness = meanStd(laplacian(grey, aligned.Width, aligned.Height))
	return m
}

// middle is the inner part of an aligned face, without hair and background.
func middle(grey []float64, w, h int) []float64 {
	var in []float64
	for y := h / 4; y < h*9/10; y++ {
		in = append(in, grey[y*w+w/5:y*w+w*4/5]...)
	}
	return in
}

// laplacian is the 4-neighbour Laplacian of the inner part.
func laplacian(grey []float64, w, h int) []float64 {
	var out []float64
	for y := max(h/5, 1); y < min(h*9/10, h-1); y++ {
		for x := max(w/6, 1); x < min(w*5/6, w-1); x++ {
			i := y*w + x
			out = append(out, grey[i-1]+grey[i+1]+grey[i-w]+grey[i+w]-4*grey[i])
		}
	}
	return out
}

func meanStd(v []float64) (mean, std float64) {
	if len(v) == 0 {
		return 0, 0
	}
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		std += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(std / float64(len(v)))
}

// pose estimates how a head is turned from the five points, in the face's own axes.
func pose(p [5]Point) (yaw, pitch, roll float64) {
	ex, ey := float64(p[1].X-p[0].X), float64(p[1].Y-p[0].Y)
	d := math.Hypot(ex, ey)
	if !(d > 1e-3) {
		return 1, 1, 90
	}
	ux, uy := ex/d, ey/d // along the eyes; (-uy, ux) is down the face
	along := func(a Point, x, y float64) float64 {
		return (float64(a.X)-x)*ux + (float64(a.Y)-y)*uy
	}
	down := func(a Point, x, y float64) float64 {
		return -(float64(a.X)-x)*uy + (float64(a.Y)-y)*ux
	}
	mx, my := float64(p[0].X+p[1].X)/2, float64(p[0].Y+p[1].Y)/2
	mouth := (down(p[3], mx, my) + down(p[4], mx, my)) / 2
	if !(mouth > 1e-3) {
		return 1, 1, 90
	}
	yaw = along(p[2], mx, my) / d
	pitch = down(p[2], mx, my)/mouth - 0.5
	return yaw, pitch, math.Atan2(ey, ex) * 180 / math.Pi
}

// Fault is the first reason why a face is unusable; "" is none.
type Fault string

// The faults, most important first.
const (
	TooSmall  Fault = "too_small"
	Uncertain Fault = "uncertain" // the detector is not sure that it is a face
	Turned    Fault = "turned"
	TooDark   Fault = "too_dark"
	TooBright Fault = "too_bright"
	TooFlat   Fault = "too_flat" // hardly any contrast
	Blurred   Fault = "blurred"
	NotLive   Fault = "not_live" // a picture of a face, by Liveness
)

// Limits are the thresholds for a usable face.
type Limits struct {
	Size          float64 // at least
	Score         float64 // at least
	Sharpness     float64 // at least
	MinBrightness float64
	MaxBrightness float64
	Contrast      float64 // at least
	Yaw           float64 // at most, either way
	Pitch         float64 // at most, either way
	Roll          float64 // at most, either way, in degrees
}

// The limits of sharpness come from 13 photographs blurred step by step. The median cosine between
// the blurred and the sharp face's embedding is 0.93 at 4.5, 0.80 at 3 and 0.5 at 2.

// VideoLimits are for video, where more frames follow.
func VideoLimits() Limits {
	return Limits{
		Size:          48,
		Score:         0.8,
		Sharpness:     3,
		MinBrightness: 35,
		MaxBrightness: 230,
		Contrast:      12,
		Yaw:           0.35,
		Pitch:         0.3,
		Roll:          35,
	}
}

// PhotoLimits are for enrolment: stricter, since a template is used for years.
func PhotoLimits() Limits {
	return Limits{
		Size:          80,
		Score:         0.85,
		Sharpness:     4.5,
		MinBrightness: 45,
		MaxBrightness: 220,
		Contrast:      15,
		Yaw:           0.25,
		Pitch:         0.25,
		Roll:          20,
	}
}

// Fault is the first limit that the measure violates, or "".
func (l Limits) Fault(m Measure) Fault {
	switch {
	case !(m.Size >= l.Size):
		return TooSmall
	case !(m.Score >= l.Score):
		return Uncertain
	case !(math.Abs(m.Yaw) <= l.Yaw && math.Abs(m.Pitch) <= l.Pitch && math.Abs(m.Roll) <= l.Roll):
		return Turned
	case !(m.Brightness >= l.MinBrightness):
		return TooDark
	case !(m.Brightness <= l.MaxBrightness):
		return TooBright
	case !(m.Contrast >= l.Contrast):
		return TooFlat
	case !(m.Sharpness >= l.Sharpness):
		return Blurred
	}
	return ""
}

// Quality combines a measure into 0…1, to weigh frames against each other and to show: 0.5 is
// barely usable under VideoLimits, 1 is a large, sharp, frontal, well lit face.
func Quality(m Measure) float64 {
	// The worst part decides: a good pose does not make up for blur.
	return min(
		ramp(m.Size, 24, 112),
		ramp(m.Sharpness, 1, 12),
		ramp(m.Contrast, 4, 40),
		ramp(m.Brightness, 10, 80),
		ramp(-m.Brightness, -250, -200),
		1-0.5*math.Min(math.Abs(m.Yaw)/0.35, 2),
		1-0.5*math.Min(math.Abs(m.Pitch)/0.3, 2),
		1-0.5*math.Min(math.Abs(m.Roll)/35, 2),
	)
}

// ramp rises from 0 at lo to 1 at hi.
func ramp(v, lo, hi float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return math.Max(0, math.Min(1, (v-lo)/(hi-lo)))
}
