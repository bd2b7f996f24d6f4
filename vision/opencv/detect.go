//go:build vision

package opencv

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gocv.io/x/gocv"

	"github.com/gatehouse-iot/gatehouse/vision"
)

const (
	minScore = 0.6 // of the detector; package vision has stricter limits
	minFace  = 8   // pixels
)

// The smallest faces that the two kinds of detector find reliably, in pixels of their input:
// TestRecallBySize finds 19 of 20 of this size, and all that are one sixth larger.
const (
	reachRFB   = 12
	reachYuNet = 10
)

// widest is the aspect ratio up to which a picture may be squeezed into the input of an Ultra-Light
// RFB; wider and upright pictures are padded with black.
const widest = 16.0 / 9

// Detect implements vision.Detector, for video.
func (m *Models) Detect(f vision.Frame) ([]vision.Face, error) { return m.search(f, m.Tiling) }

// photoDetector searches with vision.PhotoTiling.
type photoDetector struct{ *Models }

// Detect implements vision.Detector.
func (d photoDetector) Detect(f vision.Frame) ([]vision.Face, error) {
	return d.search(f, vision.PhotoTiling())
}

// Plan is how pictures of a size are searched, and the smallest face found in them.
func (m *Models) Plan(width, height int) vision.Plan {
	return m.Tiling.Plan(width, height, m.reach)
}

// reach implements vision.Reach.
func (m *Models) reach(width, height int) float64 {
	h, w := m.detector.size()
	if m.yunet {
		return reachYuNet * max(float64(width)/float64(w), float64(height)/float64(h), 1)
	}
	width, height = shaped(width, height)
	return reachRFB * max(float64(width)/float64(w), float64(height)/float64(h))
}

// search runs the detector on each part of a picture.
func (m *Models) search(f vision.Frame, t vision.Tiling) ([]vision.Face, error) {
	mat, err := toMat(f)
	if err != nil {
		return nil, err
	}
	defer mat.Close()
	plan := t.Plan(f.Width, f.Height, m.reach)
	found := make([][]vision.Face, len(plan.Parts))
	for i, r := range plan.Parts {
		if found[i], err = m.detectIn(mat, r); err != nil {
			return nil, err
		}
	}
	faces := plan.Merge(found)
	if m.yunet {
		return faces, nil
	}
	for i := range faces {
		if faces[i].Points, err = m.points(mat, faces[i].Box); err != nil {
			return nil, err
		}
	}
	return faces, nil
}

// detectIn runs the detector once, on a part of a picture.
func (m *Models) detectIn(mat gocv.Mat, r image.Rectangle) ([]vision.Face, error) {
	part := mat.Region(r)
	defer part.Close()
	detect := m.detectRFB
	if m.yunet {
		detect = m.detectYuNet
	}
	faces, err := detect(part)
	if err != nil {
		return nil, err
	}
	x, y := float32(r.Min.X), float32(r.Min.Y)
	for i := range faces {
		faces[i].Box.X += x
		faces[i].Box.Y += y
		for k := range faces[i].Points {
			faces[i].Points[k].X += x
			faces[i].Points[k].Y += y
		}
	}
	return usable(faces, mat), nil
}

// shaped is the size of a picture after padding to an aspect ratio that the RFB tolerates.
func shaped(width, height int) (int, int) {
	// squeezing an upright picture would make its faces too broad to be found
	width = max(width, height)
	return width, max(height, int(math.Ceil(float64(width)/widest)))
}

// detectRFB runs an Ultra-Light RFB. Input: the picture squeezed to the model's size, in the order
// red, green, blue, (v-127)/128. It outputs pairs of scores and corners, both 0…1.
func (m *Models) detectRFB(mat gocv.Mat) ([]vision.Face, error) {
	h, w := m.detector.size()
	width, height := shaped(mat.Cols(), mat.Rows())
	small, err := fitted(mat, min((mat.Cols()*w+width/2)/width, w),
		min((mat.Rows()*h+height/2)/height, h), w, h)
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
		return nil, fmt.Errorf("%s gave %d scores and %d corners", m.detector.name(), n,
			len(out[1]))
	}
	fw, fh := float32(width), float32(height)
	var faces []vision.Face
	for i := 0; i < n; i++ {
		if s := out[0][2*i+1]; s >= minScore {
			b := out[1][4*i : 4*i+4]
			faces = append(faces, vision.Face{Score: s, Box: vision.Box{
				X: b[0] * fw,
				Y: b[1] * fh,
				W: (b[2] - b[0]) * fw,
				H: (b[3] - b[1]) * fh,
			}})
		}
	}
	return faces, nil
}

// detectYuNet runs a YuNet of fixed input size. Input: the picture, shrunk if it is larger, in the
// top left corner of a black one, in the order blue, green, red, 0…255. It outputs for each of the
// strides 8, 16 and 32 pixels class, objectness, box and five points.
func (m *Models) detectYuNet(mat gocv.Mat) ([]vision.Face, error) {
	h, w := m.detector.size()
	k := min(float64(w)/float64(mat.Cols()), float64(h)/float64(mat.Rows()), 1)
	box, err := fitted(
		mat,
		int(float64(mat.Cols())*k),
		int(float64(mat.Rows())*k),
		w,
		h,
	)
	if err != nil {
		return nil, err
	}
	defer box.Close()
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
		part, err := yunetLevel(out[i], out[3+i], out[6+i], out[9+i], step, w/step, h/step,
			float32(1/k))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.detector.name(), err)
		}
		faces = append(faces, part...)
	}
	return faces, nil
}

// fitted resizes a picture to w by h pixels and pads it with black at the right and the bottom; the
// caller closes it.
func fitted(mat gocv.Mat, w, h, width, height int) (gocv.Mat, error) {
	small, err := resize(mat, max(w, 1), max(h, 1))
	if err != nil || small.Cols() == width && small.Rows() == height {
		return small, err
	}
	defer small.Close()
	out := gocv.NewMat()
	if err := gocv.CopyMakeBorder(small, &out, 0, height-small.Rows(), 0, width-small.Cols(),
		gocv.BorderConstant, color.RGBA{}); err != nil {
		out.Close()
		return gocv.Mat{}, fmt.Errorf("pad: %w", err)
	}
	return out, nil
}

func yunetLevel(
	class, object, boxes, points []float32, step, cols, rows int, scale float32,
) ([]vision.Face, error) {
	n := cols * rows
	if len(class) != n || len(object) != n || len(boxes) != 4*n || len(points) != 10*n {
		return nil, fmt.Errorf("outputs for step %d have %d, %d, %d and %d numbers for %d places",
			step, len(class), len(object), len(boxes), len(points), n)
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
		f := vision.Face{Score: min(score, 1), Box: vision.Box{
			X: (c+b[0])*s - bw/2,
			Y: (r+b[1])*s - bh/2,
			W: bw,
			H: bh,
		}}
		for k := range f.Points {
			f.Points[k] = vision.Point{
				X: (p[2*k] + c) * s,
				Y: (p[2*k+1] + r) * s,
			}
		}
		faces = append(faces, f)
	}
	return faces, nil
}

// usable drops boxes outside the picture and those that are not valid.
func usable(faces []vision.Face, mat gocv.Mat) []vision.Face {
	picture := image.Rect(0, 0, mat.Cols(), mat.Rows())
	keep := faces[:0]
	for _, f := range faces {
		b := f.Box
		if !(b.W >= minFace && b.H >= minFace && b.W <= 2*float32(picture.Dx()) &&
			b.H <= 2*float32(picture.Dy())) {
			continue
		}
		if r := image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)).Intersect(picture); r.Dx() < minFace ||
			r.Dy() < minFace {
			continue
		}
		keep = append(keep, f)
	}
	return keep
}

// points finds the five points with a model of 68 landmarks. Input: the box cut out, grey, v/256.
// It outputs pairs of coordinates, 0…1 of the box.
func (m *Models) points(mat gocv.Mat, b vision.Box) (p [5]vision.Point, err error) {
	r := image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)).Intersect(image.Rect(0, 0,
		mat.Cols(), mat.Rows()))
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
		return p, fmt.Errorf("%s gave %d numbers instead of 68 points", m.landmarks.name(),
			len(out[0]))
	}
	// Of the usual 68: an eye is the mean of four eyelid points, the nose's tip is 30, and a corner
	// of the mouth the mean of its outer and inner corner.
	for i, of := range [5][]int{{37, 38, 40, 41}, {43, 44, 46, 47}, {30}, {48, 60}, {54, 64}} {
		for _, k := range of {
			p[i].X += out[0][2*k] / float32(len(of))
			p[i].Y += out[0][2*k+1] / float32(len(of))
		}
		p[i] = vision.Point{
			X: p[i].X*float32(r.Dx()) + float32(r.Min.X),
			Y: p[i].Y*float32(r.Dy()) + float32(r.Min.Y),
		}
	}
	return p, nil
}
