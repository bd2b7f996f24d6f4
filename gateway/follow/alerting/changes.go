package alerting

import (
	"slices"

	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

// Change is a rule or procedure that was added, changed or removed.
type Change struct {
	Key      string // rules. or procedures. and its ID
	From, To string // full texts; empty if added or removed
}

// Changes returns the differences between two sets of rules and procedures, by ID, with full texts.
func Changes(old, now Files) ([]Change, error) {
	before, err := old.Texts()
	if err != nil {
		return nil, err
	}
	after, err := now.Texts()
	if err != nil {
		return nil, err
	}
	same := func(a alerts.RuleText) func(alerts.RuleText) bool {
		return func(b alerts.RuleText) bool { return a.Kind == b.Kind && a.ID == b.ID }
	}
	var out []Change
	for _, a := range before {
		i := slices.IndexFunc(after, same(a))
		switch {
		case i < 0:
			out = append(out, Change{
				Key:  a.Kind + "s." + a.ID,
				From: a.Body,
			})
		case after[i].Body != a.Body:
			out = append(out,
				Change{
					Key:  a.Kind + "s." + a.ID,
					From: a.Body,
					To:   after[i].Body,
				})
		}
	}
	for _, b := range after {
		if !slices.ContainsFunc(before, same(b)) {
			out = append(out, Change{
				Key: b.Kind + "s." + b.ID,
				To:  b.Body,
			})
		}
	}
	return out, nil
}
