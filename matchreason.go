package gatehouse

// The reasons in a Match: why a face was or was not matched with a person.
const (
	MatchFound          = "matched"
	MatchBelowThreshold = "below_threshold"
	MatchLowMargin      = "low_margin" // two people are about equally similar
	MatchLowQuality     = "low_quality"
	MatchNobodyEnrolled = "nobody_enrolled"
	// the query has another dimension than the gallery, or no direction
	MatchWrongModel = "wrong_model"
	// similar to another person of the school: a card or a member of staff must decide
	MatchLookAlike = "look_alike"
	MatchNoConsent = "no_consent" // a terminal recognised the face, but there is no consent
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
