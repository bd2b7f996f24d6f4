//go:build vision

package main

import (
	"math"
	"slices"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// drawing covers a part of a face. Its shape is in the coordinates of an aligned face
// (vision.AlignedPoints): the eyes are at v = 52, the nose's tip at 72, the mouth at 92, the chin
// near 118, and the face reaches from u = 10 to 102.
type drawing struct {
	name  string
	part  string                        // "mouth", "eyes" or "" (not a covering)
	shape func(u, v float64) float64    // opacity at a place, 0…1
	paint func(u, v float64) [3]float64 // blue, green, red; nil: the colour of the skin
}

// draw returns the frame with the drawing on a face.
func (d drawing) draw(f vision.Frame, face vision.Face) vision.Frame {
	m, ok := vision.Similarity(face.Points, vision.AlignedPoints())
	if !ok {
		return f
	}
	out := f
	out.Pix = slices.Clone(f.Pix)
	skin := cheeks(f, face)
	for y := range f.Height {
		for x := range f.Width {
			u := m[0]*float64(x) + m[1]*float64(y) + m[2]
			v := m[3]*float64(x) + m[4]*float64(y) + m[5]
			k := d.shape(u, v)
			if k <= 0 {
				continue
			}
			c := skin
			if d.paint != nil {
				c = d.paint(u, v)
			}
			grain := 6 * (noise(x, y) - 0.5)
			at := out.Pix[3*(y*f.Width+x):]
			for i := range 3 {
				at[i] = byte(max(0, min(255, (1-k)*float64(at[i])+k*(c[i]+grain))))
			}
		}
	}
	return out
}

// cheeks is the mean colour of both cheeks.
func cheeks(f vision.Frame, face vision.Face) (c [3]float64) {
	n := 0.0
	for _, p := range []vision.Point{
		{
			X: (face.Points[0].X + face.Points[3].X) / 2,
			Y: (face.Points[0].Y + face.Points[3].Y) / 2,
		},
		{
			X: (face.Points[1].X + face.Points[4].X) / 2,
			Y: (face.Points[1].Y + face.Points[4].Y) / 2,
		},
	} {
		for dy := -3; dy <= 3; dy++ {
			for dx := -3; dx <= 3; dx++ {
				x, y := int(p.X)+dx, int(p.Y)+dy
				if x < 0 || y < 0 || x >= f.Width || y >= f.Height {
					continue
				}
				for i := range 3 {
					c[i] += float64(f.Pix[3*(y*f.Width+x)+i])
				}
				n++
			}
		}
	}
	for i := range c {
		c[i] /= max(n, 1)
	}
	return c
}

// noise is a hash of the place, 0…1, the same every time.
func noise(x, y int) float64 {
	h := uint32(x)*374761393 + uint32(y)*668265263
	h = (h ^ h>>13) * 1274126177
	return float64(h>>8&0xffff) / 65536
}

// edge is a soft step: 1 where v is above 0, 0 below.
func edge(v float64) float64 { return max(0, min(1, v+0.5)) }

// maskShape covers nose, mouth and chin.
func maskShape(u, v float64) float64 {
	top := 61 + 0.006*(u-56)*(u-56)
	side := math.Hypot((u-56)/50, (v-84)/42)
	return min(edge(v-top), edge(24*(1-side)))
}

// lowShape is a mask below the nose.
func lowShape(u, v float64) float64 {
	side := math.Hypot((u-56)/50, (v-100)/30)
	return min(edge(v-79), edge(20*(1-side)))
}

// scarfShape covers everything below the nose.
func scarfShape(u, v float64) float64 { return edge(v - 74 - 0.003*(u-56)*(u-56)) }

// handShape covers the mouth.
func handShape(u, v float64) float64 {
	return edge(14 * (1 - math.Hypot((u-62)/30, (v-96)/19)))
}

// glassesShape is two lenses, their bridge and their temples.
func glassesShape(rx, ry, power float64) func(u, v float64) float64 {
	return func(u, v float64) float64 {
		lens := func(cx float64) float64 {
			r := math.Pow(math.Abs(u-cx)/rx, power) + math.Pow(math.Abs(v-53)/ry, power)
			return edge(8 * (1 - r))
		}
		k := max(lens(37), lens(75))
		if u > 37 && u < 75 && math.Abs(v-49) < 1.5 ||
			math.Abs(v-48) < 1.5 && (u < 37 && u > 5 || u > 75 && u < 107) {
			k = 1
		}
		return k
	}
}

// bandShape covers both eyes.
func bandShape(u, v float64) float64 { return min(edge(v-40), edge(64-v)) }

// capShape covers everything above the lower eyelids.
func capShape(u, v float64) float64 { return edge(58 + 0.002*(u-56)*(u-56) - v) }

// rims are clear spectacles, which do not count as a covering.
func rims(u, v float64) float64 {
	outer, inner := glassesShape(18, 14, 2.5)(u, v), glassesShape(15.5, 11.5, 2.5)(u, v)
	if math.Abs(v-49) < 1.5 || math.Abs(v-48) < 1.5 {
		if u > 52 && u < 60 || u < 20 && u > 5 || u > 92 && u < 107 {
			return outer
		}
	}
	return max(0, outer-inner)
}

// plain is one colour (blue, green, red), darker towards the sides.
func plain(b, g, r float64) func(u, v float64) [3]float64 {
	return func(u, v float64) [3]float64 {
		k := 1 - 0.12*math.Abs(u-56)/50 // it curves away at the sides
		return [3]float64{b * k, g * k, r * k}
	}
}

// pleated has horizontal folds.
func pleated(b, g, r float64) func(u, v float64) [3]float64 {
	return func(u, v float64) [3]float64 {
		k := 1 - 0.12*math.Abs(u-56)/50
		if math.Mod(v, 11) < 1.5 {
			k *= 0.85
		}
		return [3]float64{b * k, g * k, r * k}
	}
}

// checked is a pattern of squares.
func checked(a, b [3]float64, side float64) func(u, v float64) [3]float64 {
	return func(u, v float64) [3]float64 {
		if (int(math.Floor(u/side))+int(math.Floor(v/side)))&1 == 0 {
			return a
		}
		return b
	}
}

// mirrored is a reflection in lenses: sky above, ground below.
func mirrored(u, v float64) [3]float64 {
	k := (v - 40) / 26
	return [3]float64{200 - 90*k, 150 - 40*k, 110 + 30*k}
}

// partly scales the opacity of a shape.
func partly(k float64, s func(u, v float64) float64) func(u, v float64) float64 {
	return func(u, v float64) float64 { return k * s(u, v) }
}
