package gatehouse

// The reasons in a Match: why a face was taken for somebody's, or for nobody's.
const (
	MatchFound          = "matched"
	MatchBelowThreshold = "below_threshold"
	MatchLowMargin      = "low_margin" // two people are as near
	MatchLowQuality     = "low_quality"
	MatchNobodyEnrolled = "nobody_enrolled"
	// the query's length is not the gallery's, or it has no direction
	MatchWrongModel = "wrong_model"
	// somebody has a look-alike in the school: a card or a member of staff says which it is
	MatchLookAlike = "look_alike"
	MatchNoConsent = "no_consent" // a terminal knows the face and may not use it
)

// MatchReasons lists every reason.
func MatchReasons() []string {
	return []string{
		MatchFound,
		MatchBelowThreshold,
		MatchLowMargin,
		MatchLowQuality,
		MatchNobodyEnrolled,
		MatchWrongModel,
		MatchLookAlike,
		MatchNoConsent,
	}
}
