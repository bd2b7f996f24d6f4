//go:build vision

package opencv_test

import (
	"bytes"
	"image"
	_ "image/jpeg"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

func stills(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(cache(t), "media", "franck_*.jpg"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d stills: %v", len(files), err)
	}
	return files
}

// only returns the face of a picture with exactly one.
func only(t *testing.T, c vision.Chain, f vision.Frame) vision.Seen {
	t.Helper()
	seen, err := c.Look(f, vision.VideoLimits(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Fault != "" {
		t.Fatalf("got %d faces, want one good one: %+v", len(seen), seen)
	}
	return seen[0]
}

// Both detectors find the same man in the same places, so one may be used for enrolment and the
// other for cameras.
func TestBothDetectorsAgree(t *testing.T) {
	cfg := config(t)
	rfb := models(t, cfg).Chain()
	cfg.Detector, cfg.Landmarks = shared(t, "models/yunet_n_640_640.onnx"), ""
	yunet := models(t, cfg).Chain()
	for _, p := range stills(t) {
		f := photograph(t, p)
		a, b := only(t, rfb, f), only(t, yunet, f)
		iou, like := a.Face.Box.IoU(b.Face.Box), vision.Cosine(a.Embedding, b.Embedding)
		if iou < 0.5 || like < 0.85 {
			t.Errorf("%s: boxes overlap by %.2f, embeddings' cosine %.3f; want 0.5 and 0.85 at "+
				"least",
				filepath.Base(p), iou, like)
		}
	}
}

func TestLivenessBelievesARealFace(t *testing.T) {
	cfg := config(t)
	cfg.AntiSpoof = shared(t, "models/antispoof_minifasnet_98.20.onnx")
	m := models(t, cfg)
	c := m.Chain()
	believed := 0
	files := stills(t)
	for _, p := range files {
		seen, err := c.Look(photograph(t, p), vision.VideoLimits(), nil)
		if err != nil || len(seen) != 1 {
			t.Fatalf("%d faces: %v", len(seen), err)
		}
		if seen[0].Fault == "" {
			believed++
		}
		live, err := m.Live(photograph(t, p), seen[0].Face)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.3f", filepath.Base(p), live)
		if (live >= 0.5) != (seen[0].Fault == "") {
			t.Errorf("live %.3f, fault %q", live, seen[0].Fault)
		}
	}
	if believed < len(files)*3/4 {
		t.Errorf("%d of %d stills are believed, want three quarters at least", believed, len(files))
	}
}

// Many goroutines share the models and get the same results as one alone.
func TestModelsAreShared(t *testing.T) {
	c := models(t, config(t)).Chain()
	f := photograph(t, stills(t)[0])
	want := only(t, c, f).Embedding
	var g errgroup.Group
	got := make([][]float32, 8)
	for i := range got {
		g.Go(func() error {
			seen, err := c.Look(f, vision.VideoLimits(), nil)
			if err == nil && len(seen) == 1 {
				got[i] = seen[0].Embedding
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, v := range got {
		if like := vision.Cosine(v, want); like < 0.9999 {
			t.Errorf("goroutine %d: cosine %.5f, want 1", i, like)
		}
	}
}

// Invalid frames are refused with an error before C sees them.
func TestOddFramesAreRefused(t *testing.T) {
	m := models(t, config(t))
	for name, f := range map[string]vision.Frame{
		"empty":     {},
		"too short": {Width: 100, Height: 100, Pix: make([]byte, 100)},
		"negative":  {Width: -1, Height: -1, Pix: make([]byte, 3)},
		"no height": {Width: 10, Height: 0},
	} {
		if _, err := m.Detect(f); err == nil {
			t.Errorf("%s: Detect takes it", name)
		}
		if _, err := m.Align(f, vision.Face{Points: vision.AlignedPoints()}); err == nil {
			t.Errorf("%s: Align takes it", name)
		}
		if _, err := m.Embed(f); err == nil {
			t.Errorf("%s: Embed takes it", name)
		}
		if _, err := opencv.JPEG(f, 1000); err == nil {
			t.Errorf("%s: JPEG takes it", name)
		}
	}
	one := vision.Frame{Width: 1, Height: 1, Pix: make([]byte, 3)}
	if faces, err := m.Detect(one); err != nil || len(faces) != 0 {
		t.Errorf("one pixel: got %d faces, %v, want none", len(faces), err)
	}
	if _, err := m.Align(one, vision.Face{}); err == nil {
		t.Error("points that coincide are aligned")
	}
}

func TestJPEGKeepsItsLimit(t *testing.T) {
	f := vision.Frame{Width: 640, Height: 480, Pix: make([]byte, 640*480*3)}
	for i := range f.Pix { // noise, which compresses badly
		f.Pix[i] = byte(i * i >> 3 * 7)
	}
	for _, limit := range []int{200 << 10, 20 << 10} {
		b, err := opencv.JPEG(f, limit, vision.Box{X: -10, Y: 10, W: 100, H: 1e9})
		if err != nil || len(b) > limit {
			t.Errorf("limit %d: got %d bytes, %v", limit, len(b), err)
		}
		if _, kind, err := image.DecodeConfig(bytes.NewReader(b)); err != nil || kind != "jpeg" {
			t.Errorf("limit %d: got %q, %v", limit, kind, err)
		}
	}
	if b, err := opencv.JPEG(f, 10); err == nil {
		t.Errorf("limit 10: got %d bytes and no error", len(b))
	}
}

// For any input, the decoder returns an error or a picture, and recovers at the next key frame.
func FuzzDecode(f *testing.F) {
	r, err := opencv.ReadMP4(filepath.Join(cache(f), "media", "cap13_edit2.mp4"))
	if err != nil {
		f.Fatal(err)
	}
	key, next := r.Units[0], r.Units[1]
	for _, n := range append(key, next...) {
		f.Add(n)
	}
	f.Add([]byte{})
	f.Add([]byte{0x65})
	f.Add([]byte{0x67, 0xff, 0xff, 0xff, 0xff})
	f.Add(sps264(512, 512, 16))
	f.Add(sps264(8192, 8192, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := opencv.NewDecoder(opencv.H264)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		d.Prepare([][]byte{data})
		for _, unit := range [][][]byte{key, {data}, next, {data, data}} {
			if n, _ := d.Decode(unit); n > 0 {
				if f, err := d.Picture(160); err == nil && !f.Valid() {
					t.Errorf("got a picture of %dx%d with %d bytes", f.Width, f.Height, len(f.Pix))
				}
			}
		}
		pictures := 0
		for i := 0; i < 40 && pictures == 0; i++ {
			pictures, _ = d.Decode(r.Units[i])
		}
		if pictures == 0 {
			t.Error("no picture came after a key frame")
		}
	})
}

func TestReadMP4Refuses(t *testing.T) {
	dir := cache(t)
	for _, p := range []string{
		"missing.mp4",
		"media/LICENSE.txt",
		"media/franck_02221.jpg",
		"models/fr_detect.onnx",
	} {
		if r, err := opencv.ReadMP4(filepath.Join(dir, p)); err == nil {
			t.Errorf("%s: got %d units and no error", p, len(r.Units))
		}
	}
}
