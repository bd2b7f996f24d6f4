package vision

import (
	"image"
	"image/color"
)

// FromImage copies a decoded image into a frame; transparent pixels become white.
func FromImage(img image.Image) Frame {
	b := img.Bounds()
	f := Frame{Width: b.Dx(), Height: b.Dy(), Pix: make([]byte, 0, b.Dx()*b.Dy()*3)}
	if y, ok := img.(*image.YCbCr); ok { // every colour JPEG; ten times as fast as At
		for py := b.Min.Y; py < b.Max.Y; py++ {
			for px := b.Min.X; px < b.Max.X; px++ {
				yi, ci := y.YOffset(px, py), y.COffset(px, py)
				r, g, bl := color.YCbCrToRGB(y.Y[yi], y.Cb[ci], y.Cr[ci])
				f.Pix = append(f.Pix, bl, g, r)
			}
		}
		return f
	}
	for py := b.Min.Y; py < b.Max.Y; py++ {
		for px := b.Min.X; px < b.Max.X; px++ {
			r, g, bl, a := img.At(px, py).RGBA()
			w := 0xffff - a
			f.Pix = append(f.Pix, byte((bl+w)>>8), byte((g+w)>>8), byte((r+w)>>8))
		}
	}
	return f
}
