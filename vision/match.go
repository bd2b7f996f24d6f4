package vision

import "github.com/gatehouse-iot/gatehouse"

// Decision says when a face is somebody's.
type Decision struct {
	Score   float64 // cosine with the best person, at least
	Margin  float64 // how far the second-best person must lie behind
	Quality float64 // of the query, at least
}

// DefaultDecision is made for galleries of up to some thousands.
//
// Measured on LFW with the models that set-up fetches, one photograph against one enrolled
// photograph, 620 people enrolled, no vote (TestLFW repeats half of it): at a score of 0.333, where
// one pair of strangers in 1,000 passes, 45 % of strangers are taken for somebody in the
// gallery, since each is compared with everybody; at 0.45 1.4 %; at 0.50 with a margin of
// 0.12 one of 2,320, while 91 % of the enrolled are found and one of 1,079 is mistaken for
// another. The margin costs 0.3 % of those found and halves the mistaken. Several frames that
// vote bring those who are missed back: in the sample videos the score of the right person
// is 0.78 to 0.88 after three frames. Children are not measured.
func DefaultDecision() Decision { return Decision{Score: 0.50, Margin: 0.12, Quality: 0.3} }

// Query is a face to be found.
type Query struct {
	Embedding []float32
	Quality   float64 // 0…1; 0 is unknown and passes
	Frames    int
	// Only lets a person through to be compared, e.g. by consent or a gate's roster; nil lets
	// everybody. It is called with the gallery locked for reading and must not change it.
	Only func(gatehouse.PersonID) bool
}

// The reasons in a Match.
const (
	Matched        = "matched"
	BelowThreshold = "below_threshold"
	LowMargin      = "low_margin"
	LowQuality     = "low_quality"
	NobodyEnrolled = "nobody_enrolled"
	WrongModel     = "wrong_model" // the query's length is not the gallery's, or it has no direction
)

// Match finds the person whose face it is, or "" with the reason. The report is filled either
// way; scores of -1 stand for nobody.
func (g *Gallery) Match(q Query, d Decision) (gatehouse.PersonID, gatehouse.Match) {
	m := gatehouse.Match{Score: -1, RunnerUp: -1, Quality: q.Quality, Frames: q.Frames}
	query := append([]float32(nil), q.Embedding...)
	if len(query) != g.dim || !Normalize(query) {
		m.Reason = WrongModel
		return "", m
	}
	var best gatehouse.PersonID
	best, m.Score, m.RunnerUp = g.nearest(query, q.Only)
	if best == "" {
		m.Reason = NobodyEnrolled
		return "", m
	}
	m.Margin = m.Score - m.RunnerUp
	switch {
	case q.Quality > 0 && q.Quality < d.Quality:
		m.Reason = LowQuality
	case m.Score < d.Score:
		m.Reason = BelowThreshold
	case m.Margin < d.Margin:
		m.Reason = LowMargin
	default:
		m.Reason = Matched
		return best, m
	}
	return "", m
}
