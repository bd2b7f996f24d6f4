package attend

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// answer is one person's attendance, with the inputs that affected it.
type answer struct {
	g.Attendance
	Leaves     []g.Leave   `json:"leaves"`
	Correction *Correction `json:"correction"`
	Roster     RosterEntry `json:"roster"`
}

// person computes one person's answer from all of their sightings, in order.
func (c *computation) person(r RosterEntry, seen []Sighting) g.Attendance {
	s := c.in.Session
	a := &answer{
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
	near := between(seen, c.opens(r), c.end)
	switch {
	case !required(s, r):
		a.State = g.NotRequired
		a.because(ReasonNotInSession)
	case s.Kind == g.SessionMeal:
		c.meal(a, seen)
	default:
		c.stayed(a, near)
	}
	if a.State != g.NotRequired && c.travels(near) {
		a.except(ExceptionTravel)
	}
	c.correct(a)
	a.InputHash = c.hash(*a)
	return a.Attendance
}

// between are the sightings of a way with from <= time < to.
func between(way []Sighting, from, to time.Time) []Sighting {
	since := func(t time.Time) int {
		i := slices.IndexFunc(way, func(s Sighting) bool { return !s.at().Before(t) })
		if i < 0 {
			return len(way)
		}
		return i
	}
	first, last := since(from), since(to)
	return way[first:max(first, last)]
}

func required(s g.Session, r RosterEntry) bool {
	return !r.Away && s.Expects(r.Person, r.Kind, r.Class, r.Boarder)
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
	if !slices.Contains(a.Sightings, s.ID) {
		a.Sightings = append(a.Sightings, s.ID)
	}
	if s.skewed() {
		a.except(ExceptionSkew)
	}
}

// stayed computes the state of a person of a session that asks where people are when it is due,
// and whether they stay.
func (c *computation) stayed(a *answer, near []Sighting) {
	t := c.follow(near)
	leaves := c.leaves[a.Person]
	here := slices.IndexFunc(t.stays, func(s stay) bool { return s.holds(c.due) })
	late := slices.IndexFunc(t.stays, func(s stay) bool { return !s.unseen && s.by.at().After(c.due) })
	switch {
	case here >= 0:
		c.inTime(a, t.stays[here])
	case late >= 0:
		c.late(a, t.stays[late], leaves)
		here = late
	default:
		c.unseen(a, t, leaves)
		return
	}
	c.seen(a, t, here, near, leaves)
}

// inTime is the answer for somebody who was there when due.
func (c *computation) inTime(a *answer, s stay) {
	switch {
	case s.unseen:
		a.decide(s.by, g.Arrived, ReasonSeenLeaving)
		a.except(ExceptionNoEntry)
	case c.came(s.by):
		a.decide(s.by, g.Arrived, ReasonInTime)
	default:
		a.decide(s.by, g.Arrived, ReasonSeenInside)
		if !a.Roster.Boarder {
			a.except(ExceptionNoEntry)
		}
	}
}

// late is the answer for somebody who was there only later.
func (c *computation) late(a *answer, s stay, leaves []g.Leave) {
	l := c.atDue(leaves)
	switch {
	case l != nil && !s.by.at().After(l.To.Add(ProvisionalAfter)):
		a.decide(s.by, g.Arrived, ReasonLateOnLeave)
		a.Leaves = leaves
	case !c.came(s.by): // nobody saw when
		a.decide(s.by, g.Unknown, ReasonElsewhere)
		a.except(ExceptionNoEntry)
	default:
		a.decide(s.by, g.Late, ReasonLate)
		if c.gap {
			a.except(ExceptionGap)
		}
	}
}

// seen adds what followed: they left, came back, were seen elsewhere.
func (c *computation) seen(a *answer, t trail, here int, near []Sighting, leaves []g.Leave) {
	at := t.stays[here].by
	if covers(leaves, at.at(), 0) {
		a.except(ExceptionDuringLeave)
		a.Leaves = leaves
	}
	c.doubt(a, at, near)
	last := t.stays[len(t.stays)-1]
	if len(t.stays)-1 > here {
		a.because(ReasonReturned)
		if !c.came(last.by) {
			a.except(ExceptionNoEntry)
		}
	}
	if !c.schoolwide && c.in.Session.Kind != g.SessionDorm && len(t.elsewhere) > 0 {
		a.except(ExceptionElsewhere)
	}
	if last.until.IsZero() || !last.until.Before(c.end.Add(-EarlyTolerance)) {
		return
	}
	switch {
	case covers(leaves, last.until, leaveTolerance):
		a.because(ReasonLeftOnLeave)
		a.Leaves = leaves
		return
	case t.unclear != nil:
		a.decide(*t.unclear, g.Unknown, ReasonUnclear)
		return
	}
	if last.unseen {
		a.Sightings = a.Sightings[:0]
	}
	a.decide(last.end, g.LeftEarly, ReasonLeft)
	if c.gap {
		a.except(ExceptionGap)
	}
	if c.in.Session.Kind == g.SessionDorm {
		a.except(ExceptionDorm)
	}
}

// unseen computes the state of a person who has not been there from the due time on.
func (c *computation) unseen(a *answer, t trail, leaves []g.Leave) {
	l := c.atDue(leaves)
	if l == nil {
		l = c.most(leaves)
	}
	if l != nil {
		a.Leaves = leaves
		if !l.To.Add(leaveTolerance).Before(c.end) || c.in.Now.Before(l.To.Add(ProvisionalAfter)) {
			a.State = g.Excused
			a.because(ReasonLeave)
			if l.Offsite {
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
		return
	case !c.assumed:
		a.State = g.Expected
		a.because(ReasonNotStarted)
		return
	case t.unclear != nil:
		a.decide(*t.unclear, g.Unknown, ReasonUnclear)
		return
	}
	c.absent(a)
	switch {
	case len(t.stays) > 0:
		a.decide(t.stays[len(t.stays)-1].end, a.State, ReasonWentBefore)
	case len(t.elsewhere) > 0 && c.in.Session.Kind != g.SessionMeal:
		a.decide(t.elsewhere[len(t.elsewhere)-1], a.State, ReasonElsewhere)
	}
}

// absent decides between absent and unknown.
func (c *computation) absent(a *answer) {
	switch {
	case len(c.places) == 0:
		a.State = g.Unknown
		a.because(ReasonNoPlace)
	case c.blind:
		a.State = g.Unknown
		a.because(ReasonGap)
	default:
		a.State = g.Absent
		a.because(ReasonNotSeen)
		if c.gap {
			a.except(ExceptionGap)
		}
	}
	if c.in.Session.Kind == g.SessionDorm {
		a.except(ExceptionDorm)
	}
}

// doubt marks a face match that was close to another person's, unless the person was also
// identified otherwise in the same passage.
func (c *computation) doubt(a *answer, s Sighting, near []Sighting) {
	if s.Method != g.ByFace || s.Match == nil || s.Match.Margin >= LowMargin {
		return
	}
	for _, o := range near {
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

// hash covers only the inputs that affected the answer: a passage that changes nothing does not
// change the hash.
func (c *computation) hash(a answer) string {
	b, _ := json.Marshal(struct {
		Version         int
		Start, Due, End time.Time
		Answer          answer
	}{Version, c.start.UTC(), c.due.UTC(), c.end.UTC(), a})
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
