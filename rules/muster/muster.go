// Package muster decides who has to be found when a school is evacuated, how sure that is, and what
// ticks of many telephones say together. It is pure: no clock, no database.
//
// Where two signs disagree it believes the one by which somebody has to be found: a name too many is
// called in vain, a name too few is not called.
package muster

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/presence"
)

// For how long it is certain, and then likely, that somebody is where they were seen.
const (
	certainFor = 90 * time.Minute
	likelyFor  = 5 * time.Hour
)

// Facts are what is known of one person.
type Facts struct {
	Person  g.PersonID
	Kind    g.PersonKind
	Class   string
	Boarder bool
	Seen    presence.Place // by the sightings of the day
	Answer  Answer         // of their newest session of the day that is decided or goes on
	Leave   bool           // on leave now
	OnSite  bool           // a visitor who has come and not left
	Others  int            // who came with them and have no code
}

// Answer is what the attendance says of somebody.
type Answer struct {
	State   g.AttendanceState // "": no session concerns them
	At      time.Time         // the deciding sighting, or the roll call
	Said    bool              // somebody said so
	Running bool              // the session goes on
	Zones   []g.ZoneID        // where it is
}

func (a Answer) there() bool { return a.State == g.Arrived || a.State == g.Late }

// Of says where somebody is at now.
func Of(f Facts, now time.Time) g.MusterEntry {
	e := g.MusterEntry{
		Person:  f.Person,
		Kind:    f.Kind,
		Class:   f.Class,
		Boarder: f.Boarder,
		Zone:    f.Seen.Zone,
		At:      f.Seen.At,
		Others:  f.Others,
	}
	e.Where, e.Sure, e.Why = where(f, now)
	if e.Why == g.MusterAnswered && f.Answer.At.After(e.At) {
		e.At = f.Answer.At
		if len(f.Answer.Zones) == 1 {
			e.Zone = f.Answer.Zones[0]
		}
	}
	return e
}

func where(f Facts, now time.Time) (g.Presence, g.MusterSureness, g.MusterReason) {
	answered := f.Answer.there() && (f.Seen.Where != g.PresenceOut || f.Answer.At.After(f.Seen.At))
	switch {
	case f.OnSite:
		return g.PresenceIn, g.MusterCertain, g.MusterOnSite
	case f.Seen.Where == g.PresenceIn && f.Leave && !answered:
		return g.PresenceUnknown, g.MusterDoubtful, g.MusterOnLeave
	case f.Seen.Where == g.PresenceIn:
		why := g.MusterSeen
		if f.Seen.Sign == g.SignPassed {
			why = g.MusterPassedIn
		}
		at := f.Seen.At
		if answered && f.Answer.At.After(at) {
			at = f.Answer.At
		}
		return g.PresenceIn, sure(now.Sub(at)), why
	case answered:
		if f.Answer.Running {
			return g.PresenceIn, g.MusterCertain, g.MusterAnswered
		}
		return g.PresenceIn, g.MusterLikely, g.MusterAnswered
	case f.Seen.Sign == g.SignUnclear:
		return g.PresenceUnknown, g.MusterDoubtful, g.MusterUnclear
	case f.Seen.Sign == g.SignPassed:
		return g.PresenceOut, g.MusterCertain, g.MusterPassedOut
	case f.Leave, f.Answer.State == g.Excused, f.Answer.State == g.OffsiteApproved:
		return g.PresenceOut, g.MusterLikely, g.MusterOnLeave
	case f.Answer.State == g.Absent && f.Answer.Said:
		return g.PresenceOut, g.MusterLikely, g.MusterAtHome
	case f.Answer.State == g.Absent:
		return g.PresenceUnknown, g.MusterDoubtful, g.MusterAbsent
	case f.Boarder, f.Answer.State != "" && f.Answer.State != g.NotRequired:
		return g.PresenceUnknown, g.MusterDoubtful, g.MusterNotSeen
	}
	return g.PresenceOut, g.MusterDoubtful, g.MusterNotDue
}

func sure(age time.Duration) g.MusterSureness {
	switch {
	case age <= certainFor:
		return g.MusterCertain
	case age <= likelyFor:
		return g.MusterLikely
	}
	return g.MusterDoubtful
}

// Place is a zone as a muster of one building knows it.
type Place struct {
	Building g.BuildingID
	Gate     bool
}

// Within narrows an entry of the school to one of its buildings: who was seen last in another one is
// not looked for here, and of whom nobody knows the building may be here.
func Within(e g.MusterEntry, b g.BuildingID, places map[g.ZoneID]Place, a Answer) g.MusterEntry {
	if e.Where == g.PresenceOut {
		return e
	}
	at, known := places[e.Zone]
	if (!known || at.Gate) && a.Running && a.there() && len(a.Zones) > 0 {
		at, known = places[a.Zones[0]]
		if known {
			e.Zone = a.Zones[0]
		}
	}
	switch {
	case known && !at.Gate && at.Building == b:
	case known && !at.Gate:
		if e.Where == g.PresenceIn {
			e.Where, e.Why = g.PresenceOut, g.MusterElsewhere
		}
	case e.Where == g.PresenceIn:
		e.Where, e.Sure, e.Why = g.PresenceUnknown, g.MusterDoubtful, g.MusterSomewhere
	}
	return e
}

// Later adds what was seen of somebody since the muster began, oldest first. It raises what is known
// and never takes anybody off the list: who passes a gate outwards is not safe by that, and who is
// seen inside has to be found, wherever they were before.
func Later(e g.MusterEntry, steps []presence.Step) g.MusterEntry {
	for _, s := range steps {
		e.Zone, e.At, e.Since = s.Zone, s.At, true
		if s.Kind == g.ZoneGate && s.Direction != g.In {
			continue
		}
		e.Where, e.Sure, e.Why = g.PresenceIn, g.MusterCertain, g.MusterSeen
		if s.Kind == g.ZoneGate {
			e.Why = g.MusterPassedIn
		}
	}
	return e
}
