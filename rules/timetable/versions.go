package timetable

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Change is the history of a pattern with a new version from its From on: the versions before are
// kept, and hold on the days before as they did. versions are all of one pattern. A From that is no
// day is refused.
func Change(versions []g.SessionPattern, next g.SessionPattern) ([]g.SessionPattern, error) {
	if _, err := g.ParseDate(next.From); err != nil {
		return nil, err
	}
	next.Version = 1
	for _, v := range versions {
		next.Version = max(next.Version, v.Version+1)
	}
	return append(slices.Clone(versions), next), nil
}

// at is the version of each pattern that holds on a day, by pattern. The last version that has begun
// decides, also that the pattern has ended.
func at(patterns []g.SessionPattern, day string) []g.SessionPattern {
	last := map[g.SessionPatternID]g.SessionPattern{}
	for _, p := range patterns {
		if old, ok := last[p.ID]; p.From <= day && (!ok || p.Version > old.Version) {
			last[p.ID] = p
		}
	}
	var out []g.SessionPattern
	for _, p := range last {
		if p.To == "" || day <= p.To {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b g.SessionPattern) int { return compare(a.ID, b.ID) })
	return out
}
