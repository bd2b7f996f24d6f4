package vision

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
)

// Bounds of a photograph, checked before it is decoded.
const (
	maxPhoto   = 8 << 20    // bytes
	maxPixels  = 50_000_000 // of the whole picture
	maxDecoded = 192 << 20  // bytes once decoded
	minSide    = 64         // pixels
	maxSide    = 1 << 15
)

// ReadPhoto decodes an uploaded JPEG or PNG photograph and turns it upright. Decoding is pure Go,
// so that a malicious file cannot exploit a C library. A picture of more than 2*PhotoSide pixels a
// side is shrunk by a whole factor. The error is written for people.
func ReadPhoto(data []byte) (f Frame, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = refuse(Damaged, 0, 0, unreadable)
		}
	}()
	if len(data) == 0 {
		return f, refuse(Empty, 0, 0, "no photograph was sent; choose a JPEG or PNG file")
	}
	if len(data) > maxPhoto {
		mb := float64(len(data)) / (1 << 20)
		return f, refuse(TooHeavy, math.Ceil(10*mb)/10, maxPhoto>>20,
			"the photograph has %.1f MB, at most %d MB are taken; save it smaller", mb,
			maxPhoto>>20)
	}
	kind, ok := photoKind(data)
	if !ok {
		return f, foreignKind(data)
	}
	c, err := kind.config(bytes.NewReader(data))
	if err != nil {
		return f, refuse(Damaged, 0, 0, unreadable)
	}
	if err := checkSize(c); err != nil {
		return f, err
	}
	img, err := kind.decode(bytes.NewReader(data))
	if err != nil {
		return f, refuse(Damaged, 0, 0, unreadable)
	}
	f = FromImageWithin(img, 2*PhotoSide)
	if !f.Valid() {
		return f, refuse(Damaged, 0, 0, unreadable)
	}
	return upright(f, kind.orientation(data)), nil
}

// checkSize checks the dimensions and the decoded size that the header declares.
func checkSize(c image.Config) error {
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		millions := math.Ceil(float64(c.Width) * float64(c.Height) / 1e6)
		return refuse(TooMany, millions, maxPixels/1_000_000,
			"the photograph has %dx%d pixels, at most %d million are taken; save it smaller",
			c.Width, c.Height, maxPixels/1_000_000)
	}
	if n := c.Width * c.Height * pixelBytes(c.ColorModel); n > maxDecoded {
		return refuse(TooDeep, float64(n>>20), maxDecoded>>20,
			"the photograph needs %d MB once it is decoded, at most %d MB are taken; save it "+
				"smaller, or as JPEG",
			n>>20, maxDecoded>>20)
	}
	if c.Width < minSide || c.Height < minSide {
		return refuse(TooFew, float64(min(c.Width, c.Height)), minSide,
			"the photograph has only %dx%d pixels; send it in its full size", c.Width, c.Height)
	}
	if c.Width > maxSide || c.Height > maxSide {
		return refuse(TooNarrow, float64(max(c.Width, c.Height)), maxSide,
			"the photograph has %dx%d pixels, which is too long and narrow; cut it to the face",
			c.Width, c.Height)
	}
	return nil
}

// pixelBytes is the most bytes that a pixel of a colour model takes in memory.
func pixelBytes(m color.Model) int {
	switch m {
	case color.GrayModel, color.AlphaModel:
		return 1
	case color.Gray16Model, color.Alpha16Model:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel, color.NYCbCrAModel:
		return 4
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 8
}

const unreadable = "the photograph is damaged, or ends in the middle; send it again, or save it " +
	"anew as JPEG"

// photoFormat decodes one file format.
type photoFormat struct {
	config      func(io.Reader) (image.Config, error)
	decode      func(io.Reader) (image.Image, error)
	orientation func([]byte) int
}

// photoKind detects the format by the first bytes. It does not use the registry of package image,
// whose content depends on what else the program imports.
func photoKind(data []byte) (photoFormat, bool) {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return photoFormat{jpeg.DecodeConfig, jpeg.Decode, exifOrientation}, true
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return photoFormat{png.DecodeConfig, png.Decode, pngOrientation}, true
	}
	return photoFormat{}, false
}

// exifOrientation returns a JPEG's orientation, 1…8, 1 being upright: tag 0x0112 of the first
// directory in its Exif segment (Exif 2.32, 4.6.4; TIFF 6.0, section 2). A missing or malformed tag
// gives 1.
func exifOrientation(jpeg []byte) int {
	b := jpeg
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return 1
	}
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff; {
		if b[1] == 0xff { // a fill byte: any number may stand before a marker (ITU-T T.81, B.1.1.2)
			b = b[1:]
			continue
		}
		if b[1] == 0x01 || b[1] >= 0xd0 && b[1] <= 0xd7 { // markers without a payload
			b = b[2:]
			continue
		}
		size := int(b[2])<<8 | int(b[3])
		if b[1] == 0xda || b[1] == 0xd9 || size < 2 || len(b) < 2+size {
			return 1
		}
		part := b[4 : 2+size]
		// the sixth byte is padding: 0 by the standard, but cameras write other values
		if b[1] == 0xe1 && len(part) >= 6 && string(part[:5]) == "Exif\x00" {
			return tiffOrientation(part[6:])
		}
		b = b[2+size:]
	}
	return 1
}

// pngOrientation is exifOrientation for a PNG's eXIf chunk (PNG, third edition, 11.3.4.5).
func pngOrientation(png []byte) int {
	const head = 8 // bytes of signature, and of a chunk's length and name
	for b := png[min(head, len(png)):]; len(b) >= head+4; {
		size := uint64(binary.BigEndian.Uint32(b))
		if size > uint64(len(b)-head-4) {
			return 1
		}
		switch string(b[4:8]) {
		case "eXIf":
			return tiffOrientation(b[head : head+size])
		case "IEND":
			return 1
		}
		b = b[head+size+4:]
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

// Rotated is the frame turned clockwise by so many quarter turns.
func Rotated(f Frame, quarters int) Frame {
	return upright(f, []int{1, 6, 3, 8}[quarters&3])
}

// Mirrored is the frame mirrored left to right.
func Mirrored(f Frame) Frame { return upright(f, 2) }

// upright turns and mirrors a frame as its orientation asks.
func upright(f Frame, orientation int) Frame {
	if orientation <= 1 || orientation > 8 {
		return f
	}
	out := Frame{
		Width:  f.Width,
		Height: f.Height,
		Pix:    make([]byte, len(f.Pix)),
		Time:   f.Time,
	}
	if orientation >= 5 {
		out.Width, out.Height = f.Height, f.Width
	}
	for y := range out.Height {
		for x := range out.Width {
			sx, sy := x, y // the source pixel in f
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
