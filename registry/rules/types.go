package rules

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of what is kept.
const (
	MaxText     = 64 << 10 // bytes of a rule's text
	MaxOfSchool = 500      // rules of one school that are not deleted
)

// RuleVersion is one version of a school's rule.
type RuleVersion struct {
	School  g.SchoolID `json:"school"`
	ID      g.RuleID   `json:"id"`      // as in its text; unique in the school
	Version int        `json:"version"` // from 1
	Text    string     `json:"text"`    // YAML
	Enabled bool       `json:"enabled"`
	// Replaces: it holds in the place of the rule with this ID in the files or of a school above;
	// while it is disabled, neither holds for the school.
	Replaces bool   `json:"replaces,omitempty"`
	Template string `json:"template,omitempty"` // the ID of the template that it began as
	Base     string `json:"-"`                  // the text of the template or file that it stands on; "": not known
	Note     string `json:"note,omitempty"`     // why it was changed
	Deleted  bool   `json:"deleted,omitempty"`
	// who wrote it: the ID of a user or key, and the name at the time
	By     string    `json:"by,omitempty"`
	ByName string    `json:"by_name,omitempty"`
	At     time.Time `json:"at"`
}
