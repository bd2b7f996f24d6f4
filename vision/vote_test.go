package vision_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// toward is a random vector of unit length whose cosine with a is c.
func toward(a []float32, c float64, seed uint64) []float32 {
	b := direction(seed, len(a))
	d := float32(vision.Cosine(a, b))
	for i := range b {
		b[i] -= d * a[i]
	}
	vision.Normalize(b)
	s := float32(sqrt(1 - c*c))
	for i := range b {
		b[i] = float32(c)*a[i] + s*b[i]
	}
	return b
}

func TestVote(t *testing.T) {
	anna, other := direction(1, 128), direction(2, 128)
	for _, c := range []struct {
		name   string
		fill   func(*vision.Vote)
		ok     bool
		frames int
	}{
		{"nothing", func(*vision.Vote) {}, false, 0},
		{"two frames", func(v *vision.Vote) { add(v, anna, 0.9, 2) }, false, 0},
		{"three frames", func(v *vision.Vote) { add(v, anna, 0.9, 3) }, true, 3},
		{"an outlier is dropped", func(v *vision.Vote) {
			add(v, anna, 0.9, 4)
			add(v, other, 0.9, 1)
		}, true, 4},
		{"no majority", func(v *vision.Vote) {
			for i := range uint64(6) {
				v.Add(direction(10+i, 128), 1)
			}
		}, false, 0},
		{"the newest sixteen count", func(v *vision.Vote) {
			add(v, other, 0.9, 40)
			add(v, anna, 0.9, 16)
		}, true, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v vision.Vote
			c.fill(&v)
			got, ok := v.Verdict()
			if ok != c.ok || got.Frames != c.frames {
				t.Fatalf("got %v with %d frames, want %v with %d", ok, got.Frames, c.ok, c.frames)
			}
			if ok && vision.Cosine(got.Embedding, anna) < 0.95 {
				t.Errorf("the verdict's cosine with the face is %.3f, want 0.95 at least",
					vision.Cosine(got.Embedding, anna))
			}
		})
	}
}

// add adds n noisy frames of a face.
func add(v *vision.Vote, face []float32, cosine float64, n int) {
	for i := range n {
		v.Add(toward(face, cosine, uint64(100+i)), 0.8)
	}
}

// The mean of noisy frames is nearer to the face than the frames are, and the better frames
// weigh more.
func TestVoteWeighsByQuality(t *testing.T) {
	anna := direction(1, 128)
	var v vision.Vote
	good := toward(anna, 0.95, 5)
	v.Add(good, 1)
	for i := range uint64(3) {
		v.Add(toward(anna, 0.7, 20+i), 0.05)
	}
	got, ok := v.Verdict()
	if !ok {
		t.Fatal("no verdict")
	}
	if near, far := vision.Cosine(got.Embedding, good), vision.Cosine(got.Embedding,
		toward(anna, 0.7, 20)); near < 0.95 || near < far {
		t.Errorf("cosine %.3f with the good frame and %.3f with a poor one, want the good one "+
			"near 1",
			near, far)
	}
}

// For any input, a verdict is of unit length and of no more frames than are kept.
func TestVoteHoldsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v vision.Vote
		n := rapid.IntRange(0, 40).Draw(t, "frames")
		for range n {
			seed := rapid.Uint64Range(0, 3).Draw(t, "face")
			v.Add(toward(direction(seed, 32), rapid.Float64Range(0.2, 1).Draw(t, "cosine"),
				rapid.Uint64().Draw(t, "way")),
				rapid.Float64Range(-1, 1).Draw(t, "quality"))
		}
		if v.Frames() != n {
			t.Fatalf("got %d frames, want %d", v.Frames(), n)
		}
		got, ok := v.Verdict()
		if !ok {
			return
		}
		if l := vision.Cosine(got.Embedding, got.Embedding); l < 0.999 || l > 1.001 {
			t.Fatalf("length %v, want 1", l)
		}
		if got.Frames < vision.MinFrames || got.Frames > min(n, vision.MaxFrames) {
			t.Fatalf("got %d frames of %d", got.Frames, n)
		}
	})
}
