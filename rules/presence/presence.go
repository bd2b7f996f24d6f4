// Package presence decides where somebody is by now, from where they were seen. It is pure: no clock,
// no database.
package presence

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Step is one sighting of a person.
type Step struct {
	Zone      g.ZoneID
	Kind      g.ZoneKind
	Direction g.Direction
	At        time.Time
}

// Place is where somebody is.
type Place struct {
	Where g.Presence
	Zone  g.ZoneID  // where they were seen last; "": nowhere, or they left that zone
	At    time.Time // when
	Sign  g.PresenceSign
}

// Of folds a person's sightings, oldest first. A boarder who has not been seen may be inside; anybody
// else is out.
func Of(steps []Step, boarder bool) Place {
	p := Place{Where: g.PresenceOut, Sign: g.SignNone}
	if boarder {
		p.Where = g.PresenceUnknown
	}
	for _, s := range steps {
		zone, sign := s.Zone, g.SignSeen
		where := g.PresenceIn
		switch gate := s.Kind == g.ZoneGate; {
		case gate && s.Direction == g.Out:
			where, sign = g.PresenceOut, g.SignPassed
		case gate && s.Direction == g.In:
			sign = g.SignPassed
		case gate && p.Where == g.PresenceOut && p.Sign != g.SignNone, gate && p.Sign == g.SignUnclear:
			where, sign = g.PresenceUnknown, g.SignUnclear
		case gate:
			sign = g.SignPassed
		case s.Direction == g.Out:
			zone = ""
		}
		p = Place{
			Where: where,
			Zone:  zone,
			At:    s.At,
			Sign:  sign,
		}
	}
	return p
}

const dayBegins = 4 // o'clock

// Since is the time from which sightings say where people are at now: the last 04:00 in the school's
// time zone, and for boarders, who sleep there, a day before that.
func Since(now time.Time, zone *time.Location, boarder bool) time.Time {
	t := now.In(zone)
	day := t.Day()
	if t.Hour() < dayBegins {
		day--
	}
	if boarder {
		day--
	}
	return time.Date(t.Year(), t.Month(), day, dayBegins, 0, 0, 0, zone)
}
