package vision

// The part of a picture that stays clear around a face, in face widths and heights: enough to
// recognise clothes, and little of people beside.
const (
	figureSide  = 1 // to the left and to the right
	figureAbove = 1
	figureBelow = 5
)

// Veil returns a copy in which only one face and the figure below it are clear. Other faces and
// everything outside the figure are pixelated, which also hides faces that the detector missed.
// Where another face overlaps own, own stays clear.
func Veil(f Frame, own Box, others []Box) Frame {
	out := f
	out.Pix = append([]byte(nil), f.Pix...)
	figure := Box{
		X: own.X - figureSide*own.W,
		Y: own.Y - figureAbove*own.H,
		W: own.W * (1 + 2*figureSide),
		H: own.H * (1 + figureAbove + figureBelow),
	}
	coarsen(out, Box{
		W: float32(f.Width),
		H: float32(f.Height),
	}, max(16, f.Width/32))
	restore(out, f, figure)
	for _, b := range others {
		wide := Box{
			X: b.X - b.W/4,
			Y: b.Y - b.H/4,
			W: b.W * 1.5,
			H: b.H * 1.5,
		}
		coarsen(out, wide, max(8, int(max(b.W, b.H))/3))
	}
	restore(out, f, own)
	return out
}

// inside clips a box to the frame, in whole pixels.
func inside(f Frame, b Box) (x0, y0, x1, y1 int) {
	x0, y0 = max(0, int(b.X)), max(0, int(b.Y))
	x1, y1 = min(f.Width, int(b.X+b.W)), min(f.Height, int(b.Y+b.H))
	return x0, y0, max(x0, x1), max(y0, y1)
}

// coarsen pixelates the box: every square of side pixels gets the mean of its pixels.
func coarsen(f Frame, b Box, side int) {
	x0, y0, x1, y1 := inside(f, b)
	for y := y0; y < y1; y += side {
		for x := x0; x < x1; x += side {
			flatten(
				f,
				x,
				y,
				min(x+side, x1),
				min(y+side, y1),
			)
		}
	}
}

func flatten(f Frame, x0, y0, x1, y1 int) {
	var sum [3]int
	for y := y0; y < y1; y++ {
		for i := 3 * (y*f.Width + x0); i < 3*(y*f.Width+x1); i++ {
			sum[i%3] += int(f.Pix[i])
		}
	}
	n := (x1 - x0) * (y1 - y0)
	for y := y0; y < y1; y++ {
		for i := 3 * (y*f.Width + x0); i < 3*(y*f.Width+x1); i++ {
			f.Pix[i] = byte(sum[i%3] / n)
		}
	}
}

// restore copies the box back from the unchanged frame was.
func restore(f, was Frame, b Box) {
	x0, y0, x1, y1 := inside(f, b)
	for y := y0; y < y1; y++ {
		copy(f.Pix[3*(y*f.Width+x0):3*(y*f.Width+x1)], was.Pix[3*(y*f.Width+x0):])
	}
}
