package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	clockEvery   = 2 * time.Second // between looks at the sessions' boundaries
	lateArrivals = 72 * time.Hour  // sightings may come this late and still change a session
)

// attendance is what the computation of sessions shares. One at a time: of two, the one that
// read the sightings first must not write its answer last.
type attendance struct {
	one sync.Mutex

	mu       sync.Mutex
	computed map[g.SessionID]time.Time
}

// applyHistory keeps a batch and then computes the sessions that it touches, which read the
// sightings back: a batch that fails half-way comes again and gives the same answers.
func (a *App) applyHistory(ctx context.Context, events []g.Event) error {
	if err := a.reg.In(g.SystemScope("history")).ApplyHistory(ctx, events); err != nil {
		return err
	}
	times := map[g.SchoolID][]time.Time{}
	for i := range events {
		if e := &events[i]; e.Kind == g.EventSighting && e.Sighting.Person != "" {
			times[e.School] = append(times[e.School], e.Time)
		}
	}
	for school, at := range times {
		if err := a.recompute(ctx, school, at); err != nil {
			return err
		}
	}
	return nil
}

// runAttendance computes sessions anew when the clock passes one of their boundaries, and
// when people, leave, sessions or corrections change.
func (a *App) runAttendance(ctx context.Context) error {
	changed := make(chan g.SchoolID, 64)
	all := make(chan struct{}, 1)
	cancel := a.reg.Subscribe(func(c registry.Change) {
		switch c.Kind {
		case "person", "session", "leave", "correction":
			select {
			case changed <- c.School:
			default: // too many at once: every school
				select {
				case all <- struct{}{}:
				default:
				}
			}
		}
	})
	defer cancel()
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		var schools []g.SchoolID
		only := func(g.Session) bool { return true }
		select {
		case <-ctx.Done():
			return nil
		case s := <-changed:
			schools = []g.SchoolID{s}
			for len(changed) > 0 {
				if s := <-changed; !slices.Contains(schools, s) {
					schools = append(schools, s)
				}
			}
		case <-all:
			schools = a.schoolIDs()
		case <-tick.C:
			schools, only = a.schoolIDs(), a.boundaryPassed
		}
		now := a.now()
		for _, s := range schools {
			if !a.insist(ctx, "attendance", func() error { return a.compute(ctx, s, now.Add(-lateArrivals), now.Add(time.Minute), only) }) {
				return nil
			}
		}
	}
}

func (a *App) schoolIDs() []g.SchoolID {
	var out []g.SchoolID
	for _, s := range a.directory.Schools() {
		out = append(out, s.ID)
	}
	return out
}

// boundaryPassed says whether a boundary of the session lies between its last computation
// and now.
func (a *App) boundaryPassed(s g.Session) bool {
	a.attendance.mu.Lock()
	last := a.attendance.computed[s.ID]
	a.attendance.mu.Unlock()
	now := a.now()
	provisional, final, _ := rules.Boundaries(s, a.school(s.School))
	return slices.ContainsFunc([]time.Time{s.Start, provisional, final}, func(b time.Time) bool { return last.Before(b) && !now.Before(b) })
}

func (a *App) school(id g.SchoolID) g.School {
	for _, s := range a.directory.Schools() {
		if s.ID == id {
			return s
		}
	}
	return g.School{ID: id}
}

// compute answers the sessions of a school that overlap [from, to) and that want says.
func (a *App) compute(ctx context.Context, school g.SchoolID, from, to time.Time, want func(g.Session) bool) error {
	view := a.reg.In(g.SystemScope("attendance"))
	sessions, err := view.Sessions(ctx, school, from, to)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	for _, s := range sessions {
		if !want(s) {
			continue
		}
		if err := a.computeOne(ctx, view, s); err != nil {
			return fmt.Errorf("attendance of session %s: %w", s.ID, err)
		}
	}
	return nil
}

func (a *App) computeOne(ctx context.Context, view *registry.View, s g.Session) error {
	a.attendance.one.Lock()
	defer a.attendance.one.Unlock()
	now := a.now()
	in, err := a.attendanceInputs(ctx, view, s, now)
	if err != nil {
		return err
	}
	rows, err := view.SightingsBetween(ctx, s.School, s.Start, s.End.Add(time.Nanosecond), nil)
	if err != nil {
		return err
	}
	sightings := make([]rules.Sighting, len(rows))
	var live []rules.Sighting
	var received []time.Time
	for i, r := range rows {
		sightings[i] = rules.Sighting{ID: r.ID, Person: r.Person, Zone: r.Zone, Device: r.Device, Method: r.Method, Direction: r.Direction, Time: r.Time, Match: r.Match}
		if (!r.Replayed || r.Late) && r.Device != "" {
			live, received = append(live, sightings[i]), append(received, r.Received)
		}
	}
	a.opt.Pause("sightings read")
	offsets := rules.ClockOffsets(live, received)
	for i := range sightings {
		sightings[i].Offset = offsets[sightings[i].Device]
	}
	if _, err := view.PutAttendance(ctx, rules.Attend(in, sightings)); err != nil {
		return err
	}
	a.attendance.mu.Lock()
	a.attendance.computed[s.ID] = now
	a.attendance.mu.Unlock()
	return nil
}

func (a *App) attendanceInputs(ctx context.Context, view *registry.View, s g.Session, now time.Time) (in rules.Inputs, err error) {
	in = rules.Inputs{Session: s, Zones: a.directory.Zones(s.School), Now: now}
	if in.School, err = view.School(ctx, s.School); err != nil {
		return in, err
	}
	roster, err := view.Roster(ctx, s)
	if err != nil {
		return in, err
	}
	for _, r := range roster {
		in.Roster = append(in.Roster, rules.RosterEntry(r))
	}
	if in.Leaves, err = view.Leaves(ctx, s.School, s.Start, s.End); err != nil {
		return in, err
	}
	corrections, err := view.Corrections(ctx, s.ID)
	if err != nil {
		return in, err
	}
	for _, c := range corrections {
		in.Corrections = append(in.Corrections, rules.Correction{Person: c.Person, State: c.State, Reason: c.Reason, Actor: c.Actor, At: c.At})
	}
	if !now.Before(s.Due) { // before, nobody can be absent, so that no gap matters
		in.Gaps, err = a.gaps(ctx, view, s, now)
	}
	return in, err
}

// gaps are the times within the session at which something that sees people in its zones was
// out of reach: whoever was not seen then is unknown, not absent.
func (a *App) gaps(ctx context.Context, view *registry.View, s g.Session, now time.Time) ([]rules.Gap, error) {
	kinds := s.ZoneKinds
	if len(s.Zones) == 0 && len(kinds) == 0 {
		kinds = []g.ZoneKind{map[g.SessionKind]g.ZoneKind{g.SessionArrival: g.ZoneGate, g.SessionMeal: g.ZoneCanteen, g.SessionDorm: g.ZoneDorm}[s.Kind]}
	}
	var out []rules.Gap
	for id, z := range a.directory.Zones(s.School) {
		if !slices.Contains(s.Zones, id) && !slices.Contains(kinds, z.Kind) {
			continue
		}
		for _, e := range a.directory.InZone(id) {
			if len(e.Profile.Sightings) == 0 || !e.Device.Enabled {
				continue
			}
			gaps, err := deviceGaps(ctx, view, e.Device, s.Start, earlier(now, s.End))
			if err != nil {
				return nil, err
			}
			out = append(out, gaps...)
		}
	}
	return out, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// shortGap is not counted: a reconnect loses nothing, since devices keep what they saw.
const shortGap = time.Minute

// deviceGaps walks the device's status log from the newest entry back to the session's start.
// A device that was never heard of sees nobody, from when it was registered.
func deviceGaps(ctx context.Context, view *registry.View, d g.Device, from, to time.Time) ([]rules.Gap, error) {
	if from.Before(d.Created) {
		from = d.Created
	}
	var out []rules.Gap
	gap := func(begin, end time.Time) {
		if begin.Before(from) {
			begin = from
		}
		if end.Sub(begin) >= shortGap {
			out = append(out, rules.Gap{Zone: d.Zone, From: begin, To: end})
		}
	}
	end, last, page := to, g.DeviceState(""), registry.Page{Limit: 1000}
	for {
		rows, next, err := view.StatusLog(ctx, d.ID, page)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !reachable(r.State) {
				gap(r.Time, end)
			}
			if !r.Time.After(from) {
				return out, nil
			}
			end, last = earlier(end, r.Time), r.State
		}
		if next == "" {
			break
		}
		page.Cursor = next
	}
	came := reachable(last) // the oldest entry: what comes was not there before, what goes was
	if last == "" {         // no entry: never heard of, or well for longer than the log is kept
		row, err := view.Device(ctx, d.ID)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return nil, err
		}
		came = !reachable(row.Twin.State)
	}
	if came {
		gap(from, end)
	}
	return out, nil
}

// reachable says whether what a device in this state sees arrives here.
func reachable(s g.DeviceState) bool { return s == g.StateOnline || s == g.StateFault }
