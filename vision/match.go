package vision

import "github.com/gatehouse-iot/gatehouse"

// Decision says when a face is somebody's.
type Decision struct {
	Score   float64 // cosine with the best person, at least
	Margin  float64 // how far the second-best person must lie behind
	Quality float64 // of the query, at least
}

// DefaultDecision is made for galleries of up to some thousands, and for queries that several
// frames voted on, as every sighting's is.
//
// Score is derived by vision/measure, whose test holds it to its rule: the lowest, in steps of a
// twentieth, at which with 95 % confidence (Clopper and Pearson, both sides) fewer than 0.5 % of
// strangers are taken for somebody. On LFW with the models that set-up fetches, with 1,100 people
// enrolled by one photograph each: at 0.55 none of 1,205 strangers (below 0.31 %), and 881 of 1,062
// tracks of the enrolled are found (80.6 to 85.2 %); at 0.50 7 strangers (below 1.2 %) and 87 %.
// Photographs of two people whom LFW has under two names are left out of it; see vision/measure.
// The tracks are hard ones, each of another photograph than the enrolled, often years apart, and
// every track counts of which nothing was said. These are photographs of adults from the press; a
// school's cameras and children are not measured.
//
// One photograph against one, without a vote (TestLFW): at 0.333, where one pair of strangers
// in 1,000 passes, 45 % of strangers are taken for somebody in a gallery of 620, since each is
// compared with everybody. The margin costs 0.3 % of those found and halves the mistaken.
func DefaultDecision() Decision { return Decision{Score: 0.55, Margin: 0.12, Quality: 0.3} }

// Query is a face to be found.
type Query struct {
	Embedding []float32
	Quality   float64 // 0…1; 0 is unknown and passes
	Frames    int
	// Only lets a person through to be compared, e.g. by consent or a gate's roster; nil lets
	// everybody. It is called with the gallery locked for reading and must not change it.
	Only func(gatehouse.PersonID) bool
}

// Match finds the person whose face it is, or "" with the reason. The report is filled either
// way; scores of -1 stand for nobody.
func (g *Gallery) Match(q Query, d Decision) (gatehouse.PersonID, gatehouse.Match) {
	m := gatehouse.Match{
		Score:    -1,
		RunnerUp: -1,
		Quality:  q.Quality,
		Frames:   q.Frames,
	}
	query := append([]float32(nil), q.Embedding...)
	if len(query) != g.dim || !Normalize(query) {
		m.Reason = gatehouse.MatchWrongModel
		return "", m
	}
	var best gatehouse.PersonID
	best, m.Score, m.RunnerUp = g.nearest(query, q.Only)
	if best == "" {
		m.Reason = gatehouse.MatchNobodyEnrolled
		return "", m
	}
	m.Margin = m.Score - m.RunnerUp
	switch {
	case q.Quality > 0 && q.Quality < d.Quality:
		m.Reason = gatehouse.MatchLowQuality
	case m.Score < d.Score:
		m.Reason = gatehouse.MatchBelowThreshold
	case m.Margin < d.Margin:
		m.Reason = gatehouse.MatchLowMargin
	default:
		m.Reason = gatehouse.MatchFound
		return best, m
	}
	return "", m
}
