package vision

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/gatehouse-iot/gatehouse"
)

// Bounds of a photograph, checked before it is decoded.
const (
	maxPhoto  = 8 << 20    // bytes
	maxPixels = 50_000_000 // of the whole picture
	minSide   = 64         // pixels
)

// ReadPhoto decodes a JPEG or PNG photograph that people sent, and turns it upright. All of it
// is done in Go, so that a file made to harm meets no C. The error is for people.
func ReadPhoto(data []byte) (f Frame, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = refuse(unreadable)
		}
	}()
	if len(data) == 0 {
		return f, refuse("no photograph was sent; choose a JPEG or PNG file")
	}
	if len(data) > maxPhoto {
		return f, tooLarge("the photograph has %.1f MB, at most %d MB are taken; save it smaller", float64(len(data))/(1<<20), maxPhoto>>20)
	}
	kind, ok := photoKind(data)
	if !ok {
		return f, refuse("this file is no JPEG or PNG photograph; save it as JPEG and try again")
	}
	c, err := kind.config(bytes.NewReader(data))
	if err != nil {
		return f, refuse(unreadable)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return f, tooLarge("the photograph has %dx%d pixels, at most %d million are taken; save it smaller", c.Width, c.Height, maxPixels/1_000_000)
	}
	if c.Width < minSide || c.Height < minSide {
		return f, refuse("the photograph has only %dx%d pixels; send it in its full size", c.Width, c.Height)
	}
	img, err := kind.decode(bytes.NewReader(data))
	if err != nil {
		return f, refuse(unreadable)
	}
	f = FromImage(img)
	if !f.Valid() {
		return f, refuse("the photograph has %dx%d pixels, which is too long and narrow; cut it to the face", f.Width, f.Height)
	}
	return upright(f, exifOrientation(data)), nil
}

func tooLarge(format string, args ...any) error {
	return &gatehouse.Error{Code: gatehouse.TooLarge, Field: "photo", Message: fmt.Sprintf(format, args...)}
}

const unreadable = "the photograph is damaged, or ends in the middle; send it again, or save it anew as JPEG"

// photoFormat reads one kind of file.
type photoFormat struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// photoKind tells by the first bytes. The registry of package image is not asked, since what
// is in it depends on what else the program imports.
func photoKind(data []byte) (photoFormat, bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return photoFormat{jpeg.DecodeConfig, jpeg.Decode}, true
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return photoFormat{png.DecodeConfig, png.Decode}, true
	}
	return photoFormat{}, false
}

// exifOrientation is how a JPEG asks to be turned, 1…8, 1 being upright: tag 0x0112 of the
// first directory in its Exif segment (Exif 2.32, 4.6.4; TIFF 6.0, section 2). Anything odd
// is 1.
func exifOrientation(jpeg []byte) int {
	b := jpeg
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return 1
	}
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff; {
		size := int(b[2])<<8 | int(b[3])
		if b[1] == 0xda || size < 2 || len(b) < 2+size {
			return 1
		}
		part := b[4 : 2+size]
		if b[1] == 0xe1 && bytes.HasPrefix(part, []byte("Exif\x00\x00")) {
			return tiffOrientation(part[6:])
		}
		b = b[2+size:]
	}
	return 1
}

func tiffOrientation(t []byte) int {
	if len(t) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(t[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := order.Uint32(t[4:])
	if uint64(at)+2 > uint64(len(t)) {
		return 1
	}
	t = t[at:]
	n := int(order.Uint16(t))
	for t = t[2:]; n > 0 && len(t) >= 12; n, t = n-1, t[12:] {
		if order.Uint16(t) == 0x0112 {
			if o := int(order.Uint16(t[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
	}
	return 1
}

// upright turns and mirrors a frame as its orientation asks.
func upright(f Frame, orientation int) Frame {
	if orientation <= 1 || orientation > 8 {
		return f
	}
	out := Frame{Width: f.Width, Height: f.Height, Pix: make([]byte, len(f.Pix)), Time: f.Time}
	if orientation >= 5 {
		out.Width, out.Height = f.Height, f.Width
	}
	for y := range out.Height {
		for x := range out.Width {
			sx, sy := x, y // where the pixel is in f
			switch orientation {
			case 2:
				sx = f.Width - 1 - x
			case 3:
				sx, sy = f.Width-1-x, f.Height-1-y
			case 4:
				sy = f.Height - 1 - y
			case 5:
				sx, sy = y, x
			case 6:
				sx, sy = y, f.Height-1-x
			case 7:
				sx, sy = f.Width-1-y, f.Height-1-x
			case 8:
				sx, sy = f.Width-1-y, x
			}
			copy(out.Pix[3*(y*out.Width+x):], f.Pix[3*(sy*f.Width+sx):3*(sy*f.Width+sx)+3])
		}
	}
	return out
}
