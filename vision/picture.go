package vision

import (
	"slices"
	"time"
)

// PictureState is what a camera's picture as a whole is worth.
type PictureState string

// The states. All but PictureOK are faults of the camera or of what is before it.
const (
	PictureOK PictureState = "ok"
	// PictureFrozen is the same picture again and again, bit for bit, but for a small part: a
	// clock that is written into it may run on. A live picture has noise and is coded anew.
	PictureFrozen PictureState = "frozen"
	// PictureBlack has no light in it anywhere: a cap on the lens, a dark room without
	// infrared light, a sensor that is off.
	PictureBlack PictureState = "black"
	// PictureCovered is of one brightness all over, with nothing in it.
	PictureCovered PictureState = "covered"
	// PictureBlurred has light and dark and no edge: the lens is out of focus or dirty.
	PictureBlurred PictureState = "blurred"
)

// PictureStates lists every state.
func PictureStates() []PictureState {
	return []PictureState{PictureOK, PictureFrozen, PictureBlack, PictureCovered, PictureBlurred}
}

// PictureTimes say how long something must last before a PictureWatch believes it.
type PictureTimes struct {
	First  time.Duration // before anything is said of a camera that has just connected
	Frozen time.Duration // the same picture
	Bad    time.Duration // black, covered or blurred
	Good   time.Duration // after a fault
}

// DefaultPictureTimes are for cameras with a key frame every 20 s at least.
func DefaultPictureTimes() PictureTimes {
	return PictureTimes{
		First:  3 * time.Second,
		Frozen: 30 * time.Second,
		Bad:    10 * time.Second,
		Good:   2 * time.Second,
	}
}

// Limits of the states, in grey levels of 0…255. Measured on the sample videos: mean 120
// to 144, range 80 and more, hardest edges 25 to 50; and 94 to 98 % of the looks at their faces,
// at five a second, show something else than the look before.
const (
	blackMean  = 16   // mean brightness below which there is no light
	blackPeak  = 32   // and the brightest hundredth of the cells
	flatRange  = 20   // from the darkest to the brightest cells, but for two hundredths of each
	flatEdge   = 12   // hardest edge of a picture with nothing in it; noise reaches 10
	softEdge   = 8    // hardest edge of a picture without focus
	movedCells = 0.05 // part of the cells that differs in a picture that is not frozen
	freshLevel = 3    // grey levels from which a cell shows something else
	freshCells = 0.04 // part of a face's cells that must, for it to be looked at again
)

// PictureWatch looks at one camera's pictures as a whole and tells stills from live pictures.
// It has one owner at a time and asks no clock.
type PictureWatch struct {
	times PictureTimes

	state   PictureState // "" before the first verdict
	pending PictureState
	since   time.Time // of pending
	begun   time.Time // first picture
	moved   time.Time // last picture that differed from the one before

	width, height, side int // of pictures and, in pixels, of cells
	columns             int
	sums, hashes        []uint32 // of the cells of the newest picture
	before              []uint32 // hashes of the picture before
	// brightness of each cell when a face there was last taken; -1: never
	shown  []int32
	edges  []int32 // hardest edge of each cell
	pixels []int32 // of each cell
}

// NewPictureWatch makes one for a camera that has just connected.
func NewPictureWatch(t PictureTimes) *PictureWatch { return &PictureWatch{times: t} }

// State is what was last believed; "" before anything was.
func (w *PictureWatch) State() PictureState { return w.state }

// Add takes the next picture, in the order of time, and says what is believed of the camera
// and whether that is new.
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

// patience is how long a state must last.
func (w *PictureWatch) patience(s PictureState) time.Duration {
	switch {
	case w.state == "":
		return w.times.First
	case s == PictureFrozen:
		return 0 // it has lasted
	case s == PictureOK:
		return w.times.Good
	}
	return w.times.Bad
}

// Fresh says whether a face's part of the newest picture shows something else than when a
// face there was last taken. A still is taken once: it holds one look, however often it comes.
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

// Take notes that a face was taken.
func (w *PictureWatch) Take(b Box) {
	w.cells(b, func(i int) { w.shown[i] = w.brightness(i) })
}

// cells calls each with the cells that a box touches.
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

// brightness of a cell, in quarters of grey levels.
func (w *PictureWatch) brightness(i int) int32 { return int32(w.sums[i]) / w.pixels[i] }

// measure sums the picture up in cells.
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

// reshape begins anew with pictures of another size.
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

// differs says whether the newest picture is another than the one before.
func (w *PictureWatch) differs() bool {
	n := 0
	for i, h := range w.hashes {
		if h != w.before[i] {
			n++
		}
	}
	return float64(n) > movedCells*float64(len(w.hashes))
}

// judge says what the newest picture looks like by itself.
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
