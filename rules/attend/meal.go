package attend

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// meal computes the state of a person at a meal: one for each person and day, at whatever sitting.
// Who has not eaten is not looked for elsewhere: the answer to a meal tells no way through the
// school.
func (c *computation) meal(a *answer, seen []Sighting) {
	var here []Sighting
	own := func(t time.Time) bool { return !t.Before(c.start) && t.Before(c.end) }
	for _, s := range seen {
		if c.places[s.Zone] && (own(s.at()) || c.sitting(s.at())) {
			here = append(here, s)
		}
	}
	if len(here) == 0 {
		c.unseen(a, trail{}, c.leaves[a.Person])
		return
	}
	first := here[0]
	code := ReasonMeal
	if !own(first.at()) {
		code = ReasonOtherSitting
	}
	a.decide(first, g.Arrived, code)
	if covers(c.leaves[a.Person], first.at(), 0) {
		a.except(ExceptionDuringLeave)
		a.Leaves = c.leaves[a.Person]
	}
	c.doubt(a, first, here)
	for _, s := range here[1:] {
		if s.at().Sub(first.at()) <= SamePassage {
			continue
		}
		if s.Method == g.ByManual {
			if !slices.Contains(a.Reasons, ReasonSecondByStaff) {
				a.because(ReasonSecondByStaff)
				a.Sightings = append(a.Sightings, s.ID)
			}
			continue
		}
		a.Sightings = append(a.Sightings, s.ID)
		a.except(ExceptionDoubleDip)
		break
	}
}

// sitting reports whether t is in another sitting of the meal.
func (c *computation) sitting(t time.Time) bool {
	return slices.ContainsFunc(c.in.Sittings, func(s g.Session) bool {
		return !t.Before(s.Start) && t.Before(s.End)
	})
}
