package vision

import "github.com/gatehouse-iot/gatehouse"

// Decision says when a face is somebody's.
type Decision struct {
	Score   float64 // cosine with the best person, at least
	Margin  float64 // how far the second-best person must lie behind
	Quality float64 // of the query, at least
}

// DefaultDecision is made for galleries of up to some thousands and a query on which several
// frames voted.
//
// Measured on LFW with the models that set-up fetches, one photograph against one: a cosine
// of 0.333 lets one stranger in 1,000 pass as a given person, 0.473 one in 100,000, and
// genuine pairs reach them in 98.4 % and 93.3 %. A stranger is compared with everybody in the
// gallery, so that 0.333 would be wrong about once a minute at a busy gate with 1,000
// enrolled. 0.45 is near the second figure; the mean of several frames lifts genuine scores
// (by about 0.1 in the sample video) more than it lifts strangers', and most strangers who
// still pass are about as like to a second person, which the margin catches.
func DefaultDecision() Decision { return Decision{Score: 0.45, Margin: 0.08, Quality: 0.3} }

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
