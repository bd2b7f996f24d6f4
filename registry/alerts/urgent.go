package alerts

import (
	"cmp"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// MoreUrgent orders alerts for slices.SortFunc: what still holds, or is a finding of a moment, before
// what is over; then by severity; then the oldest first.
func MoreUrgent(a, b AlertRow) int {
	over := func(r AlertRow) int {
		if r.Ended.IsZero() {
			return 0
		}
		return 1
	}
	rank := func(s g.Severity) int { return slices.Index(g.Severities(), s) }
	return cmp.Or(cmp.Compare(over(a), over(b)), cmp.Compare(rank(b.Severity), rank(a.Severity)),
		a.Opened.Compare(b.Opened), cmp.Compare(a.ID, b.ID))
}
