package vision_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// quarters is a picture of four colours, so that every rotation and mirroring shows.
func quarters(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 220, A: 255}
			switch {
			case y < h/2 && x >= w/2:
				c = color.NRGBA{G: 220, A: 255}
			case y >= h/2 && x < w/2:
				c = color.NRGBA{B: 220, A: 255}
			case y >= h/2:
				c = color.NRGBA{R: 220, G: 220, B: 220, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oriented puts an Exif segment with an orientation into a JPEG, in either byte order.
func oriented(photo []byte, orientation uint16, order binary.AppendByteOrder) []byte {
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2) // entries
	tiff = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0100), 4), 1),
		1, 2, 3, 4)
	tiff = order.AppendUint16(
		order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, 0x0112), 3), 1),
		orientation)
	tiff = append(tiff, 0, 0, 0, 0, 0, 0)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, photo[:2]...)
	out = append(out, 0xff, 0xe1, byte((len(body)+2)>>8), byte(len(body)+2))
	return append(append(out, body...), photo[2:]...)
}

// corner names the colour of a frame near one of its corners.
func corner(f vision.Frame, x, y int) string {
	p := f.Pix[3*(y*f.Width+x):]
	name := ""
	for i, n := range []string{"blue", "green", "red"} {
		if p[i] > 128 {
			name += n
		}
	}
	return name
}

func TestReadPhotoTurnsAsExifAsks(t *testing.T) {
	plain := asJPEG(t, quarters(120, 80))
	// Upper left and lower right corner of the upright picture.
	want := map[uint16][2]string{
		1: {"red", "bluegreenred"},
		2: {"green", "blue"}, 3: {"bluegreenred", "red"}, 4: {"blue", "green"},
		5: {"red", "bluegreenred"},
		6: {"blue", "green"}, 7: {"bluegreenred", "red"}, 8: {"green", "blue"},
		0: {"red", "bluegreenred"},
		9: {"red", "bluegreenred"},
	}
	for o, w := range want {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			f, err := vision.ReadPhoto(oriented(plain, o, order))
			if err != nil {
				t.Fatal(err)
			}
			if upright := o >= 5 && o <= 8; (f.Width == 80) != upright {
				t.Errorf("orientation %d: got %dx%d", o, f.Width, f.Height)
			}
			if got := [2]string{corner(f, 5, 5), corner(f, f.Width-6, f.Height-6)}; got != w {
				t.Errorf("orientation %d: got corners %v, want %v", o, got, w)
			}
		}
	}
}

func TestReadPhotoTakesTheUsualKinds(t *testing.T) {
	m := quarters(120, 80)
	grey := image.NewGray(m.Bounds())
	deep := image.NewNRGBA64(m.Bounds())
	for y := range 80 {
		for x := range 120 {
			grey.Set(x, y, m.At(x, y))
			deep.Set(x, y, m.At(x, y))
		}
	}
	for name, b := range map[string][]byte{
		"JPEG":       asJPEG(t, m),
		"grey JPEG":  asJPEG(t, grey),
		"PNG":        asPNG(t, m),
		"16-bit PNG": asPNG(t, deep),
	} {
		f, err := vision.ReadPhoto(b)
		if err != nil || !f.Valid() || f.Width != 120 || f.Height != 80 {
			t.Errorf("%s: got %dx%d, %v, want 120x80, nil", name, f.Width, f.Height, err)
		}
	}
	clear, err := vision.ReadPhoto(asPNG(t, image.NewNRGBA(m.Bounds())))
	if err != nil || corner(clear, 5, 5) != "bluegreenred" {
		t.Errorf("transparent PNG: got %q, %v, want white, nil", corner(clear, 5, 5), err)
	}
}

// claim is a PNG header that declares a size, without any pixels.
func claim(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func TestReadPhotoRefuses(t *testing.T) {
	photo := asJPEG(t, quarters(400, 300))
	var asGIF bytes.Buffer
	if err := gif.Encode(&asGIF, quarters(100, 100), nil); err != nil {
		t.Fatal(err)
	}
	spoiled := bytes.Clone(photo)
	copy(spoiled[len(spoiled)/2:], bytes.Repeat([]byte{0xff, 0xd8}, 40))
	for _, c := range []struct {
		name string
		data []byte
		code gatehouse.Code
		says string
	}{
		{"nothing", nil, gatehouse.Invalid, "no photograph was sent"},
		{"text", []byte("Name,Class\nAnna,7-2\n"), gatehouse.Invalid, "no JPEG or PNG"},
		{"GIF", asGIF.Bytes(), gatehouse.Invalid, "no JPEG or PNG"},
		{"half a JPEG", photo[:len(photo)/2], gatehouse.Invalid, "damaged, or ends"},
		{"half a PNG", asPNG(t, quarters(400, 300))[:300], gatehouse.Invalid, "damaged, or ends"},
		{"a header alone", photo[:20], gatehouse.Invalid, "damaged, or ends"},
		{"spoiled", spoiled, gatehouse.Invalid, "damaged, or ends"},
		{
			"many bytes",
			append(bytes.Clone(photo), make([]byte, 8<<20)...),
			gatehouse.TooLarge,
			"8.0 MB",
		},
		{"many pixels", claim(10_000, 5_001), gatehouse.TooLarge, "50 million"},
		{
			"more pixels than there are numbers",
			claim(60_000, 1<<31-1),
			gatehouse.TooLarge,
			"50 million",
		},
		{"few pixels", asPNG(t, quarters(40, 300)), gatehouse.Invalid, "only 40x300"},
		{
			"long and narrow",
			asPNG(t, image.NewGray(image.Rect(0, 0, 40_000, 70))),
			gatehouse.Invalid,
			"narrow",
		},
	} {
		_, err := vision.ReadPhoto(c.data)
		var e *gatehouse.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Field != "photo" ||
			!strings.Contains(e.Message, c.says) {
			t.Errorf("%s: got %v, want %s about %q", c.name, err, c.code, c.says)
		}
	}
}

func FuzzReadPhoto(f *testing.F) {
	photo := asJPEG(f, quarters(80, 70))
	f.Add(photo)
	f.Add(oriented(photo, 6, binary.LittleEndian))
	f.Add(oriented(photo, 8, binary.BigEndian)[:60])
	f.Add(asPNG(f, quarters(80, 70)))
	f.Add(claim(1<<31-1, 3))
	f.Add([]byte{0xff, 0xd8, 0xff, 0xe1, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := vision.ReadPhoto(data)
		if err == nil && !frame.Valid() {
			t.Errorf("got a frame of %dx%d with %d bytes and no error", frame.Width, frame.Height,
				len(frame.Pix))
		}
		var e *gatehouse.Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("got %T %v, want an error for people", err, err)
		}
	})
}

func TestOnlyFace(t *testing.T) {
	of := func(size float64, fault vision.Fault) vision.Seen {
		return vision.Seen{Measure: vision.Measure{Size: size, Score: 0.95}, Fault: fault}
	}
	doubtful := of(190, "")
	doubtful.Measure.Score = 0.65
	for _, c := range []struct {
		name string
		seen []vision.Seen
		says string // "" means accepted
	}{
		{"one", []vision.Seen{of(200, "")}, ""},
		{
			"one before a crowd far behind",
			[]vision.Seen{of(200, ""), of(60, ""), of(50, vision.TooSmall)},
			"",
		},
		{"a pattern on a shirt", []vision.Seen{of(200, ""), doubtful}, ""},
		{"none", nil, "no face"},
		{"two", []vision.Seen{of(200, ""), of(150, vision.Turned)}, "2 people"},
		{"small", []vision.Seen{of(40, vision.TooSmall)}, "only 40 pixels"},
		{"unsure", []vision.Seen{of(200, vision.Uncertain)}, "mask"},
		{"turned", []vision.Seen{of(200, vision.Turned)}, "straight into the camera"},
		{"dark", []vision.Seen{of(200, vision.TooDark)}, "more light"},
		{"bright", []vision.Seen{of(200, vision.TooBright)}, "too bright"},
		{"flat", []vision.Seen{of(200, vision.TooFlat)}, "contrast"},
		{"blurred", []vision.Seen{of(200, vision.Blurred)}, "blurred"},
		{"a screen", []vision.Seen{of(200, vision.NotLive)}, "screen"},
	} {
		got, err := vision.OnlyFace(c.seen)
		if c.says == "" {
			if err != nil || got.Measure.Size != 200 {
				t.Errorf("%s: got %+v, %v, want the large face", c.name, got.Measure, err)
			}
			continue
		}
		if gatehouse.ErrorCode(err) != gatehouse.Invalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want invalid about %q", c.name, err, c.says)
		}
	}
}
