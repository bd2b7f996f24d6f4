package vision

import (
	"fmt"
	"math"
	"sort"
)

// Cover says which parts of a face seem to be covered: by a mask, a scarf or a hand, or by
// sunglasses, a band or a cap. It is accurate enough to ask a person, not to decide.
type Cover struct{ Mouth, Eyes bool }

// CoverModel is the embedding model that Covered is fitted to; faces of other models are not
// judged.
const CoverModel = "fr_feature-512"

// CoverFeatures is the number of features that Covered weighs.
const CoverFeatures = 18

// CoverWeights are two logistic regressions, fitted to 131 LFW photographs of as many people, with
// things drawn on them: masks, a scarf, sunglasses, a band, a cap, and clear spectacles, which
// count as not covered. The last number is the offset; a sum above 0 means covered.
//
// Measured by vision/measure cover on 57 people picked independently of the fit (about one in nine
// is also in it), on faces that pass the other checks. False alarms: for the mouth, none of 57 bare
// faces (below 6.3 %, Clopper-Pearson, two-sided 95 %) and none of 108 with clear spectacles; for
// the eyes, 1 of 57 (below 9.4 %) and 2 of 108. Detected: 375 of 377 masks and scarves, 49 of 55
// hands over the mouth (above 77 %), 186 of 187 sunglasses, 113 of 118 bands and caps, 44 of 47
// hands over the eyes. Weights refitted to 57 people and tested on 57 others give as few false
// alarms and detect less: 32 of 55 hands over the mouth, 354 of 377 masks and scarves. Not
// measured: real coverings, as against drawn ones, and children.
func CoverWeights() (mouth, eyes [CoverFeatures + 1]float64) {
	mouth = [...]float64{
		12.23, -11.91, 10.85, 0.06918, -0.4132, 0.0618, 2.199, -0.4602, -5.104,
		-1.583, -0.004723, 0.4798, 0.9921, -0.7484, -1.891, 0.3449, 0.0131, -1.027, -5.516,
	}
	eyes = [...]float64{
		-14.69, 6.231, 8.724, -0.02057, 1.744, -0.002787, -0.3572, 0.7463, 1.84,
		1.757, 0.09384, -0.5793, -6.811, 4.143, 0.2682, -0.8021, -0.01305, 0.5981, 1.915,
	}
	return mouth, eyes
}

// Covered judges an aligned face by two kinds of features. Greying out a part that is covered
// already (the lower face, or a band over the eyes) hardly changes the embedding; and a covering
// differs from the cheeks in colour and texture.
func (c Chain) Covered(aligned Frame, embedding []float32) (Cover, error) {
	x, err := c.CoverTraces(aligned, embedding)
	if err != nil {
		return Cover{}, err
	}
	mouth, eyes := CoverWeights()
	sum := func(w [CoverFeatures + 1]float64) float64 {
		s := w[CoverFeatures]
		for i, v := range x {
			s += w[i] * v
		}
		return s
	}
	return Cover{
		Mouth: sum(mouth) > 0,
		Eyes:  sum(eyes) > 0,
	}, nil
}

// CoverTraces computes the features that Covered weighs.
func (c Chain) CoverTraces(
	aligned Frame, embedding []float32,
) (x [CoverFeatures]float64, err error) {
	if !aligned.Valid() || aligned.Width != AlignedSize || aligned.Height != AlignedSize {
		return x, fmt.Errorf("an aligned face has %d pixels a side, this one is %dx%d",
			AlignedSize, aligned.Width, aligned.Height)
	}
	below, err := c.Embedder.Embed(greyed(aligned, 76, AlignedSize))
	if err != nil {
		return x, fmt.Errorf("embed face without its mouth: %w", err)
	}
	above, err := c.Embedder.Embed(greyed(aligned, 38, 64))
	if err != nil {
		return x, fmt.Errorf("embed face without its eyes: %w", err)
	}
	cheek := tintOf(aligned, area{20, 62, 36, 74}, area{76, 62, 92, 74})
	jaw := tintOf(aligned, area{20, 84, 34, 102}, area{78, 84, 92, 102}, area{44, 100, 68, 111})
	chin := tintOf(aligned, area{44, 101, 68, 110})
	mouth := tintOf(aligned, area{42, 86, 70, 98})
	eyes := tintOf(aligned, area{28, 46, 48, 58}, area{64, 46, 84, 58})
	nose := tintOf(aligned, area{48, 60, 64, 74})
	than := func(a, b float64) float64 { return math.Log((a + 4) / (b + 4)) }
	return [CoverFeatures]float64{
		Cosine(embedding, below),
		Cosine(embedding, above),
		Cosine(below, above),
		jaw.hue(cheek),
		math.Abs(than(jaw.light, cheek.light)),
		mouth.red - chin.red,
		than(jaw.rough, cheek.rough),
		than(mouth.rough, cheek.rough),
		than(mouth.bright, mouth.dark),
		than(mouth.light, cheek.light),
		eyes.hue(cheek),
		than(eyes.light, cheek.light),
		than(eyes.bright, cheek.light),
		than(eyes.dark, cheek.light),
		than(eyes.rough, cheek.rough),
		than(nose.light, cheek.light),
		nose.hue(cheek),
		than(nose.light, jaw.light),
	}, nil
}

// greyed is a frame with the rows from top to bottom painted grey.
func greyed(f Frame, top, bottom int) Frame {
	out := f
	out.Pix = append([]byte(nil), f.Pix...)
	for i := 3 * top * f.Width; i < 3*bottom*f.Width; i++ {
		out.Pix[i] = 127
	}
	return out
}

// area is a part of an aligned face, in pixels: left, top, right and bottom.
type area struct{ x0, y0, x1, y1 int }

// tint holds statistics of areas: means of grey level and of blue and red over it, the standard
// deviation of the Laplacian, and the grey levels at the 5th and 95th percentile.
type tint struct{ light, blue, red, rough, dark, bright float64 }

func (t tint) hue(u tint) float64 { return math.Hypot(t.blue-u.blue, t.red-u.red) }

func tintOf(f Frame, areas ...area) (t tint) {
	grey := func(x, y int) float64 {
		p := f.Pix[3*(y*f.Width+x):]
		return 0.114*float64(p[0]) + 0.587*float64(p[1]) + 0.299*float64(p[2])
	}
	var greys, bends []float64
	for _, a := range areas {
		for y := a.y0; y < a.y1; y++ {
			for x := a.x0; x < a.x1; x++ {
				v, p := grey(x, y), f.Pix[3*(y*f.Width+x):]
				t.blue += float64(p[0]) - v
				t.red += float64(p[2]) - v
				greys = append(greys, v)
				bends = append(bends, grey(x-1, y)+grey(x+1, y)+grey(x, y-1)+grey(x, y+1)-4*v)
			}
		}
	}
	n := float64(len(greys))
	t.blue, t.red = t.blue/n, t.red/n
	t.light, _ = meanStd(greys)
	_, t.rough = meanStd(bends)
	sort.Float64s(greys)
	t.dark, t.bright = greys[len(greys)/20], greys[len(greys)*19/20]
	return t
}
