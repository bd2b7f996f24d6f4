package vision_test

import (
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// The orientation tag is found behind fill bytes and other segments, and in a PNG's own chunk.
func TestReadPhotoFindsTheNoteOnTurning(t *testing.T) {
	lying := oriented(asJPEG(t, quarters(120, 80)), 6, binary.LittleEndian)
	with := func(before string) []byte {
		return append(append(append([]byte{}, lying[:2]...), before...), lying[2:]...)
	}
	flat := asPNG(t, quarters(120, 80))
	tiff := append([]byte("II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"),
		0, 0, 0, 0)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(tiff))),
		append([]byte("eXIf"), tiff...)...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	const header = 8 + 25 // signature and IHDR
	for name, photo := range map[string][]byte{
		"plain":               lying,
		"a fill byte":         with("\xff"),
		"four fill bytes":     with("\xff\xff\xff\xff"),
		"behind a comment":    with("\xff\xfe\x00\x05abc\xff"),
		"behind another Exif": with("\xff\xe1\x00\x09http:\x00\x00"),
		"in a PNG's own chunk": append(append(append([]byte{}, flat[:header]...), chunk...),
			flat[header:]...),
	} {
		f, err := vision.ReadPhoto(photo)
		if err != nil || f.Width != 80 || f.Height != 120 {
			t.Errorf("%s: got %dx%d, %v, want 80x120 upright", name, f.Width, f.Height, err)
		}
	}
}

// The decoded size is checked by the header, before decoding.
func TestReadPhotoJudgesDepthByTheHeader(t *testing.T) {
	bomb := claim(7000, 7100) // 400 MB in 16 bits with transparency
	bomb[24], bomb[25] = 16, 6
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	_, err := vision.ReadPhoto(bomb)
	if gatehouse.ErrorCode(err) != gatehouse.TooLarge || !strings.Contains(err.Error(), "379 MB") {
		t.Errorf("got %v, want too large, with 379 MB", err)
	}
}

// Large photographs come shrunk, each pixel the mean of a square.
func TestReadPhotoShrinksWhileItReads(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 6401, 66))
	for i := range m.Pix {
		m.Pix[i] = byte(i % 6401 % 3 * 100) // 0, 100, 200: the mean of three is 100
	}
	f, err := vision.ReadPhoto(asPNG(t, m))
	if err != nil || f.Width != 2133 || f.Height != 22 {
		t.Fatalf("got %dx%d, %v, want 2133x22", f.Width, f.Height, err)
	}
	for i, v := range f.Pix {
		if v != 100 {
			t.Fatalf("byte %d: got %d, want 100", i, v)
		}
	}
}

// The fast paths read the same pixels as the slow one.
func TestFromImageReadsAllKindsAlike(t *testing.T) {
	r := image.Rect(3, 5, 43, 35)
	shade := func(x, y int) color.NRGBA {
		return color.NRGBA{R: byte(x * 5), G: byte(y * 7), B: byte(x * y), A: byte(255 - x%3*60)}
	}
	for _, m := range []interface {
		image.Image
		Set(x, y int, c color.Color)
	}{image.NewNRGBA(r), image.NewRGBA(r), image.NewGray(r), image.NewNRGBA64(r)} {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				m.Set(x, y, shade(x, y))
			}
		}
		f := vision.FromImage(m)
		for i := range f.Width * f.Height {
			pr, pg, pb, a := m.At(r.Min.X+i%f.Width, r.Min.Y+i/f.Width).RGBA()
			for c, v := range []uint32{pb, pg, pr} {
				want := int((v + 0xffff - a) >> 8)
				if got := int(f.Pix[3*i+c]); got < want-1 || got > want+1 {
					t.Fatalf("%T, pixel %d: got %d, want %d", m, i, got, want)
				}
			}
		}
	}
}

// A file of another format is named, with the way to convert it.
func TestReadPhotoNamesOtherFiles(t *testing.T) {
	for data, says := range map[string]string{
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic": "Most Compatible",
		"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heic": "Most Compatible",
		"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avif":     "AVIF",
		"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00mp42":     "video",
		"RIFF\x24\x00\x00\x00WEBPVP8 ":                     "WebP",
		"%PDF-1.4\n1 0 obj<<>>endobj":                      "PDF",
		"PK\x03\x04\x14\x00\x00\x00":                       "ZIP",
		"BM\x36\x00\x00\x00":                               "BMP",
		"MM\x00*\x00\x00\x00\x08":                          "TIFF",
		"GIF89a":                                           "GIF",
		"ftyp":                                             "save it as JPEG",
	} {
		_, err := vision.ReadPhoto([]byte(data))
		if gatehouse.ErrorCode(err) != gatehouse.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want invalid about %q", data, err, says)
		}
	}
}
