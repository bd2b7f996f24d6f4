//go:build vision

package opencv

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"os"

	"gocv.io/x/gocv"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// Config names the model files.
type Config struct {
	Library   string // ONNX Runtime
	Detector  string // Ultra-Light RFB or YuNet, told apart by their outputs
	Landmarks string // 68 points; not needed with YuNet, which finds five itself
	Embedder  string // 112x112 -> a vector
	AntiSpoof string // "" skips the liveness check

	Tiling vision.Tiling // for video; zero: vision.VideoTiling
}

// Models holds the loaded models. Its methods may be called from several goroutines, but not after
// Close.
type Models struct {
	Tiling vision.Tiling // for video; not changed after Open

	detector, landmarks, embedder, spoof *network
	embedderSum                          string
	yunet                                bool
	dim                                  int
}

// Open loads the models and runs each once, so that a wrong file fails here and not at the first
// face. It must not be called concurrently.
func Open(c Config) (*Models, error) {
	if err := startRuntime(c.Library); err != nil {
		return nil, err
	}
	gocv.SetNumThreads(1)
	m := &Models{Tiling: c.Tiling}
	if m.Tiling == (vision.Tiling{}) {
		m.Tiling = vision.VideoTiling()
	}
	if err := m.load(c); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Models) load(c Config) (err error) {
	if m.detector, err = openNetwork("detector", c.Detector, 3); err != nil {
		return err
	}
	switch len(m.detector.outputs) {
	case 2:
		if m.landmarks, err = openNetwork("landmarks", c.Landmarks, 1); err != nil {
			return err
		}
	case 12:
		m.yunet = true
	default:
		return gatehouse.FieldErrorf("detector",
			"%q has %d outputs; give an Ultra-Light RFB model (2) or a YuNet (12)", c.Detector,
			len(m.detector.outputs))
	}
	if m.embedder, err = openNetwork("embedder", c.Embedder, 3); err != nil {
		return err
	}
	if m.embedderSum, err = checksum(c.Embedder); err != nil {
		return gatehouse.FieldErrorf("embedder", "%v", err)
	}
	if c.AntiSpoof != "" {
		if m.spoof, err = openNetwork("antispoof", c.AntiSpoof, 3); err != nil {
			return err
		}
	}
	return m.try()
}

// try runs every model on a grey picture.
func (m *Models) try() error {
	grey := vision.Frame{
		Width:  160,
		Height: 120,
		Pix:    make([]byte, 160*120*3),
	}
	for i := range grey.Pix {
		grey.Pix[i] = 128
	}
	if h, w := m.detector.size(); h < 32 || w < 32 {
		return gatehouse.FieldErrorf("detector",
			"the model declares pictures of %dx%d; one with a fixed size is needed", w, h)
	}
	if _, err := m.Detect(grey); err != nil {
		return gatehouse.FieldErrorf("detector", "%v", err)
	}
	face := vision.Face{Box: vision.Box{
		X: 30,
		Y: 20,
		W: 60,
		H: 60,
	}}
	if m.landmarks != nil {
		if h, w := m.landmarks.size(); h < 16 || w < 16 {
			return gatehouse.FieldErrorf("landmarks",
				"the model declares pictures of %dx%d; one with a fixed size is needed", w, h)
		}
		mat, err := toMat(grey)
		if err != nil {
			return err
		}
		defer mat.Close()
		if _, err := m.points(mat, face.Box); err != nil {
			return gatehouse.FieldErrorf("landmarks", "%v", err)
		}
	}
	if h, w := m.embedder.size(); h != vision.AlignedSize || w != vision.AlignedSize {
		return gatehouse.FieldErrorf("embedder",
			"the model takes %dx%d pixels; one that takes %dx%d is needed", w, h,
			vision.AlignedSize, vision.AlignedSize)
	}
	face.Points = vision.AlignedPoints()
	aligned, err := m.Align(grey, face)
	if err != nil {
		return err
	}
	v, err := m.Embed(aligned)
	if err != nil {
		return gatehouse.FieldErrorf("embedder", "%v", err)
	}
	if m.dim = len(v); m.dim > gatehouse.MaxEmbedding {
		return gatehouse.FieldErrorf("embedder",
			"the model gives %d numbers; at most %d are taken", m.dim, gatehouse.MaxEmbedding)
	}
	if m.spoof != nil {
		if _, err := m.Live(grey, face); err != nil {
			return gatehouse.FieldErrorf("antispoof", "%v", err)
		}
	}
	return nil
}

// Chain returns the loaded models as a vision.Chain, for video.
func (m *Models) Chain() vision.Chain {
	c := vision.Chain{
		Detector: m,
		Embedder: m,
	}
	if m.spoof != nil {
		c.Liveness = m
	}
	return c
}

// PhotoChain is Chain for photographs, with vision.PhotoTiling.
func (m *Models) PhotoChain() vision.Chain {
	c := m.Chain()
	c.Detector = photoDetector{m}
	return c
}

// Name names the embedding model; only templates of the same name can be compared. It contains the
// file's name and, unless it is set-up's, the start of its checksum, since another model may have
// the same file name.
func (m *Models) Name() string {
	name := fmt.Sprintf("%s-%d", m.embedder.name(), m.dim)
	if m.embedderSum == setUpEmbedder {
		return name // as in templates that predate checksums in names
	}
	return name + "-" + m.embedderSum[:8]
}

// setUpEmbedder is the checksum of the embedder that deploy/setup/assets.sh fetches.
const setUpEmbedder = "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581"

// checksum is the SHA-256 of a file, in hexadecimal.
func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Close frees the models. It may be called twice.
func (m *Models) Close() {
	for _, s := range []**network{&m.detector, &m.landmarks, &m.embedder, &m.spoof} {
		(*s).close()
		*s = nil
	}
}

// Align implements vision.Embedder.
func (m *Models) Align(f vision.Frame, face vision.Face) (vision.Frame, error) {
	t, ok := vision.Similarity(face.Points, vision.AlignedPoints())
	if !ok {
		return vision.Frame{}, fmt.Errorf("the face's points coincide")
	}
	src, err := toMat(f)
	if err != nil {
		return vision.Frame{}, err
	}
	defer src.Close()
	turn := gocv.NewMatWithSize(2, 3, gocv.MatTypeCV64F)
	defer turn.Close()
	for i, v := range t {
		turn.SetDoubleAt(i/3, i%3, v)
	}
	out := gocv.NewMat()
	defer out.Close()
	if err := gocv.WarpAffineWithParams(src, &out, turn,
		image.Pt(vision.AlignedSize, vision.AlignedSize), gocv.InterpolationLinear,
		gocv.BorderConstant, color.RGBA{}); err != nil {
		return vision.Frame{}, fmt.Errorf("warp: %w", err)
	}
	return toFrame(out)
}

// Embed implements vision.Embedder: blue, green, red, (v-127.5)/127.5.
func (m *Models) Embed(aligned vision.Frame) ([]float32, error) {
	if aligned.Width != vision.AlignedSize || aligned.Height != vision.AlignedSize {
		return nil, fmt.Errorf("an aligned face has %d pixels a side, this one is %dx%d",
			vision.AlignedSize, aligned.Width, aligned.Height)
	}
	mat, err := toMat(aligned)
	if err != nil {
		return nil, err
	}
	defer mat.Close()
	in, err := planes(mat, 127.5, 1/127.5, false)
	if err != nil {
		return nil, err
	}
	out, err := m.embedder.run(in)
	if err != nil {
		return nil, err
	}
	if len(out) == 0 || !vision.Normalize(out[0]) {
		return nil, fmt.Errorf("%s gave no direction", m.embedder.name())
	}
	return out[0], nil
}

// Live implements vision.Liveness with a MiniFASNet. Input: the face with a margin, 1.5 times its
// size, in the order red, green, blue, 0…1. The first output is the score of a real face.
func (m *Models) Live(f vision.Frame, face vision.Face) (float64, error) {
	src, err := toMat(f)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	side := 1.5 * max(face.Box.W, face.Box.H)
	cx, cy := face.Box.X+face.Box.W/2, face.Box.Y+face.Box.H/2
	crop, err := cut(src, vision.Box{
		X: cx - side/2,
		Y: cy - side/2,
		W: side,
		H: side,
	})
	if err != nil {
		return 0, err
	}
	defer crop.Close()
	h, w := m.spoof.size()
	small, err := resize(crop, w, h)
	if err != nil {
		return 0, err
	}
	defer small.Close()
	in, err := planes(small, 0, 1.0/255, true)
	if err != nil {
		return 0, err
	}
	out, err := m.spoof.run(in)
	if err != nil {
		return 0, err
	}
	if len(out) == 0 || len(out[0]) != 2 {
		return 0, fmt.Errorf("%s gave %d outputs instead of two numbers", m.spoof.name(), len(out))
	}
	return 1 / (1 + math.Exp(float64(out[0][1]-out[0][0]))), nil
}

// cut copies the part of a picture that lies in the box; the caller closes it.
func cut(m gocv.Mat, b vision.Box) (gocv.Mat, error) {
	r := image.Rect(int(b.X), int(b.Y), int(b.X+b.W), int(b.Y+b.H)).Intersect(image.Rect(0, 0,
		m.Cols(), m.Rows()))
	if r.Dx() < 2 || r.Dy() < 2 {
		return gocv.Mat{}, fmt.Errorf("the box %v lies outside the picture", b)
	}
	part := m.Region(r)
	defer part.Close()
	return part.Clone(), nil
}
