// Package alerts is the API of alerts and incidents: lists, who handles them, the steps of a
// procedure, the hand-over.
//
// It decides nothing: an alert's life cycle is the registry's.
package alerts

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// RuleInfo is a loaded rule.
type RuleInfo struct {
	ID       g.RuleID   `json:"id"`
	Title    string     `json:"title"`
	TitleZH  string     `json:"title_zh,omitempty"`
	Severity g.Severity `json:"severity"`
	YAML     string     `json:"yaml"`
}

// area is what the operations use.
type area struct {
	*gate.Gate
	rules func() []RuleInfo
}

// Register adds the operations. rules are those that are loaded; nil: the gateway has none.
func Register(r *gate.Gate, rules func() []RuleInfo) {
	s := &area{r, rules}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("Handover", "approval", "", "waiting", "approved", "refused")
		d.OneOf("Handover", "link", "", "off", "on")
	})
	s.registerAlerts()
	s.registerIncidents()
}
