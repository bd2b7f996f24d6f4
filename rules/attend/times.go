package attend

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Times that divide the life of a session.
const (
	ProvisionalAfter = 5 * time.Minute  // past Due: people not seen are provisionally absent
	FinalGrace       = 30 * time.Minute // past End: answers are final
	// past End: only what people decide (leave, corrections, the roster) changes an answer
	LockedAfter = 7 * 24 * time.Hour
)

// Tolerances.
const (
	EarlyTolerance = 5 * time.Minute  // before the end: leaving is not early
	leaveTolerance = 15 * time.Minute // going before a leave, and its ending before the session does
	leavesAdjoin   = 5 * time.Minute  // leaves this close are one
	BriefGap       = 5 * time.Minute  // past Due: shorter gaps do not make an absence unknown
)

// How long before the start sightings count, by what the session asks: whether somebody is in the
// school or in the dorm stays so until something else is seen.
const (
	opensLong  = 12 * time.Hour
	opensShort = 15 * time.Minute
)

const dayEnds = 4 // o'clock: a dorm's day ends, and for others than boarders a new one begins

// Opens is the earliest time from which a sighting can matter to the session.
func Opens(s g.Session) time.Time {
	if s.Kind == g.SessionMeal {
		return s.Start
	}
	return s.Start.Add(-opensLong)
}

// opens is the time from which sightings of a person count. Who goes home at night has not been in
// the school since yesterday.
func (c *computation) opens(r RosterEntry) time.Time {
	s := c.in.Session
	if !c.schoolwide && s.Kind != g.SessionMeal && s.Kind != g.SessionArrival && s.Kind != g.SessionDorm {
		return s.Start.Add(-opensShort)
	}
	out := Opens(s)
	if !c.schoolwide || r.Boarder {
		return out
	}
	t := c.start.In(c.in.School.Location())
	if day := time.Date(t.Year(), t.Month(), t.Day(), dayEnds, 0, 0, 0, t.Location()); day.After(out) &&
		!day.After(c.start) {
		return day
	}
	return out
}

// Boundaries are the times from which people not seen are provisionally absent, answers are final,
// and answers are locked.
func Boundaries(s g.Session, school g.School) (provisional, final, locked time.Time) {
	end := sessionEnd(s, school)
	provisional = s.Due.Add(ProvisionalAfter)
	if s.Due.IsZero() || s.Kind == g.SessionMeal {
		provisional = end
	}
	return provisional, end.Add(FinalGrace), end.Add(LockedAfter)
}

// OperationalDate is the day, YYYY-MM-DD, that a session belongs to in the school's time zone. In a
// dorm it ends at 04:00 of the next day.
func OperationalDate(s g.Session, school g.School) string {
	t := s.Start.In(school.Location())
	if s.Kind == g.SessionDorm && t.Hour() < dayEnds {
		t = time.Date(t.Year(), t.Month(), t.Day()-1, 12, 0, 0, 0, t.Location())
	}
	return t.Format(time.DateOnly)
}

// sessionEnd is the time until which sightings count; in a dorm at most 04:00.
func sessionEnd(s g.Session, school g.School) time.Time {
	end := s.End
	if s.Kind != g.SessionDorm {
		if end.IsZero() {
			return s.Due
		}
		return end
	}
	t := s.Start.In(school.Location())
	day := t.Day()
	if t.Hour() >= dayEnds {
		day++
	}
	cut := time.Date(t.Year(), t.Month(), day, dayEnds, 0, 0, 0, t.Location())
	if end.IsZero() || end.After(cut) {
		return cut
	}
	return end
}

// places are the zones in which the session asks for people.
func places(in Inputs) map[g.ZoneID]bool {
	out := map[g.ZoneID]bool{}
	for _, z := range in.Session.Zones {
		out[z] = true
	}
	if len(out) > 0 {
		return out
	}
	kinds := in.Session.ZoneKinds
	if len(kinds) == 0 {
		kinds = []g.ZoneKind{in.Session.Kind.UsualZone()}
	}
	for id, z := range in.Zones {
		if slices.Contains(kinds, z.Kind) {
			out[id] = true
		}
	}
	return out
}
