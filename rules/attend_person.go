package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// leaveTolerance is how long before the start of a leave the person may go.
const leaveTolerance = 15 * time.Minute

// answer is one person's attendance, with the inputs that affected it.
type answer struct {
	g.Attendance
	Leaves     []g.Leave   `json:"leaves"`
	Correction *Correction `json:"correction"`
	Roster     RosterEntry `json:"roster"`
}

func (c *computation) person(r RosterEntry, seen []Sighting) g.Attendance {
	s := c.in.Session
	a := answer{
		Roster: r,
		Attendance: g.Attendance{
			Person:    r.Person,
			Session:   s.ID,
			School:    s.School,
			Kind:      s.Kind,
			Date:      c.date,
			Final:     c.final,
			Reasons:   []string{},
			Sightings: []g.SightingID{},
		},
	}
	var here, elsewhere []Sighting
	for _, x := range seen {
		if c.places[x.Zone] {
			here = append(here, x)
		} else {
			elsewhere = append(elsewhere, x)
		}
	}
	leave := c.leave(r.Person)
	switch {
	case !required(s, r):
		a.State = g.NotRequired
		a.because(ReasonNotInSession)
	case len(here) == 0:
		c.unseen(&a, leave, elsewhere)
	case s.Kind == g.SessionMeal:
		c.meal(&a, here)
	default:
		c.seen(&a, leave, here)
	}
	if a.State != g.NotRequired && c.travels(seen) {
		a.except(ExceptionTravel)
	}
	c.correct(&a)
	a.InputHash = c.hash(a)
	return a.Attendance
}

func required(s g.Session, r RosterEntry) bool {
	return within(s.Who, r.Kind) && within(s.Classes, r.Class) && (!s.Boarders || r.Boarder)
}

func (a *answer) because(code string) { a.Reasons = append(a.Reasons, code) }

func (a *answer) except(code string) {
	if !slices.Contains(a.Exceptions, code) {
		a.Exceptions = append(a.Exceptions, code)
	}
}

// decide sets the state and the sighting that it is based on.
func (a *answer) decide(s Sighting, state g.AttendanceState, code string) {
	a.State, a.At, a.Method, a.Zone = state, s.at().UTC(), s.Method, s.Zone
	a.because(code)
	a.Sightings = append(a.Sightings, s.ID)
	if s.skewed() {
		a.except(ExceptionSkew)
	}
}

// absence is a person's leave around the session's due time.
type absence struct {
	until   time.Time // end of uninterrupted leave from Due; zero: none at Due
	offsite bool
	all     []g.Leave
}

func (c *computation) leave(p g.PersonID) absence {
	out := absence{all: slices.Clone(c.leaves[p])}
	slices.SortFunc(out.all, func(a, b g.Leave) int {
		if n := a.From.Compare(b.From); n != 0 {
			return n
		}
		if n := a.To.Compare(b.To); n != 0 {
			return n
		}
		return boolCompare(a.Offsite, b.Offsite)
	})
	until := c.due
	for _, l := range out.all {
		if !l.From.After(until) && l.To.After(until) {
			until = l.To
			out.offsite = out.offsite || l.Offsite
		}
	}
	if until.After(c.due) || covers(out.all, c.due, 0) {
		out.until = until
	}
	return out
}

func covers(leaves []g.Leave, t time.Time, early time.Duration) bool {
	return slices.ContainsFunc(leaves, func(l g.Leave) bool {
		return !l.From.Add(-early).After(t) && !l.To.Before(t)
	})
}

// unseen computes the state of a person who was not seen in the session's zones.
func (c *computation) unseen(a *answer, l absence, elsewhere []Sighting) {
	if !l.until.IsZero() {
		a.Leaves = l.all
		if !l.until.Before(c.end) || c.in.Now.Before(l.until.Add(ProvisionalAfter)) {
			a.State = g.Excused
			a.because(ReasonLeave)
			if l.offsite {
				a.State, a.Reasons = g.OffsiteApproved, []string{ReasonOffsite}
			}
			return
		}
		a.because(ReasonNotBack)
	}
	switch {
	case !c.assumed && c.started:
		a.State = g.Expected
		a.because(ReasonNotYetDue)
	case !c.assumed:
		a.State = g.Expected
		a.because(ReasonNotStarted)
	case len(elsewhere) > 0:
		a.decide(elsewhere[0], g.Unknown, ReasonElsewhere)
	case c.gap && len(c.places) == 0:
		a.State = g.Unknown
		a.because(ReasonNoPlace)
	case c.gap:
		a.State = g.Unknown
		a.because(ReasonGap)
	default:
		a.State = g.Absent
		a.because(ReasonNotSeen)
		if c.in.Session.Kind == g.SessionDorm {
			a.except(ExceptionDorm)
		}
	}
}

// meal computes the state of a person who was seen at the canteen: one meal, whatever follows.
func (c *computation) meal(a *answer, here []Sighting) {
	a.decide(here[0], g.Arrived, ReasonMeal)
	c.doubt(a, here[0], here)
	for _, s := range here[1:] {
		if s.at().Sub(here[0].at()) <= SamePassage {
			continue
		}
		a.Sightings = append(a.Sightings, s.ID)
		if s.Method == g.ByManual {
			a.because(ReasonSecondByStaff)
		} else {
			a.except(ExceptionDoubleDip)
		}
		break
	}
}

// seen computes the state of a person who came: in time or late, and perhaps left.
func (c *computation) seen(a *answer, l absence, here []Sighting) {
	first := here[0]
	if i := slices.IndexFunc(here, func(s Sighting) bool {
		return s.Direction != g.Out
	}); i >= 0 && c.in.Session.Kind == g.SessionDorm {
		first = here[i]
	}
	at := first.at()
	switch {
	case first.Direction == g.Out:
		a.decide(first, g.Arrived, ReasonSeenLeaving)
		a.except(ExceptionNoEntry)
	case !at.After(c.due):
		a.decide(first, g.Arrived, ReasonInTime)
	case !l.until.IsZero() && !at.After(l.until.Add(ProvisionalAfter)):
		a.decide(first, g.Arrived, ReasonLateOnLeave)
		a.Leaves = l.all
	default:
		a.decide(first, g.Late, ReasonLate)
		if c.gap {
			a.except(ExceptionGap)
		}
	}
	if covers(l.all, at, 0) {
		a.except(ExceptionDuringLeave)
		a.Leaves = l.all
	}
	c.doubt(a, first, here)
	c.left(a, l, here)
}

// left checks whether the last passage was out.
func (c *computation) left(a *answer, l absence, here []Sighting) {
	var last *Sighting
	for i := range here {
		if here[i].Direction != "" {
			last = &here[i]
		}
	}
	if last == nil || last.Direction != g.Out {
		return
	}
	if covers(l.all, last.at(), leaveTolerance) {
		a.because(ReasonLeftOnLeave)
		a.Leaves = l.all
		return
	}
	if len(a.Sightings) > 0 && a.Sightings[0] == last.ID {
		a.Sightings = a.Sightings[:0]
	}
	a.decide(*last, g.LeftEarly, ReasonLeft)
	if c.gap {
		a.except(ExceptionGap)
	}
	if c.in.Session.Kind == g.SessionDorm {
		a.except(ExceptionDorm)
	}
}

// doubt marks a face match that was close to another person's, unless the person was also
// identified otherwise in the same passage.
func (c *computation) doubt(a *answer, s Sighting, here []Sighting) {
	if s.Method != g.ByFace || s.Match == nil || s.Match.Margin >= LowMargin {
		return
	}
	for _, o := range here {
		if d := o.at().Sub(s.at()); o.Method != g.ByFace && d <= SamePassage && d >= -SamePassage {
			return
		}
	}
	a.except(ExceptionLowMargin)
}

// travels reports whether two sightings are in different buildings within less than TravelTime.
func (c *computation) travels(seen []Sighting) bool {
	for i := 1; i < len(seen); i++ {
		a, b := c.in.Zones[seen[i-1].Zone].Building, c.in.Zones[seen[i].Zone].Building
		if a != "" && b != "" && a != b && seen[i].at().Sub(seen[i-1].at()) < TravelTime {
			return true
		}
	}
	return false
}

// correct overrides the computed state by a correction; the computed one is kept in the reasons.
func (c *computation) correct(a *answer) {
	x, ok := c.corrects[a.Person]
	if !ok || x.State == "" {
		return
	}
	x.At = x.At.UTC()
	a.Correction = &x
	a.Reasons = append([]string{ReasonCorrected, "computed_" + string(a.State)}, a.Reasons...)
	a.State = x.State
}

// hash covers only the inputs that affected the result: a passage that changes nothing does not
// change the hash.
func (c *computation) hash(a answer) string {
	for i := range a.Leaves {
		a.Leaves[i] = g.Leave{
			From:    a.Leaves[i].From.UTC(),
			To:      a.Leaves[i].To.UTC(),
			Offsite: a.Leaves[i].Offsite,
		}
	}
	b, _ := json.Marshal(struct {
		Version         int
		Start, Due, End time.Time
		Answer          answer
	}{AttendanceVersion, c.start.UTC(), c.due.UTC(), c.end.UTC(), a})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
