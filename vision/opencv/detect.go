//go:build vision

package opencv

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"sort"

	"gocv.io/x/gocv"

	"github.com/gatehouse-iot/gatehouse/vision"
)

const (
	minScore   = 0.6 // of the detector; package vision is stricter
	sameBox    = 0.4 // IoU from which two boxes are one face
	minFace    = 8   // pixels
	maxAnchors = 512 // boxes that compete in one picture
)

// Detect implements vision.Detector.
func (m *Models) Detect(f vision.Frame) ([]vision.Face, error) {
	mat, err := toMat(f)
	if err != nil {
		return nil, err
	}
	defer mat.Close()
	if m.yunet {
		return m.detectYuNet(mat)
	}
	faces, err := m.detectRFB(mat)
	if err != nil {
		return nil, err
	}
	for i := range faces {
		if faces[i].Points, err = m.points(mat, faces[i].Box); err != nil {
			return nil, err
		}
	}
	return faces, nil
}

// detectRFB runs an Ultra-Light RFB: the whole picture squeezed to the model's size, red,
// green, blue, (v-127)/128; out come pairs of scores and corners, both 0…1.
func (m *Models) detectRFB(mat gocv.Mat) ([]vision.Face, error) {
	h, w := m.detector.size()
	width, height := mat.Cols(), mat.Rows()
	src := mat
	if width < height { // squeezing an upright picture would make its faces too broad to be found
		src = gocv.NewMat()
		defer src.Close()
		if err := gocv.CopyMakeBorder(mat, &src, 0, 0, 0, height-width, gocv.BorderConstant, color.RGBA{}); err != nil {
			return nil, fmt.Errorf("pad: %w", err)
		}
		width = height
	}
	small, err := resize(src, w, h)
	if err != nil {
		return nil, err
	}
	defer small.Close()
	in, err := planes(small, 127, 1.0/128, true)
	if err != nil {
		return nil, err
	}
	out, err := m.detector.run(in)
	if err != nil {
		return nil, err
	}
	n := len(out[0]) / 2
	if len(out[1]) != 4*n {
		return nil, fmt.Errorf("%s gave %d scores and %d corners", m.detector.name(), n, len(out[1]))
	}
	fw, fh := float32(width), float32(height)
	var faces []vision.Face
	for i := 0; i < n; i++ {
		if s := out[0][2*i+1]; s >= minScore {
			b := out[1][4*i : 4*i+4]
			faces = append(faces, vision.Face{Score: s, Box: vision.Box{X: b[0] * fw, Y: b[1] * fh, W: (b[2] - b[0]) * fw, H: (b[3] - b[1]) * fh}})
		}
	}
	return suppress(faces, mat), nil
}

// detectYuNet runs a YuNet of fixed size: the picture, shrunk where it is larger, in the top
// left corner of a black one, blue, green, red, 0…255; out come for each of the steps 8, 16
// and 32 pixels class, object, box and five points.
func (m *Models) detectYuNet(mat gocv.Mat) ([]vision.Face, error) {
	h, w := m.detector.size()
	k := min(float64(w)/float64(mat.Cols()), float64(h)/float64(mat.Rows()), 1)
	small, err := resize(mat, max(int(float64(mat.Cols())*k), 1), max(int(float64(mat.Rows())*k), 1))
	if err != nil {
		return nil, err
	}
	defer small.Close()
	box := gocv.NewMat()
	defer box.Close()
	if err := gocv.CopyMakeBorder(small, &box, 0, h-small.Rows(), 0, w-small.Cols(), gocv.BorderConstant, color.RGBA{}); err != nil {
		return nil, fmt.Errorf("pad: %w", err)
	}
	in, err := planes(box, 0, 1, false)
	if err != nil {
		return nil, err
	}
	out, err := m.detector.run(in)
	if err != nil {
		return nil, err
	}
	var faces []vision.Face
	for i, step := range []int{8, 16, 32} {
		part, err := yunetLevel(out[i], out[3+i], out[6+i], out[9+i], step, w/step, h/step, float32(1/k))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.detector.name(), err)
		}
		faces = append(faces, part...)
	}
	return suppress(faces, mat), nil
}

func yunetLevel(class, object, boxes, points []float32, step, cols, rows int, scale float32) ([]vision.Face, error) {
	n := cols * rows
	if len(class) != n || len(object) != n || len(boxes) != 4*n || len(points) != 10*n {
		return nil, fmt.Errorf("outputs for step %d have %d, %d, %d and %d numbers for %d places", step, len(class), len(object), len(boxes), len(points), n)
	}
	var faces []vision.Face
	s := float32(step) * scale
	for i := 0; i < n; i++ {
		score := float32(math.Sqrt(float64(max(class[i], 0) * max(object[i], 0))))
		if !(score >= minScore) {
			continue
		}
		c, r := float32(i%cols), float32(i/cols)
		b, p := boxes[4*i:], points[10*i:]
		bw, bh := float32(math.Exp(float64(b[2])))*s, float32(math.Exp(float64(b[3])))*s
		f := vision.Face{Score: min(score, 1), Box: vision.Box{X: (c+b[0])*s - bw/2, Y: (r+b[1])*s - bh/2, W: bw, H: bh}}
		for k := range f.Points {
			f.Points[k] = vision.Point{X: (p[2*k] + c) * s, Y: (p[2*k+1] + r) * s}
		}
		faces = append(faces, f)
	}
	return faces, nil
}

// suppress keeps the best of boxes that overlap, and none that lies outside the picture or is
// no box at all.
func suppress(faces []vision.Face, mat gocv.Mat) []vision.Face {
	sort.SliceStable(faces, func(i, j int) bool { return faces[i].Score > faces[j].Score })
	if len(faces) > maxAnchors {
		faces = faces[:maxAnchors]
	}
	picture := image.Rect(0, 0, mat.Cols(), mat.Rows())
	var keep []vision.Face
next:
	for _, f := range faces {
		b := f.Box
		if !(b.W >= minFace && b.H >= minFace && b.W <= 2*float32(picture.Dx()) && b.H <= 2*float32(picture.Dy())) {
			continue
		}
		if r := image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)).Intersect(picture); r.Dx() < minFace || r.Dy() < minFace {
			continue
		}
		for _, k := range keep {
			if k.Box.IoU(b) > sameBox {
				continue next
			}
		}
		keep = append(keep, f)
	}
	return keep
}

// points finds the five points with a model of 68: the box cut out, grey, v/256; out come
// pairs of coordinates, 0…1 of the box.
func (m *Models) points(mat gocv.Mat, b vision.Box) (p [5]vision.Point, err error) {
	r := image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)).Intersect(image.Rect(0, 0, mat.Cols(), mat.Rows()))
	crop, err := cut(mat, b)
	if err != nil {
		return p, err
	}
	defer crop.Close()
	h, w := m.landmarks.size()
	small, err := resize(crop, w, h)
	if err != nil {
		return p, err
	}
	defer small.Close()
	grey := gocv.NewMat()
	defer grey.Close()
	if err := gocv.CvtColor(small, &grey, gocv.ColorBGRToGray); err != nil {
		return p, fmt.Errorf("turn grey: %w", err)
	}
	bytes := grey.ToBytes()
	in := make([]float32, len(bytes))
	for i, v := range bytes {
		in[i] = float32(v) / 256
	}
	out, err := m.landmarks.run(in)
	if err != nil {
		return p, err
	}
	if len(out[0]) != 2*68 {
		return p, fmt.Errorf("%s gave %d numbers instead of 68 points", m.landmarks.name(), len(out[0]))
	}
	// Of the usual 68: the lids' four points are an eye, 30 the nose's tip, outer and inner
	// corner together a corner of the mouth.
	for i, of := range [5][]int{{37, 38, 40, 41}, {43, 44, 46, 47}, {30}, {48, 60}, {54, 64}} {
		for _, k := range of {
			p[i].X += out[0][2*k] / float32(len(of))
			p[i].Y += out[0][2*k+1] / float32(len(of))
		}
		p[i] = vision.Point{X: p[i].X*float32(r.Dx()) + float32(r.Min.X), Y: p[i].Y*float32(r.Dy()) + float32(r.Min.Y)}
	}
	return p, nil
}
