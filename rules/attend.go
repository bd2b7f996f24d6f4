package rules

import (
	"cmp"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// AttendanceVersion is part of every input hash, so that a new algorithm changes all hashes.
const AttendanceVersion = 1

// Times that divide the life of a session.
const (
	ProvisionalAfter = 5 * time.Minute  // past Due: people not seen are provisionally absent
	FinalGrace       = 30 * time.Minute // past End: results are final
	// past End: callers stop recomputing; only corrections change results
	LockedAfter = 7 * 24 * time.Hour
)

// Thresholds of exceptions.
const (
	LowMargin   = 0.08             // a face match closer to the runner-up is an exception, e.g. twins
	MaxSkew     = 60 * time.Second // a device clock further off is an exception
	SamePassage = 2 * time.Minute  // sightings closer together are the same passage
	TravelTime  = 20 * time.Second // moving between buildings faster is an exception
)

// Inputs is everything that attendance is computed from, except the sightings.
type Inputs struct {
	Session     g.Session
	School      g.School
	Roster      []RosterEntry // people to compute: all of the session's, or one of them
	Leaves      []g.Leave
	Corrections []Correction
	Zones       map[g.ZoneID]g.Zone // of the school
	Gaps        []Gap
	// Now only matters relative to Boundaries and Leave.To: between two of these times the output
	// is byte-identical.
	Now time.Time
}

// RosterEntry is one person of the roster.
type RosterEntry struct {
	Person  g.PersonID
	Kind    g.PersonKind
	Class   string
	Boarder bool
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

// Gap is a time in which people could have passed unseen: the zone's devices were unreachable, and
// have not delivered sightings for it since. A zero To means that it continues.
type Gap struct {
	Zone g.ZoneID
	From time.Time
	To   time.Time
}

// Sighting is a sighting of a known person. Time is by the device's clock; Offset is how far that
// clock was ahead of the gateway's, 0 if unknown (see ClockOffsets).
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

// Boundaries are the times from which people not seen are provisionally absent, results are final,
// and callers should stop recomputing.
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
	if s.Kind == g.SessionDorm && t.Hour() < dormDayEnds {
		t = time.Date(t.Year(), t.Month(), t.Day()-1, 12, 0, 0, 0, t.Location())
	}
	return t.Format(time.DateOnly)
}

const dormDayEnds = 4 // o'clock

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
	if t.Hour() >= dormDayEnds {
		day++
	}
	cut := time.Date(t.Year(), t.Month(), day, dormDayEnds, 0, 0, 0, t.Location())
	if end.IsZero() || end.After(cut) {
		return cut
	}
	return end
}

// Attend computes the attendance of everybody on the roster, ordered by ID. It is pure: the same
// inputs give the same bytes, for any order, repetition and delay of the sightings. Sightings of
// people who are not on the roster are ignored.
func Attend(in Inputs, sightings []Sighting) []g.Attendance {
	c := newComputation(in)
	byPerson := map[g.PersonID][]Sighting{}
	for _, s := range sightings {
		if s.Person != "" {
			byPerson[s.Person] = append(byPerson[s.Person], s)
		}
	}
	roster := slices.Clone(in.Roster)
	slices.SortFunc(roster, func(a, b RosterEntry) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Class, b.Class), boolCompare(a.Boarder, b.Boarder))
	})
	roster = slices.CompactFunc(roster, func(a, b RosterEntry) bool { return a.Person == b.Person })
	out := make([]g.Attendance, 0, len(roster))
	for _, r := range roster {
		out = append(out, c.person(r, c.order(byPerson[r.Person])))
	}
	return out
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// computation holds what is common to all people of the session.
type computation struct {
	in       Inputs
	start    time.Time
	due      time.Time
	end      time.Time
	date     string
	now      time.Time
	assumed  bool // people not seen are provisionally absent
	final    bool
	started  bool
	places   map[g.ZoneID]bool
	gap      bool
	leaves   map[g.PersonID][]g.Leave
	corrects map[g.PersonID]Correction
}

func newComputation(in Inputs) *computation {
	provisional, final, _ := Boundaries(in.Session, in.School)
	s := in.Session
	c := &computation{
		in:       in,
		start:    s.Start,
		due:      s.Due,
		end:      sessionEnd(s, in.School),
		date:     OperationalDate(s, in.School),
		now:      in.Now,
		started:  !in.Now.Before(s.Start),
		assumed:  !in.Now.Before(provisional),
		final:    !in.Now.Before(final),
		places:   places(in),
		leaves:   map[g.PersonID][]g.Leave{},
		corrects: map[g.PersonID]Correction{},
	}
	if c.due.IsZero() {
		c.due = c.end
	}
	c.gap = len(c.places) == 0
	for _, gap := range in.Gaps {
		if c.places[gap.Zone] && gap.From.Before(c.end) &&
			(gap.To.IsZero() || gap.To.After(c.start)) {
			c.gap = c.gap || !gap.From.After(in.Now)
		}
	}
	for _, l := range in.Leaves {
		if l.To.After(l.From) {
			c.leaves[l.Person] = append(c.leaves[l.Person], l)
		}
	}
	for _, x := range in.Corrections {
		if old, ok := c.corrects[x.Person]; !ok || later(x, old) {
			c.corrects[x.Person] = x
		}
	}
	return c
}

func later(a, b Correction) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.State, b.State), cmp.Compare(a.Actor, b.Actor),
		cmp.Compare(a.Reason, b.Reason)) > 0
}

// places are the zones in which sightings count.
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

// order sorts one person's sightings, and drops repeats and those outside of the session.
func (c *computation) order(list []Sighting) []Sighting {
	list = slices.DeleteFunc(slices.Clone(list), func(s Sighting) bool {
		return s.at().Before(c.start) || !s.at().Before(c.end)
	})
	slices.SortFunc(list, compareSightings)
	seen := map[g.SightingID]bool{}
	return slices.DeleteFunc(list, func(s Sighting) bool {
		twice := seen[s.ID]
		seen[s.ID] = true
		return twice
	})
}

func compareSightings(a, b Sighting) int {
	margin := func(s Sighting) float64 {
		if s.Match == nil {
			return 0
		}
		return s.Match.Margin
	}
	return cmp.Or(a.at().Compare(b.at()), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Zone, b.Zone),
		cmp.Compare(a.Device, b.Device),
		cmp.Compare(a.Method, b.Method), cmp.Compare(a.Direction, b.Direction),
		cmp.Compare(a.Offset, b.Offset), cmp.Compare(margin(a), margin(b)))
}

// ClockOffsets estimates how far each device's clock is ahead of the gateway's, from live sightings
// (not replayed ones) and the times at which the gateway received them. Network delay makes the
// estimates too low, so only clocks that are clearly ahead, or behind by more than MaxSkew in every
// sighting, are returned.
func ClockOffsets(live []Sighting, received []time.Time) map[g.DeviceID]time.Duration {
	best := map[g.DeviceID]time.Duration{}
	for i, s := range live {
		if i >= len(received) {
			break
		}
		d := s.Time.Sub(received[i])
		if old, ok := best[s.Device]; !ok || d > old {
			best[s.Device] = d
		}
	}
	for id, d := range best {
		if d <= MaxSkew && d >= -MaxSkew {
			delete(best, id)
		}
	}
	return best
}
