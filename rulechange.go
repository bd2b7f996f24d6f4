package gatehouse

// RuleDeed says what became of a school's own rule.
type RuleDeed string

// What becomes of a rule.
const (
	RuleCreated  RuleDeed = "created"  // written for the first time, or anew after it was removed
	RuleEdited   RuleDeed = "edited"   // another text, perhaps also switched on or off
	RulePaused   RuleDeed = "paused"   // switched off, the text is the same
	RuleResumed  RuleDeed = "resumed"  // switched on again, the text is the same
	RuleRestored RuleDeed = "restored" // an earlier version holds again, perhaps of a removed rule
	RuleRemoved  RuleDeed = "removed"
)

// RuleDeeds lists what may become of a rule.
func RuleDeeds() []RuleDeed {
	return []RuleDeed{
		RuleCreated,
		RuleEdited,
		RulePaused,
		RuleResumed,
		RuleRestored,
		RuleRemoved,
	}
}

// RuleChange is a new version of a rule that a school has written itself. The text is not in it: it
// is read by the rule's ID.
type RuleChange struct {
	Rule     RuleID   `json:"rule"` // as in alerts: the ID in its text, "@" and the school's
	Version  int      `json:"version"`
	Deed     RuleDeed `json:"deed"`
	Enabled  bool     `json:"enabled"`
	Replaces bool     `json:"replaces,omitempty"` // it stands in the place of another rule
	By       string   `json:"by,omitempty"`       // the ID of a user or key
	ByName   string   `json:"by_name,omitempty"`  // the name at the time
	Note     string   `json:"note,omitempty"`     // why
}
