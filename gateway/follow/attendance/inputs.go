package attendance

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// clockMost is the most that a device's clock can be off for its passages to be looked for.
const clockMost = 2 * time.Hour

// inputs are what the answers of some people, or of everybody, depend on beside the sightings.
func (c *Computer) inputs(
	ctx context.Context, s g.Session, only []g.PersonID, now time.Time,
) (in attend.Inputs, err error) {
	view := c.opt.View
	in = attend.Inputs{
		Session: s,
		Zones:   c.opt.Directory.Zones(s.School),
		Now:     now,
	}
	if in.School, err = view.Places.School(ctx, s.School); err != nil {
		return in, err
	}
	roster, err := view.Sessions.Roster(ctx, s, only)
	if err != nil || len(roster) == 0 {
		return in, err
	}
	for _, r := range roster {
		in.Roster = append(in.Roster, attend.RosterEntry(r))
	}
	if len(only) > 0 {
		in.Leaves, err = view.Sessions.LeavesOf(ctx, s.School, only, s.Start, s.End)
	} else {
		in.Leaves, err = view.Sessions.Leaves(ctx, s.School, s.Start, s.End)
	}
	if err != nil {
		return in, err
	}
	corrections, err := view.Sessions.Corrections(ctx, s.ID)
	if err != nil {
		return in, err
	}
	for _, k := range corrections {
		in.Corrections = append(in.Corrections, attend.Correction{
			Person: k.Person,
			State:  k.State,
			Reason: k.Reason,
			Actor:  k.Actor,
			At:     k.At,
		})
	}
	if s.Kind == g.SessionMeal {
		if in.Sittings, err = c.sittings(ctx, in); err != nil {
			return in, err
		}
	}
	if !now.Before(s.Due) { // before, nobody can be absent, so that no gap matters
		in.Gaps, err = c.gaps(ctx, s, now)
	}
	return in, err
}

// sittings are the other sessions of the same meal on the same day: those with its name.
func (c *Computer) sittings(ctx context.Context, in attend.Inputs) ([]g.Session, error) {
	s := in.Session
	list, err := c.opt.View.Sessions.Between(ctx, s.School, s.Start.Add(-opensMost),
		s.End.Add(opensMost))
	if err != nil {
		return nil, err
	}
	var out []g.Session
	for _, o := range list {
		if o.ID != s.ID && o.Kind == s.Kind && o.Name == s.Name &&
			attend.OperationalDate(o, in.School) == attend.OperationalDate(s, in.School) {
			out = append(out, o)
		}
	}
	return out, nil
}

// clocksFor is how long what is known of the devices' clocks serves the answers of single people;
// everybody's, by which answers become final, are computed from what is known then.
const clocksFor = 30 * time.Second

// clockKey is a school's day up to a session's end.
type clockKey struct {
	school   g.SchoolID
	from, to time.Time
}

// knownClocks are how far devices' clocks were ahead, and when that was read.
type knownClocks struct {
	at  time.Time
	off map[g.DeviceID]time.Duration
}

// clocks are how far the devices' clocks are ahead, as their live sightings show it, from the
// beginning of the session's day until its answers are final.
func (c *Computer) clocks(
	ctx context.Context, in attend.Inputs, only []g.PersonID,
) (map[g.DeviceID]time.Duration, error) {
	day, err := g.ParseDate(attend.OperationalDate(in.Session, in.School))
	if err != nil {
		return nil, err
	}
	from := time.Date(day.Year, day.Month, day.Day, 0, 0, 0, 0, in.School.Location())
	_, final, _ := attend.Boundaries(in.Session, in.School)
	key := clockKey{in.School.ID, from, final}
	c.mu.Lock()
	known, ok := c.known[key]
	c.mu.Unlock()
	if age := in.Now.Sub(known.at); ok && len(only) > 0 && age >= 0 && age < clocksFor {
		return known.off, nil
	}
	punches, err := c.opt.View.History.Punches(ctx, in.School.ID, from, final)
	if err != nil {
		return nil, err
	}
	out := map[g.DeviceID]time.Duration{}
	for d, p := range punches {
		if off := attend.Punches(p).Offset(); off != 0 {
			out[d] = off
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= mostClocks {
		clear(c.known)
	}
	c.known[key] = knownClocks{in.Now, out}
	return out, nil
}

// mostClocks is how many school days' clocks are remembered; beyond it all are read again.
const mostClocks = 1024
