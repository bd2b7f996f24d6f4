package vision

import "github.com/gatehouse-iot/gatehouse"

// Decision holds the thresholds for accepting a match.
type Decision struct {
	Score   float64 // cosine with the best person, at least
	Margin  float64 // how far the second-best person must lie behind
	Quality float64 // of the query, at least
}

// DefaultDecision is meant for galleries of up to a few thousand people, and for queries that
// combine several frames by vote, as every sighting's does.
//
// Score is derived by vision/measure, whose test enforces the rule: the lowest value, in steps of
// 0.05, at which with 95 % confidence (Clopper-Pearson, two-sided) fewer than 0.5 % of strangers
// are accepted as somebody. On LFW with the models that set-up fetches, with 1,100 people enrolled
// by one photograph each: at 0.55, none of 1,205 strangers is accepted (below 0.31 %) and 881 of
// 1,062 tracks of enrolled people are matched (80.6 to 85.2 %); at 0.50, 7 strangers are accepted
// (below 1.2 %) and 87 % matched. Photographs of two people whom LFW has under two names are left
// out; see vision/measure. The tracks are hard ones: each is made from another photograph than the
// enrolled one, often years apart, and a track without a verdict counts as missed. LFW shows adults
// in press photographs; school cameras and children are not measured.
//
// One photograph against one, without a vote (TestLFW): at 0.333, where one pair of strangers in
// 1,000 passes, 45 % of strangers are accepted as somebody in a gallery of 620, since each is
// compared with everybody. The margin loses 0.3 % of the correct matches and halves the false ones.
func DefaultDecision() Decision {
	return Decision{
		Score:   0.55,
		Margin:  0.12,
		Quality: 0.3,
	}
}

// Query is a face to be found.
type Query struct {
	Embedding []float32
	Quality   float64 // 0…1; 0 is unknown and passes
	Frames    int
	// Only restricts the comparison to the people for whom it returns true, e.g. by consent or a
	// gate's roster; nil means everybody. It runs under the gallery's read lock and must not change
	// the gallery.
	Only func(gatehouse.PersonID) bool
}

// Match returns the person with this face, or "" with the reason in the report. The report is
// filled either way; a score of -1 means nobody.
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
