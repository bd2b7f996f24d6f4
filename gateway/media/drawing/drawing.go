// Package drawing reads the drawing of a floor that comes from outside: SVG, PNG or JPEG. Of an SVG
// it writes a new file out of the shapes, texts and styles that it knows; whatever could run, load
// something from elsewhere, or draw without end is left out or refused. It refuses what is too
// large in bytes, pixels or shapes, keeps nothing, and draws nothing itself.
package drawing

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	g "github.com/gatehouse-iot/gatehouse"
)

// The bounds of a drawing.
const (
	MaxBytes  = 4 << 20    // before and after it was read
	maxPixels = 24_000_000 // of a picture, and of all pictures in an SVG together
	maxSide   = 10_000     // pixels, and units of an SVG's view box in what Read returns
	maxRatio  = 20         // of the longer side to the shorter one
)

// The types of drawings.
const (
	SVG  = "image/svg+xml"
	PNG  = "image/png"
	JPEG = "image/jpeg"
)

// Drawing is a drawing that was read.
type Drawing struct {
	Type          string
	Bytes         []byte
	Width, Height int      // pixels; of an SVG its view box, scaled to at most 10,000 units
	Left          []string // names of what was left out of an SVG, sorted
}

// Read reads a drawing by its content. Errors are Invalid and name the mend, or TooLarge.
func Read(b []byte) (Drawing, error) {
	if len(b) > MaxBytes {
		return Drawing{}, g.Errorf(g.TooLarge, "the drawing has %d bytes; at most %d are taken", len(b),
			MaxBytes)
	}
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return picture(b, PNG, png.DecodeConfig, "IEND")
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return picture(b, JPEG, jpeg.DecodeConfig, "\xff\xd9")
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return Drawing{}, g.FieldErrorf("drawing",
			"this is a PDF: save the page as SVG or PNG, and send that")
	}
	return readSVG(b)
}

// picture checks a picture's size by its head, and that its end is there.
func picture(
	b []byte, kind string, config func(io.Reader) (image.Config, error), end string,
) (Drawing, error) {
	c, err := config(bytes.NewReader(b))
	if err != nil || !bytes.Contains(b, []byte(end)) {
		return Drawing{}, g.FieldErrorf("drawing", "the picture is damaged or cut short: save it again")
	}
	if err := sized(float64(c.Width), float64(c.Height)); err != nil {
		return Drawing{}, err
	}
	if c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels {
		return Drawing{}, g.FieldErrorf("drawing",
			"the picture has %d x %d pixels; at most %d on a side and %d in all: make it smaller",
			c.Width, c.Height, maxSide, maxPixels)
	}
	return Drawing{
		Type:   kind,
		Bytes:  b,
		Width:  c.Width,
		Height: c.Height,
	}, nil
}

// sized refuses sides that make no plan.
func sized(wide, high float64) error {
	if !(wide > 0) || !(high > 0) || wide > 1e9 || high > 1e9 {
		return g.FieldErrorf("drawing",
			"the drawing has no size: give it a width and a height, or a viewBox")
	}
	if wide/high > maxRatio || high/wide > maxRatio {
		return g.FieldErrorf("drawing", "one side of the drawing is more than %d times the other: "+
			"cut away what is empty", maxRatio)
	}
	return nil
}
