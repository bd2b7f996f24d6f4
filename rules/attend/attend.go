package attend

import (
	"cmp"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Version is part of every input hash, so that a new algorithm changes all hashes.
const Version = 2

// Thresholds of exceptions.
const (
	LowMargin   = 0.08             // a face match closer to the runner-up is an exception, e.g. twins
	MaxSkew     = 60 * time.Second // a device clock further off is an exception
	SamePassage = 2 * time.Minute  // sightings closer together are the same passage
	TravelTime  = 20 * time.Second // moving between buildings faster is an exception
)

// Ways are sightings by person, in order and without repeats.
type Ways map[g.PersonID][]Sighting

// ByPerson makes ways of sightings, for any order and repetition of them. Those of nobody are
// ignored.
func ByPerson(sightings []Sighting) Ways {
	out := Ways{}
	for _, s := range sightings {
		if s.Person != "" {
			out[s.Person] = append(out[s.Person], s)
		}
	}
	for p, list := range out {
		out[p] = order(list)
	}
	return out
}

// Compute computes the answers of everybody on the roster, ordered by ID. It is pure: the same
// inputs give the same bytes. Sightings that the session does not count and those of people who are
// not on the roster are ignored.
func Compute(in Inputs, seen Ways) []g.Attendance {
	c := newComputation(in)
	roster := slices.Clone(in.Roster)
	slices.SortFunc(roster, func(a, b RosterEntry) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Class, b.Class), boolCompare(a.Boarder, b.Boarder),
			boolCompare(a.Away, b.Away))
	})
	roster = slices.CompactFunc(roster, func(a, b RosterEntry) bool { return a.Person == b.Person })
	out := make([]g.Attendance, 0, len(roster))
	for _, r := range roster {
		out = append(out, c.person(r, seen[r.Person]))
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
	in         Inputs
	start      time.Time
	due        time.Time
	end        time.Time
	date       string
	assumed    bool // people not seen are provisionally absent
	final      bool
	started    bool
	places     map[g.ZoneID]bool
	schoolwide bool // it asks who is in the school, not who is at a place in it
	gap        bool // somebody could have passed unseen
	blind      bool // so that who was not seen is unknown, not absent
	leaves     map[g.PersonID][]g.Leave
	corrects   map[g.PersonID]Correction
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
	for z := range c.places {
		if c.gate(z) && s.Kind != g.SessionMeal && s.Kind != g.SessionDorm {
			c.schoolwide = true
		}
	}
	c.gaps()
	for _, l := range in.Leaves {
		if l.To.After(l.From) {
			c.leaves[l.Person] = append(c.leaves[l.Person], l)
		}
	}
	for p, l := range c.leaves {
		c.leaves[p] = join(l)
	}
	for _, x := range in.Corrections {
		if old, ok := c.corrects[x.Person]; !ok || later(x, old) {
			c.corrects[x.Person] = x
		}
	}
	return c
}

func (c *computation) gate(z g.ZoneID) bool { return c.in.Zones[z].Kind == g.ZoneGate }

// gaps decides whether the gaps hide somebody. Until people are assumed to be absent any gap does;
// after it, when somebody might have come late, BriefGap in all.
func (c *computation) gaps() {
	c.gap = len(c.places) == 0
	c.blind = c.gap
	until := c.due.Add(ProvisionalAfter)
	if c.in.Session.Kind == g.SessionMeal || until.After(c.end) {
		until = c.end
	}
	var after []span
	for _, x := range c.in.Gaps {
		if !c.places[x.Zone] || x.From.After(c.in.Now) || !x.From.Before(c.end) ||
			!x.To.IsZero() && !x.To.After(c.start) {
			continue
		}
		c.gap = true
		if x.From.Before(until) {
			c.blind = true
		}
		after = append(after, span{x.From, x.To})
	}
	c.blind = c.blind || total(after, c.end) >= BriefGap
}

// span is a time; a zero to has no end.
type span struct{ from, to time.Time }

// total is how much time the spans cover together, up to end.
func total(all []span, end time.Time) (sum time.Duration) {
	for i := range all {
		if all[i].to.IsZero() || all[i].to.After(end) {
			all[i].to = end
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	var done time.Time
	for _, x := range all {
		if x.from.Before(done) {
			x.from = done
		}
		if x.to.After(x.from) {
			sum += x.to.Sub(x.from)
			done = x.to
		}
	}
	return sum
}

func later(a, b Correction) bool {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.State, b.State), cmp.Compare(a.Actor, b.Actor),
		cmp.Compare(a.Reason, b.Reason)) > 0
}

// order sorts one person's sightings and drops repeats.
func order(list []Sighting) []Sighting {
	slices.SortFunc(list, compareSightings)
	seen := make(map[g.SightingID]bool, len(list))
	return slices.DeleteFunc(list, func(s Sighting) bool {
		twice := seen[s.ID]
		seen[s.ID] = true
		return twice
	})
}

func compareSightings(a, b Sighting) int {
	if n := a.at().Compare(b.at()); n != 0 {
		return n
	}
	margin := func(s Sighting) float64 {
		if s.Match == nil {
			return 0
		}
		return s.Match.Margin
	}
	return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Zone, b.Zone),
		cmp.Compare(a.Device, b.Device),
		cmp.Compare(a.Method, b.Method), cmp.Compare(a.Direction, b.Direction),
		cmp.Compare(a.Offset, b.Offset), cmp.Compare(margin(a), margin(b)))
}
