package rota

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Overlap reports whether two chains of a school would be for the same alerts with the same right,
// so that one of them is not followed, and of which severity. Chains that are disabled overlap with
// none.
func Overlap(a, b g.Escalation) (g.Severity, bool) {
	if a.Disabled || b.Disabled || a.ID == b.ID || !samePlace(a, b) {
		return "", false
	}
	if len(a.Severities) == 0 || len(b.Severities) == 0 {
		all := len(a.Severities) == 0 && len(b.Severities) == 0
		return "", all // one that names the severity precedes one for each
	}
	for _, s := range a.Severities {
		if slices.Contains(b.Severities, s) {
			return s, true
		}
	}
	return "", false
}

// samePlace reports whether two chains name a place in common, or both none.
func samePlace(a, b g.Escalation) bool {
	if len(a.Zones)+len(a.Buildings) == 0 || len(b.Zones)+len(b.Buildings) == 0 {
		return len(a.Zones)+len(a.Buildings) == len(b.Zones)+len(b.Buildings)
	}
	return slices.ContainsFunc(a.Zones, func(z g.ZoneID) bool { return slices.Contains(b.Zones, z) }) ||
		slices.ContainsFunc(a.Buildings, func(x g.BuildingID) bool { return slices.Contains(b.Buildings, x) })
}
