package attend

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// join sorts a person's leaves and makes one of those that adjoin.
func join(all []g.Leave) []g.Leave {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b g.Leave) int {
		if n := a.From.Compare(b.From); n != 0 {
			return n
		}
		if n := a.To.Compare(b.To); n != 0 {
			return n
		}
		return boolCompare(a.Offsite, b.Offsite)
	})
	var out []g.Leave
	for _, l := range all {
		l = g.Leave{From: l.From.UTC(), To: l.To.UTC(), Offsite: l.Offsite}
		last := len(out) - 1
		if last < 0 || l.From.Sub(out[last].To) > leavesAdjoin {
			out = append(out, l)
			continue
		}
		if l.To.After(out[last].To) {
			out[last].To = l.To
		}
		out[last].Offsite = out[last].Offsite || l.Offsite
	}
	return out
}

// covers reports whether a leave holds at t, or begins within early after it.
func covers(leaves []g.Leave, t time.Time, early time.Duration) bool {
	return slices.ContainsFunc(leaves, func(l g.Leave) bool {
		return !l.From.Add(-early).After(t) && !l.To.Before(t)
	})
}

// atDue is the leave that holds when the person is due; nil: none does.
func (c *computation) atDue(all []g.Leave) *g.Leave {
	i := slices.IndexFunc(all, func(l g.Leave) bool {
		return !l.From.After(c.due) && !l.To.Before(c.due)
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}

// most is the leave that begins after the due time and holds for at least half of what is left of
// the session, up to its end; nil: there is none.
func (c *computation) most(all []g.Leave) *g.Leave {
	i := slices.IndexFunc(all, func(l g.Leave) bool {
		return l.From.After(c.due) && !l.To.Add(leaveTolerance).Before(c.end) &&
			c.end.Sub(l.From) >= c.end.Sub(c.due)/2
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}
