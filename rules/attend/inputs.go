package attend

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Inputs is everything that answers are computed from, except the sightings.
type Inputs struct {
	Session     g.Session
	School      g.School
	Roster      []RosterEntry // people to compute: all of the session's, or some of them
	Leaves      []g.Leave
	Corrections []Correction
	Zones       map[g.ZoneID]g.Zone // of the school
	Gaps        []Gap
	// Sittings are the other sessions of the same meal on the same day: who eats at one of them has
	// eaten.
	Sittings []g.Session
	// Now only matters relative to Boundaries and Leave.To: between two of these times the output
	// is byte-identical.
	Now time.Time
}

// RosterEntry is one person of the roster, as they were when the session began.
type RosterEntry struct {
	Person  g.PersonID
	Kind    g.PersonKind
	Class   string
	Boarder bool
	Away    bool // not of the school then: not enrolled yet, or gone
}

// Correction is a manual result, which overrides the computed one. The newest counts; one with an
// empty State cancels earlier ones.
type Correction struct {
	Person g.PersonID
	State  g.AttendanceState
	Reason string
	Actor  string
	At     time.Time
}

// Gap is a time in which people could have passed unseen: a device of the zone was unreachable or
// its passages were refused, and it has not delivered sightings for it since. A zero To means that
// it continues.
type Gap struct {
	Zone g.ZoneID
	From time.Time
	To   time.Time
}

// Sighting is a sighting of a known person. Time is by the device's clock; Offset is how far that
// clock was ahead of the gateway's, 0 if unknown (see Punches).
type Sighting struct {
	ID        g.SightingID
	Person    g.PersonID
	Device    g.DeviceID
	Zone      g.ZoneID
	Method    g.Method
	Direction g.Direction
	Time      time.Time
	Offset    time.Duration
	Match     *g.Match
}

// at is the corrected time. Offsets up to MaxSkew are ignored.
func (s Sighting) at() time.Time {
	if s.skewed() {
		return s.Time.Add(-s.Offset)
	}
	return s.Time
}

func (s Sighting) skewed() bool { return s.Offset > MaxSkew || s.Offset < -MaxSkew }

// Punches are what a device's live sightings of a day say of its clock: the least and the most that
// their times were ahead of when the gateway received them, and how many there were.
type Punches struct {
	N           int
	Least, Most time.Duration
}

// minPunches are the fewest punches that show a clock to be behind.
const minPunches = 3

// Offset is how far the clock is ahead, or 0 where that is not known or at most MaxSkew. Nothing
// arrives before it has happened, so that one punch shows a clock that is ahead. One that arrives
// late may have been under way: a clock is behind only if several punches agree on how much.
func (p Punches) Offset() time.Duration {
	behind := p.N >= minPunches && p.Most < -MaxSkew && p.Most-p.Least <= MaxSkew
	if p.Most > MaxSkew || behind {
		return p.Most
	}
	return 0
}
