package attendance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

// Sessions that are computed together, so that what they have in common is read once.
const (
	togetherFor  = 24 * time.Hour // from the first one's start to the last one's
	togetherMost = 200
)

// compute computes the answers of a school's sessions: of some people, or of everybody if there are
// none or many.
func (c *Computer) compute(
	ctx context.Context, school g.SchoolID, list []g.Session, only []g.PersonID, cause g.AttendanceCause,
) error {
	if len(only) > peopleMost {
		only = nil // one look at everybody is cheaper
	}
	for _, some := range days(list) {
		if err := c.computeDay(ctx, school, some, only, cause); err != nil {
			return fmt.Errorf("attendance of %d sessions of school %s from %s on: %w", len(some), school,
				some[0].Start.UTC().Format(time.RFC3339), err)
		}
	}
	return nil
}

// days divides sessions into those that are computed together.
func days(list []g.Session) (out [][]g.Session) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b g.Session) int { return a.Start.Compare(b.Start) })
	for len(list) > 0 {
		n := 1
		for n < min(len(list), togetherMost) && list[n].Start.Sub(list[0].Start) < togetherFor {
			n++
		}
		out, list = append(out, list[:n]), list[n:]
	}
	return out
}

func (c *Computer) computeDay(
	ctx context.Context, school g.SchoolID, list []g.Session, only []g.PersonID, cause g.AttendanceCause,
) error {
	l := c.lock(school)
	l.Lock()
	defer l.Unlock()
	d, err := c.read(ctx, school, list, only)
	if err != nil {
		return err
	}
	c.opt.Pause("sightings read")
	var fresh []g.Attendance
	var dorms []attend.Inputs
	for i := range d.list {
		in, err := d.inputs(ctx, i)
		if err != nil {
			return err
		}
		seen, err := d.seen(ctx, in)
		if err != nil {
			return err
		}
		fresh = append(fresh, d.rosters[i].Fresh(attend.Compute(in, seen))...)
		if in.Session.Kind == g.SessionDorm {
			dorms = append(dorms, in)
		}
	}
	// a person's answers lie close to each other in the registry
	slices.SortStableFunc(fresh, func(a, b g.Attendance) int { return cmp.Compare(a.Person, b.Person) })
	if _, err := c.opt.View.Sessions.PutAttendance(ctx, fresh, cause); err != nil {
		return err
	}
	for _, in := range dorms {
		if err := c.missing(ctx, in); err != nil {
			return fmt.Errorf("who is not in the dorm at session %s: %w", in.Session.ID, err)
		}
	}
	if len(only) == 0 {
		for _, s := range list {
			c.note(s, d.now)
		}
	}
	return nil
}

// day is what the answers to some sessions of a school depend on.
type day struct {
	c           *Computer
	school      g.School
	now         time.Time
	only        []g.PersonID // whose answers are asked for; none: everybody's
	list        []g.Session  // those of which there is somebody to answer for
	rosters     []sessions.Roster
	zones       map[g.ZoneID]g.Zone
	leaves      []g.Leave
	corrections map[g.SessionID][]attend.Correction
	meals       []g.Session // of the day and its neighbours
	outages     outages

	rows    []history.SightingRow
	all     bool                     // rows are everybody's, and of all the time that clocks are known by
	ways    map[clockKey]attend.Ways // by what is known of the clocks
	natural attend.Ways              // if no clock is off
}

func (c *Computer) read(
	ctx context.Context, school g.SchoolID, list []g.Session, only []g.PersonID,
) (d *day, err error) {
	view := c.opt.View
	d = &day{
		c:           c,
		now:         c.opt.Now(),
		only:        only,
		zones:       c.opt.Directory.Zones(school),
		corrections: map[g.SessionID][]attend.Correction{},
		ways:        map[clockKey]attend.Ways{},
	}
	if d.school, err = view.Places.School(ctx, school); err != nil {
		return nil, err
	}
	rosters, err := view.Sessions.Rosters(ctx, school, list, only)
	if err != nil {
		return nil, err
	}
	who := map[g.PersonID]bool{}
	for i, r := range rosters {
		if len(r.Entries) == 0 {
			continue
		}
		d.list, d.rosters = append(d.list, list[i]), append(d.rosters, r)
		for _, e := range r.Entries {
			who[e.Person] = true
		}
	}
	if len(d.list) == 0 {
		return d, nil
	}
	persons := make([]g.PersonID, 0, len(who))
	for p := range who {
		persons = append(persons, p)
	}
	slices.Sort(persons)
	if d.all = len(persons) > peopleMost; d.all {
		persons = nil
	}
	if err := d.decided(ctx, persons); err != nil {
		return nil, err
	}
	return d, d.passages(ctx, persons)
}

// decided reads what people decided: leaves, corrections, and the sittings of meals.
func (d *day) decided(ctx context.Context, persons []g.PersonID) (err error) {
	view := d.c.opt.View
	from, to := d.list[0].Start, d.list[0].End
	ids := make([]g.SessionID, len(d.list))
	meal := false
	for i, s := range d.list {
		ids[i] = s.ID
		from, to = earlier(from, s.Start), later(to, s.End)
		meal = meal || s.Kind == g.SessionMeal
	}
	if len(persons) > 0 {
		d.leaves, err = view.Sessions.LeavesOf(ctx, d.school.ID, persons, from, to)
	} else {
		d.leaves, err = view.Sessions.Leaves(ctx, d.school.ID, from, to)
	}
	if err != nil {
		return err
	}
	corrections, err := view.Sessions.CorrectionsOf(ctx, ids)
	if err != nil {
		return err
	}
	for _, k := range corrections {
		d.corrections[k.Session] = append(d.corrections[k.Session], attend.Correction{
			Person: k.Person,
			State:  k.State,
			Reason: k.Reason,
			Actor:  k.Actor,
			At:     k.At,
		})
	}
	if meal {
		d.meals, err = view.Sessions.Between(ctx, d.school.ID, from.Add(-opensMost), to.Add(opensMost))
		d.meals = slices.DeleteFunc(d.meals, func(s g.Session) bool { return s.Kind != g.SessionMeal })
	}
	return err
}

// clockMost is the most that a device's clock can be off for its passages to be looked for: one
// that is off by more is refused when it tells.
const clockMost = 2 * time.Hour

// passages reads the sightings that can matter.
func (d *day) passages(ctx context.Context, persons []g.PersonID) error {
	var from, to time.Time
	for i, s := range d.list {
		begin, end := attend.Opens(s).Add(-clockMost), s.End.Add(clockMost+time.Nanosecond)
		for _, o := range d.sittings(s) {
			begin, end = earlier(begin, o.Start.Add(-clockMost)), later(end, o.End.Add(clockMost))
		}
		if d.all {
			k := d.clockKey(s)
			begin, end = earlier(begin, k.from), later(end, k.to)
		}
		if i == 0 {
			from, to = begin, end
		}
		from, to = earlier(from, begin), later(to, end)
	}
	var err error
	d.rows, err = d.c.opt.View.History.SightingsBetween(ctx, d.school.ID, from, to, persons)
	return err
}

// sittings are the other sessions of the same meal on the same day: those with its name.
func (d *day) sittings(s g.Session) []g.Session {
	var out []g.Session
	for _, o := range d.meals {
		if s.Kind == g.SessionMeal && o.ID != s.ID && o.Name == s.Name &&
			attend.OperationalDate(o, d.school) == attend.OperationalDate(s, d.school) {
			out = append(out, o)
		}
	}
	return out
}

// inputs are what the answers to a session depend on beside the sightings.
func (d *day) inputs(ctx context.Context, i int) (in attend.Inputs, err error) {
	s := d.list[i]
	in = attend.Inputs{
		Session:     s,
		School:      d.school,
		Roster:      make([]attend.RosterEntry, len(d.rosters[i].Entries)),
		Corrections: d.corrections[s.ID],
		Zones:       d.zones,
		Sittings:    d.sittings(s),
		Now:         d.now,
	}
	for k, r := range d.rosters[i].Entries {
		in.Roster[k] = attend.RosterEntry(r)
	}
	for _, l := range d.leaves {
		if l.To.UnixMicro() > s.Start.UnixMicro() && l.From.UnixMicro() < s.End.UnixMicro() {
			in.Leaves = append(in.Leaves, l)
		}
	}
	if !d.now.Before(s.Due) { // before, nobody can be absent, so that no gap matters
		in.Gaps, err = d.gaps(ctx, s)
	}
	return in, err
}

// seen are the ways of the people of a session, by the clocks as they are known for it.
func (d *day) seen(ctx context.Context, in attend.Inputs) (attend.Ways, error) {
	key := d.clockKey(in.Session)
	if ways, ok := d.ways[key]; ok {
		return ways, nil
	}
	off, err := d.clocks(ctx, key)
	if err != nil {
		return nil, err
	}
	if len(off) > 0 {
		d.ways[key] = d.waysBy(off)
		return d.ways[key], nil
	}
	if d.natural == nil {
		d.natural = d.waysBy(nil)
	}
	d.ways[key] = d.natural
	return d.natural, nil
}

// waysBy are the ways of the people who were seen, by clocks that are off.
func (d *day) waysBy(off map[g.DeviceID]time.Duration) attend.Ways {
	list := make([]attend.Sighting, 0, len(d.rows))
	for _, r := range d.rows {
		list = append(list, attend.Sighting{
			ID:        r.ID,
			Person:    r.Person,
			Zone:      r.Zone,
			Device:    r.Device,
			Method:    r.Method,
			Direction: r.Direction,
			Time:      r.Time,
			Offset:    off[r.Device],
			Match:     r.Match,
		})
	}
	return attend.ByPerson(list)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
