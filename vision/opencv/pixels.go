//go:build vision

package opencv

import (
	"fmt"
	"image"
	"image/color"

	"gocv.io/x/gocv"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// toMat copies a frame into a Mat; the caller closes it.
func toMat(f vision.Frame) (gocv.Mat, error) {
	if !f.Valid() {
		return gocv.Mat{}, fmt.Errorf("a frame of %dx%d with %d bytes is none", f.Width, f.Height,
			len(f.Pix))
	}
	m := gocv.NewMatWithSize(f.Height, f.Width, gocv.MatTypeCV8UC3)
	p, err := m.DataPtrUint8()
	if err != nil || len(p) != len(f.Pix) {
		m.Close()
		return gocv.Mat{}, fmt.Errorf("reach pixels: %d of %d bytes: %v", len(p), len(f.Pix), err)
	}
	copy(p, f.Pix)
	return m, nil
}

// toFrame copies a Mat's pixels out.
func toFrame(m gocv.Mat) (vision.Frame, error) {
	if m.Empty() || m.Type() != gocv.MatTypeCV8UC3 {
		return vision.Frame{}, fmt.Errorf("picture of type %v instead of three bytes a pixel",
			m.Type())
	}
	f := vision.Frame{
		Width:  m.Cols(),
		Height: m.Rows(),
		Pix:    m.ToBytes(),
	}
	if !f.Valid() {
		return f, fmt.Errorf("picture of %dx%d holds %d bytes", f.Width, f.Height, len(f.Pix))
	}
	return f, nil
}

// resize makes a Mat of w by h pixels; the caller closes it. Shrinking averages areas, to keep
// small faces.
func resize(m gocv.Mat, w, h int) (gocv.Mat, error) {
	how := gocv.InterpolationLinear
	if w < m.Cols() && h < m.Rows() {
		how = gocv.InterpolationArea
	}
	out := gocv.NewMat()
	if err := gocv.Resize(
		m,
		&out,
		image.Pt(w, h),
		0,
		0,
		how,
	); err != nil {
		out.Close()
		return gocv.Mat{}, fmt.Errorf("resize: %w", err)
	}
	return out, nil
}

// Shrink returns the frame scaled to fit into width by height pixels; a frame that fits is returned
// unchanged.
func Shrink(f vision.Frame, width, height int) (vision.Frame, error) {
	k := min(float64(width)/float64(f.Width), float64(height)/float64(f.Height))
	if k >= 1 {
		return f, nil
	}
	m, err := toMat(f)
	if err != nil {
		return f, err
	}
	defer m.Close()
	small, err := resize(m, max(int(float64(f.Width)*k), 1), max(int(float64(f.Height)*k), 1))
	if err != nil {
		return f, err
	}
	defer small.Close()
	out, err := toFrame(small)
	out.Time = f.Time
	return out, err
}

// JPEG encodes a frame, with the boxes drawn on it, in at most limit bytes: it lowers the quality
// first, then the size.
func JPEG(f vision.Frame, limit int, boxes ...vision.Box) ([]byte, error) {
	m, err := toMat(f)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	for _, b := range boxes {
		r := image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)).Intersect(image.Rect(0, 0,
			f.Width, f.Height))
		if r.Dx() < 2 || r.Dy() < 2 {
			continue
		}
		if err := gocv.Rectangle(&m, r, color.RGBA{
			G: 200,
			B: 80,
			R: 40,
		}, 2); err != nil {
			return nil, fmt.Errorf("draw box: %w", err)
		}
	}
	for _, quality := range []int{85, 70, 55, 40} {
		b, err := encode(m, quality)
		if err != nil || len(b) <= limit {
			return b, err
		}
	}
	if f.Width < 160 || f.Height < 120 {
		return nil, fmt.Errorf("no JPEG of %dx%d fits %d bytes", f.Width, f.Height, limit)
	}
	drawn, err := toFrame(m)
	if err != nil {
		return nil, err
	}
	half, err := Shrink(drawn, f.Width/2, f.Height/2)
	if err != nil {
		return nil, err
	}
	return JPEG(half, limit)
}

func encode(m gocv.Mat, quality int) ([]byte, error) {
	buf, err := gocv.IMEncodeWithParams(gocv.JPEGFileExt, m,
		[]int{gocv.IMWriteJpegQuality, quality})
	if err != nil {
		return nil, fmt.Errorf("encode JPEG: %w", err)
	}
	defer buf.Close()
	return append([]byte(nil), buf.GetBytes()...), nil
}

// planes converts a Mat of three bytes a pixel to planes of (v-mean)*scale, in the order blue,
// green, red or, if rgb is set, red, green, blue.
func planes(m gocv.Mat, mean, scale float32, rgb bool) ([]float32, error) {
	p, err := m.DataPtrUint8()
	if err != nil {
		return nil, fmt.Errorf("reach pixels: %w", err)
	}
	n := m.Rows() * m.Cols()
	if len(p) != 3*n {
		return nil, fmt.Errorf("picture of %d pixels holds %d bytes", n, len(p))
	}
	var value [256]float32
	for i := range value {
		value[i] = (float32(i) - mean) * scale
	}
	out := make([]float32, 3*n)
	first, second, third := out[:n], out[n:2*n], out[2*n:]
	if rgb {
		first, third = third, first
	}
	for i := 0; i < n; i++ {
		first[i], second[i], third[i] = value[p[3*i]], value[p[3*i+1]], value[p[3*i+2]]
	}
	return out, nil
}
