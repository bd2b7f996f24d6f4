package vision_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// A turned, scaled and shifted copy of the reference points is brought back exactly.
func TestSimilarityUndoesTurnScaleAndShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		angle, scale := rapid.Float64Range(-math.Pi, math.Pi).Draw(t, "angle"), rapid.Float64Range(
			0.2, 10).Draw(t, "scale")
		dx, dy := rapid.Float64Range(-500, 500).Draw(t, "dx"), rapid.Float64Range(-500, 500).Draw(
			t, "dy")
		ref := vision.AlignedPoints()
		var from [5]vision.Point
		for i, p := range ref {
			x, y := float64(p.X), float64(p.Y)
			from[i] = vision.Point{
				X: float32(scale*(x*math.Cos(angle)-y*math.Sin(angle)) + dx),
				Y: float32(scale*(x*math.Sin(angle)+y*math.Cos(angle)) + dy),
			}
		}
		m, ok := vision.Similarity(from, ref)
		if !ok {
			t.Fatal("not ok")
		}
		for i, p := range from {
			x := m[0]*float64(p.X) + m[1]*float64(p.Y) + m[2]
			y := m[3]*float64(p.X) + m[4]*float64(p.Y) + m[5]
			if math.Hypot(x-float64(ref[i].X), y-float64(ref[i].Y)) > 0.05 {
				t.Fatalf("point %d comes to %.2f, %.2f, want %v", i, x, y, ref[i])
			}
		}
	})
	if _, ok := vision.Similarity([5]vision.Point{}, vision.AlignedPoints()); ok {
		t.Error("points that coincide are aligned")
	}
}

func TestIoU(t *testing.T) {
	a := vision.Box{X: 0, Y: 0, W: 10, H: 10}
	for _, c := range []struct {
		b    vision.Box
		want float64
	}{
		{a, 1},
		{vision.Box{X: 5, Y: 0, W: 10, H: 10}, 1.0 / 3},
		{vision.Box{X: 10, Y: 0, W: 10, H: 10}, 0},
		{vision.Box{X: 2, Y: 2, W: -5, H: 5}, 0},
		{vision.Box{X: float32(math.NaN()), W: 10, H: 10}, 0},
		{vision.Box{}, 0},
	} {
		if got := a.IoU(c.b); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%v: got %v, want %v", c.b, got, c.want)
		}
	}
}

func TestEmbeddingSurvivesItsBytes(t *testing.T) {
	want := direction(7, 512)
	got, err := vision.DecodeEmbedding(vision.EncodeEmbedding(want))
	if err != nil || vision.Cosine(got, want) < 0.99999 {
		t.Errorf("got cosine %v, %v, want 1, nil", vision.Cosine(got, want), err)
	}
	for _, bad := range [][]byte{nil, {1, 2, 3}, {0, 0, 0xc0, 0x7f}, {0, 0, 0x80, 0x7f}} {
		if v, err := vision.DecodeEmbedding(bad); err == nil {
			t.Errorf("%v: got %v, want an error", bad, v)
		}
	}
}
