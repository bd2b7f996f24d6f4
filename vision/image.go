package vision

import (
	"image"
	"image/color"
)

// PhotoSide is the side, in pixels, that photographs are shrunk to before faces are detected.
const PhotoSide = 1600

// PhotoBounds is the size that a photograph is shrunk to fit: PhotoSide either way, and twice that
// along the longer side if the aspect ratio exceeds 2:1.
func PhotoBounds(width, height int) (w, h int) {
	w, h = PhotoSide, PhotoSide
	switch {
	case width > 2*height:
		w *= 2
	case height > 2*width:
		h *= 2
	}
	return w, h
}

// VideoBounds is the size that a video frame is shrunk to: at most most pixels wide, and twice that
// if it is wider than 2:1, since it then holds two scenes side by side.
func VideoBounds(width, height, most int) (w, h int) {
	if width > 2*height {
		most *= 2
	}
	if width <= most {
		return width, height
	}
	return most, max(height*most/width, 1)
}

// FromImage copies a decoded image into a frame; transparent pixels become white.
func FromImage(img image.Image) Frame { return FromImageWithin(img, 1<<15) }

// FromImageWithin is FromImage, shrunk by the smallest whole factor that brings both sides to at
// most side pixels; each pixel is the mean of a square. It allocates no full-size copy.
func FromImageWithin(img image.Image, side int) Frame {
	b := img.Bounds()
	k := max(1, (max(b.Dx(), b.Dy())+side-1)/side)
	f := Frame{
		Width:  b.Dx() / k,
		Height: b.Dy() / k,
	}
	f.Pix = make([]byte, 0, f.Width*f.Height*3)
	at := pixelsOf(img)
	n := uint32(k * k)
	for y := range f.Height {
		for x := range f.Width {
			var blue, green, red uint32
			for dy := range k {
				for dx := range k {
					pb, pg, pr := at(b.Min.X+x*k+dx, b.Min.Y+y*k+dy)
					blue, green, red = blue+uint32(pb), green+uint32(pg), red+uint32(pr)
				}
			}
			f.Pix = append(f.Pix, byte(blue/n), byte(green/n), byte(red/n))
		}
	}
	return f
}

// pixelsOf returns a reader of blue, green and red, with fast paths for the image types that files
// decode to.
func pixelsOf(img image.Image) func(x, y int) (b, g, r byte) {
	switch m := img.(type) {
	case *image.YCbCr: // every colour JPEG
		return func(x, y int) (b, g, r byte) {
			yi, ci := m.YOffset(x, y), m.COffset(x, y)
			r, g, b = color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
			return b, g, r
		}
	case *image.Gray:
		return func(x, y int) (b, g, r byte) {
			v := m.Pix[m.PixOffset(x, y)]
			return v, v, v
		}
	case *image.RGBA: // a PNG without transparency
		return func(x, y int) (b, g, r byte) {
			p := m.Pix[m.PixOffset(x, y):]
			w := 255 - p[3]
			return p[2] + w, p[1] + w, p[0] + w
		}
	case *image.NRGBA:
		return func(x, y int) (b, g, r byte) {
			p := m.Pix[m.PixOffset(x, y):]
			a := uint32(p[3])
			onWhite := func(v byte) byte { return byte((uint32(v)*a + 255*(255-a)) / 255) }
			return onWhite(p[2]), onWhite(p[1]), onWhite(p[0])
		}
	}
	return func(x, y int) (b, g, r byte) {
		pr, pg, pb, a := img.At(x, y).RGBA()
		w := 0xffff - a
		return byte((pb + w) >> 8), byte((pg + w) >> 8), byte((pr + w) >> 8)
	}
}
