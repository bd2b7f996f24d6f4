package vision

import (
	"slices"
	"time"
)

// PictureState is the condition of a camera's picture as a whole.
type PictureState string

// The states. All but PictureOK are faults of the camera or of its surroundings.
const (
	PictureOK PictureState = "ok"
	// PictureFrozen is the same picture repeated bit for bit, except for a small part such as a
	// burnt-in clock. A live picture changes everywhere, by noise and by coding.
	PictureFrozen PictureState = "frozen"
	// PictureBlack has no light in it anywhere: a cap on the lens, a dark room without
	// infrared light, a sensor that is off.
	PictureBlack PictureState = "black"
	// PictureCovered is of uniform brightness, without structure.
	PictureCovered PictureState = "covered"
	// PictureBlurred has light and dark areas but no edges: the lens is out of focus or dirty.
	PictureBlurred PictureState = "blurred"
)

// PictureStates lists every state.
func PictureStates() []PictureState {
	return []PictureState{PictureOK, PictureFrozen, PictureBlack, PictureCovered, PictureBlurred}
}

// PictureTimes say how long a state must last before PictureWatch reports it.
type PictureTimes struct {
	First  time.Duration // the first verdict on a camera that has just connected
	Frozen time.Duration // the same picture
	Bad    time.Duration // black, covered or blurred
	Good   time.Duration // after a fault
}

// DefaultPictureTimes suit cameras with a key frame at least every 20 s.
func DefaultPictureTimes() PictureTimes {
	return PictureTimes{
		First:  3 * time.Second,
		Frozen: 30 * time.Second,
		Bad:    10 * time.Second,
		Good:   2 * time.Second,
	}
}

// Thresholds of the states, in grey levels of 0…255. Measured on the sample videos: mean 120 to
// 144, range 80 and more, hardest edges 25 to 50; at five frames a second, faces pass freshCells in
// 94 to 98 % of the frames.
const (
	blackMean  = 16   // black: mean brightness below this
	blackPeak  = 32   // black: 99th percentile of the cells below this
	flatRange  = 20   // covered: darkest to brightest cell below this, 2 % cut off at either end
	flatEdge   = 12   // covered: hardest edge below this; noise reaches 10
	softEdge   = 8    // blurred: hardest edge below this
	movedCells = 0.05 // not frozen: more than this part of the cells differs from the frame before
	freshLevel = 3    // a cell has changed if its brightness differs by this much
	freshCells = 0.04 // a face is looked at again if this part of its cells has changed
)

// PictureWatch judges one camera's pictures as a whole and tells stills from live pictures. It is
// not safe for concurrent use, and takes the time from the frames.
type PictureWatch struct {
	times PictureTimes

	state   PictureState // "" before the first verdict
	pending PictureState
	since   time.Time // of pending
	begun   time.Time // first picture
	moved   time.Time // last picture that differed from the one before

	width, height, side int // of pictures; side of a cell in pixels
	columns             int
	sums, hashes        []uint32 // per cell, of the newest picture
	before              []uint32 // hashes of the previous picture
	// brightness of each cell when a face there was last taken; -1: never
	shown  []int32
	edges  []int32 // hardest edge of each cell
	pixels []int32 // pixels in each cell
}

// NewPictureWatch returns a watch for a camera that has just connected.
func NewPictureWatch(t PictureTimes) *PictureWatch { return &PictureWatch{times: t} }

// State is the last verdict, "" before the first.
func (w *PictureWatch) State() PictureState { return w.state }

// Add takes the next picture, in order of time, and returns the current verdict and whether it has
// just changed.
func (w *PictureWatch) Add(f Frame) (state PictureState, changed bool) {
	if !f.Valid() {
		return w.state, false
	}
	w.measure(f)
	if w.begun.IsZero() {
		w.begun, w.moved = f.Time, f.Time
	}
	if w.differs() {
		w.moved = f.Time
	}
	now := w.judge()
	if now == PictureOK && f.Time.Sub(w.moved) >= w.times.Frozen {
		now = PictureFrozen
	}
	if now != w.pending {
		w.pending, w.since = now, f.Time
	}
	if now == w.state || f.Time.Sub(w.since) < w.patience(now) {
		return w.state, false
	}
	w.state = now
	return now, true
}

// patience is how long a state must last before it is reported.
func (w *PictureWatch) patience(s PictureState) time.Duration {
	switch {
	case w.state == "":
		return w.times.First
	case s == PictureFrozen:
		return 0 // Add has waited already
	case s == PictureOK:
		return w.times.Good
	}
	return w.times.Bad
}

// Fresh reports whether the picture within b has changed since a face there was last taken (see
// Take), so that a still counts as one look, however often it is repeated.
func (w *PictureWatch) Fresh(b Box) bool {
	all, other := 0, 0
	w.cells(b, func(i int) {
		all++
		if w.shown[i] < 0 || abs32(w.brightness(i)-w.shown[i]) >= 4*freshLevel {
			other++
		}
	})
	return all == 0 || float64(other) >= max(1, freshCells*float64(all))
}

// Take records that a face was taken, for Fresh.
func (w *PictureWatch) Take(b Box) {
	w.cells(b, func(i int) { w.shown[i] = w.brightness(i) })
}

// cells calls each with the index of every cell that a box touches.
func (w *PictureWatch) cells(b Box, each func(int)) {
	if w.columns == 0 {
		return
	}
	rows := len(w.sums) / w.columns
	cell := func(v float32, most int) int { return max(0, min(int(v)/w.side, most-1)) }
	for y := cell(b.Y, rows); y <= cell(b.Y+b.H, rows); y++ {
		for x := cell(b.X, w.columns); x <= cell(b.X+b.W, w.columns); x++ {
			each(y*w.columns + x)
		}
	}
}

// brightness is a cell's mean, in quarters of a grey level.
func (w *PictureWatch) brightness(i int) int32 { return int32(w.sums[i]) / w.pixels[i] }

// measure computes the cells' sums, hashes and edges.
func (w *PictureWatch) measure(f Frame) {
	if f.Width != w.width || f.Height != w.height {
		w.reshape(f)
	}
	w.before, w.hashes = w.hashes, w.before
	clear(w.sums)
	clear(w.hashes)
	clear(w.edges)
	for y := range f.Height {
		row := f.Pix[3*y*f.Width : 3*(y+1)*f.Width]
		first := y / w.side * w.columns
		last := int32(row[0]) + 2*int32(row[1]) + int32(row[2])
		for x := range f.Width {
			v := int32(row[3*x]) + 2*int32(row[3*x+1]) + int32(row[3*x+2])
			i := first + x/w.side
			w.sums[i] += uint32(v)
			w.hashes[i] = w.hashes[i]*16777619 ^ uint32(v+1)
			w.edges[i] = max(w.edges[i], abs32(v-last))
			last = v
		}
	}
}

// reshape resets the cells for pictures of another size.
func (w *PictureWatch) reshape(f Frame) {
	w.width, w.height, w.side = f.Width, f.Height, max(4, f.Width/160)
	w.columns = (f.Width + w.side - 1) / w.side
	n := w.columns * ((f.Height + w.side - 1) / w.side)
	w.sums, w.hashes, w.before = make([]uint32, n), make([]uint32, n), make([]uint32, n)
	w.edges, w.pixels, w.shown = make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range w.shown {
		w.shown[i] = -1
		x, y := i%w.columns*w.side, i/w.columns*w.side
		w.pixels[i] = int32(min(w.side, f.Width-x) * min(w.side, f.Height-y))
	}
}

// differs reports whether more than movedCells of the newest picture differs from the one before.
func (w *PictureWatch) differs() bool {
	n := 0
	for i, h := range w.hashes {
		if h != w.before[i] {
			n++
		}
	}
	return float64(n) > movedCells*float64(len(w.hashes))
}

// judge classifies the newest picture by itself; it cannot tell frozen.
func (w *PictureWatch) judge() PictureState {
	n := len(w.sums)
	levels := make([]float64, n)
	for i := range levels {
		levels[i] = float64(w.brightness(i)) / 4
	}
	mean, _ := meanStd(levels)
	slices.Sort(levels)
	edges := slices.Clone(w.edges)
	slices.Sort(edges)
	spread := levels[n-1-n/50] - levels[n/50]
	peak, edge := levels[n-1-n/100], float64(edges[n-1-n/100])/4
	switch {
	case mean < blackMean && peak < blackPeak:
		return PictureBlack
	case spread < flatRange && edge < flatEdge:
		return PictureCovered
	case edge < softEdge:
		return PictureBlurred
	}
	return PictureOK
}

func abs32(v int32) int32 { return max(v, -v) }
