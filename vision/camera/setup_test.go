//go:build vision

package main

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/sim"
	"github.com/gatehouse-iot/gatehouse/vision"
	"github.com/gatehouse-iot/gatehouse/vision/opencv"
)

// patience is how long a test waits for an expected observation.
const patience = 30 * time.Second

// cache is the folder that deploy/setup/assets.sh fills; without it the test is skipped.
func cache(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_CACHE")
	if dir == "" {
		dir = "../../.cache"
	}
	if _, err := os.Stat(filepath.Join(dir, "models", "fr_feature.onnx")); err != nil {
		t.Skipf("no models in %s: run deploy/setup/assets.sh", dir)
	}
	return dir
}

func media(t testing.TB, name string) string { return filepath.Join(cache(t), "media", name) }

// configured returns a driver with its models loaded.
func configured(t testing.TB, settings map[string]string) *driver {
	t.Helper()
	in := map[string]string{
		"models_dir": filepath.Join(cache(t), "models"),
		"fps":        "10",
		"repeat":     "2",
	}
	for k, v := range settings {
		in[k] = v
	}
	d := newDriver()
	if err := d.Configure(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.setup.models.Close)
	return d
}

// rtsp starts simulated cameras and returns the address that they listen on.
func rtsp(t testing.TB, paths map[string]string, user, password string) string {
	t.Helper()
	s, err := sim.NewRTSP("127.0.0.1:0", paths, user, password)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("simulated cameras: %v", err)
		}
	})
	return s.Addr()
}

func device(url string) drivers.Device {
	return drivers.Device{
		ID:      "gate-camera",
		Address: map[string]string{"url": url},
		Secret:  map[string]string{},
	}
}

// gateway records what a driver emits, and validates it as the gateway does.
type gateway struct {
	t       testing.TB
	profile gatehouse.Profile

	mu   sync.Mutex
	all  []gatehouse.Observation
	more chan struct{}
}

func newGateway(t testing.TB, d *driver) *gateway {
	return &gateway{t: t, profile: d.Describe().Profiles[0], more: make(chan struct{}, 1)}
}

func (g *gateway) emit(_ context.Context, obs ...gatehouse.Observation) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range obs {
		o.Device = "gate-camera"
		if _, err := gatehouse.Admit(gatehouse.Device{ID: "gate-camera", Enabled: true}, g.profile,
			o, time.Now()); err != nil {
			g.t.Errorf("the gateway refuses %+v: %v", o, err)
		}
		g.all = append(g.all, o)
	}
	select {
	case g.more <- struct{}{}:
	default:
	}
	return nil
}

// wait returns the first observation that matches; the test fails if none comes.
func (g *gateway) wait(what string, want func(gatehouse.Observation) bool) gatehouse.Observation {
	g.t.Helper()
	deadline := time.After(patience)
	for {
		g.mu.Lock()
		for _, o := range g.all {
			if want(o) {
				g.mu.Unlock()
				return o
			}
		}
		g.mu.Unlock()
		select {
		case <-g.more:
		case <-deadline:
			g.t.Fatalf("no %s within %v", what, patience)
		}
	}
}

func isSighting(o gatehouse.Observation) bool { return o.Sighting != nil }
func isReading(o gatehouse.Observation) bool {
	return o.Reading != nil && o.Reading.Values["fps"] != gatehouse.Value{}
}

// connect serves a device until stop or the end of the test.
func connect(t testing.TB, d *driver, dev drivers.Device, emit drivers.Emit) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Connect(ctx, dev, emit) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() {
			cancel()
			select {
			case err = <-done:
			case <-time.After(drivers.StopTimeout):
				t.Errorf("Connect did not end within %v", drivers.StopTimeout)
			}
		})
		return err
	}
	t.Cleanup(func() { stop() })
	return stop
}

// still is one picture of a recorded video as a JPEG.
func still(t testing.TB, name string, number int) []byte {
	t.Helper()
	r, err := opencv.ReadMP4(media(t, name))
	if err != nil {
		t.Fatal(err)
	}
	d, err := opencv.NewDecoder(r.Codec)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, u := range r.Units {
		n, err := d.Decode(u)
		if err != nil {
			t.Fatal(err)
		}
		if number -= n; number <= 0 && n > 0 {
			f, err := d.Picture(maxWidth)
			if err != nil {
				t.Fatal(err)
			}
			return encoded(t, picturesque(f))
		}
	}
	t.Fatalf("%s has no picture %d", name, number)
	return nil
}

// picturesque converts a frame to an image.
func picturesque(f vision.Frame) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, f.Width, f.Height))
	for i := range f.Width * f.Height {
		copy(img.Pix[4*i:], []byte{f.Pix[3*i+2], f.Pix[3*i+1], f.Pix[3*i], 255})
	}
	return img
}

func encoded(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// enrolled is the embedding that the driver computes from a photograph.
func enrolled(t testing.TB, d *driver, photo []byte) []float32 {
	t.Helper()
	r, err := d.Command(context.Background(),
		drivers.Command{ID: "1", Action: "enrol", Data: photo})
	if err != nil {
		t.Fatal(err)
	}
	v, err := vision.DecodeEmbedding(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// spoken returns the gatehouse.Error in err; the test fails if there is none.
func spoken(t testing.TB, err error) *gatehouse.Error {
	t.Helper()
	var e *gatehouse.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T %v, want an error for people", err, err)
	}
	return e
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
