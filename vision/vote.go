package vision

// Limits of a vote.
const (
	MinFrames = 3  // good frames that must agree for a verdict
	MaxFrames = 16 // only the newest are kept
	// Two frames of one face have cosines of at least 0.61 in the sample videos, mostly 0.88; two
	// people reach 0.25 in about one of 200 LFW pairs.
	sameInTrack  = 0.40 // cosine from which two frames agree
	otherInTrack = 0.25 // cosine below which a frame shows somebody else, or is useless
)

// Vote combines the good frames of one face. The zero Vote is empty. It is not safe for concurrent
// use.
type Vote struct {
	samples []sample // at most MaxFrames, oldest first
	total   int
}

type sample struct {
	embedding []float32
	quality   float64
}

// Verdict is a Vote's outcome.
type Verdict struct {
	Embedding []float32 // unit length
	Quality   float64   // mean of the frames that agree, 0…1
	Frames    int       // frames that agree
}

// Add adds one good frame: its embedding, of unit length, and its quality. Beyond MaxFrames the
// oldest is dropped.
func (v *Vote) Add(embedding []float32, quality float64) {
	if len(v.samples) == MaxFrames {
		v.samples = append(v.samples[:0], v.samples[1:]...)
	}
	v.samples = append(v.samples, sample{
		embedding: embedding,
		quality:   max(quality, 0.01),
	})
	v.total++
}

// Frames is the number of good frames ever added.
func (v *Vote) Frames() int { return v.total }

// Verdict is the quality-weighted mean of the frames that agree with the most central one; ok is
// false while fewer than MinFrames agree, or fewer than half of the kept ones.
func (v *Vote) Verdict() (out Verdict, ok bool) {
	var agree []sample
	if c := v.central(); c >= 0 {
		for _, s := range v.samples {
			if Cosine(v.samples[c].embedding, s.embedding) >= sameInTrack {
				agree = append(agree, s)
			}
		}
	}
	if len(agree) < MinFrames || 2*len(agree) < len(v.samples) {
		return out, false
	}
	mean := make([]float32, len(agree[0].embedding))
	for _, s := range agree {
		for i, x := range s.embedding {
			mean[i] += float32(s.quality) * x
		}
		out.Quality += s.quality / float64(len(agree))
	}
	if !Normalize(mean) {
		return out, false
	}
	out.Embedding, out.Frames = mean, len(agree)
	return out, true
}

// central is the index of the frame most like the others, or -1 if there is none.
func (v *Vote) central() int {
	best, most := -1, 0.0
	for i, a := range v.samples {
		var sum float64
		for j, b := range v.samples {
			if i != j {
				sum += b.quality * Cosine(a.embedding, b.embedding)
			}
		}
		if best < 0 || sum > most {
			best, most = i, sum
		}
	}
	return best
}

// likeness is the cosine of an embedding with the mean of the kept frames; -1 if there are none.
func (v *Vote) likeness(embedding []float32) float64 {
	mean := make([]float32, len(embedding))
	for _, s := range v.samples {
		if len(s.embedding) != len(mean) {
			return -1
		}
		for i, x := range s.embedding {
			mean[i] += float32(s.quality) * x
		}
	}
	if !Normalize(mean) {
		return -1
	}
	return Cosine(mean, embedding)
}
