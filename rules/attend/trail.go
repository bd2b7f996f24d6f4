package attend

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// stay is a time in which a person was where the session asks for people.
type stay struct {
	by     Sighting  // the first sign of it
	unseen bool      // nobody saw the person come: by is how they left
	until  time.Time // zero: nothing says that it has ended
	end    Sighting  // the sign that it had ended
}

func (s stay) holds(t time.Time) bool {
	return (s.unseen || !s.by.at().After(t)) && (s.until.IsZero() || s.until.After(t))
}

// trail is a person's way through the session.
type trail struct {
	stays     []stay
	elsewhere []Sighting // within the session, at places that it does not ask for
	unclear   *Sighting  // the last sign is a gate's, without direction, of somebody who had gone
}

// move is what a sighting says about whether the person is where the session asks for them.
type move int

const (
	nothing move = iota
	comes
	goes
	passes // a gate, without direction
	away   // was somewhere else, which they cannot be while they are there
)

func (c *computation) move(s Sighting) move {
	z, known := c.in.Zones[s.Zone]
	here := c.places[s.Zone]
	switch {
	case !known && !here:
		return nothing
	case c.schoolwide && z.Kind == g.ZoneGate || here:
		switch {
		case s.Direction == g.Out && (here || c.schoolwide):
			return goes
		case s.Direction == "" && c.schoolwide && z.Kind == g.ZoneGate:
			return passes
		}
		return comes
	case c.schoolwide:
		return comes // inside of the school, wherever that is
	case z.Kind == g.ZoneGate && s.Direction == g.Out:
		return away // out of the school
	case c.in.Session.Kind == g.SessionDorm:
		return away
	}
	return nothing
}

// follow folds a person's sightings, in order.
func (c *computation) follow(list []Sighting) trail {
	var t trail
	out := false // is known to be out
	for i, s := range list {
		m := c.move(s)
		if m != nothing {
			t.unclear = nil
		}
		last := len(t.stays) - 1
		within := last >= 0 && t.stays[last].until.IsZero()
		switch {
		case m == passes && out:
			t.unclear = &list[i]
		case (m == comes || m == passes) && !within:
			t.stays = append(t.stays, stay{by: s})
			out = false
		case (m == goes || m == away) && within:
			t.stays[last].until, t.stays[last].end = s.at(), s
			out = true
		case m == goes && last < 0 && !out:
			t.stays = append(t.stays, stay{by: s, unseen: true, until: s.at(), end: s})
			out = true
		case m == goes || m == away:
			out = true
		}
		if (m == nothing || m == away) && !c.places[s.Zone] && !s.at().Before(c.start) {
			t.elsewhere = append(t.elsewhere, s)
		}
	}
	return t
}

// came reports whether a sign shows the person entering, rather than having come in unseen.
func (c *computation) came(s Sighting) bool {
	return c.places[s.Zone] || c.schoolwide && c.gate(s.Zone)
}
