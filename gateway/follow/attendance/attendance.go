// Package attendance computes the attendance of sessions from the sightings in the history: of the
// people who passed when new ones are stored; of everybody when the clock passes a session's
// boundary; and of whom it concerns when people, leave, sessions or corrections change. Package
// rules/attend decides the answers; this package gathers what they depend on.
package attendance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

const (
	clockEvery = 2 * time.Second // between looks at the sessions' boundaries
	lookBack   = 72 * time.Hour  // sessions that ended before have passed their last boundary
	opensMost  = 12 * time.Hour  // no session counts sightings from longer before its start
	running    = 24 * time.Hour  // a change of a person matters to sessions of this past
	marksMost  = 500             // marks that are dealt with at a time
	peopleMost = 400             // of more people than these, everybody's answers are computed
)

// Options are what the computation needs.
type Options struct {
	View      *registry.View
	Directory *directory.Directory
	Health    *follow.Health
	Subscribe func(func(registry.Change)) (cancel func())
	Now       func() time.Time
	Pause     func(after string) // "sightings read"; for tests
}

// Computer computes one answer or session of a school at a time: of two computations of an answer,
// the one that read the sightings first must not write last. It is safe for concurrent use.
type Computer struct {
	opt Options

	mu       sync.Mutex
	schools  map[g.SchoolID]*sync.Mutex
	computed map[g.SessionID]time.Time // when everybody's answers were computed
	known    map[clockKey]knownClocks
	begun    bool // the sessions of the time before the start were looked at
}

// New makes a Computer that has computed nothing yet.
func New(o Options) *Computer {
	return &Computer{
		opt:      o,
		schools:  map[g.SchoolID]*sync.Mutex{},
		computed: map[g.SessionID]time.Time{},
		known:    map[clockKey]knownClocks{},
	}
}

// Run computes sessions anew when the clock passes one of their boundaries, and when people, leave,
// sessions or corrections change, until ctx ends.
func (c *Computer) Run(ctx context.Context) error {
	people := make(chan registry.Change, 64)
	all := make(chan struct{}, 1)   // full: somebody of any school may have changed
	marks := make(chan struct{}, 1) // full: a look at the marks is pending
	wake := func(ch chan struct{}) {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
	cancel := c.opt.Subscribe(func(x registry.Change) {
		switch x.Kind {
		case change.Session, change.Leave:
			wake(marks)
		case change.Person:
			select {
			case people <- x:
			default: // too many at once
				wake(all)
			}
		}
	})
	defer cancel()
	wake(marks)
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		var do func() error
		select {
		case <-ctx.Done():
			return nil
		case x := <-people:
			do = func() error { return c.changed(ctx, []g.SchoolID{x.School}, g.PersonID(x.ID)) }
		case <-all:
			do = func() error { return c.changed(ctx, c.opt.Directory.SchoolIDs(), "") }
		case <-marks:
			do = func() error { return c.marked(ctx) }
		case <-tick.C:
			do = func() error { return c.passed(ctx) }
		}
		if !c.opt.Health.Insist(ctx, "attendance", do) {
			return nil
		}
	}
}

// Recompute computes the answers of people who passed, in the sessions in which their passages
// count. An answer that is locked is left as it is.
func (c *Computer) Recompute(ctx context.Context, school g.SchoolID, touches []follow.Touch) error {
	if len(touches) == 0 {
		return nil
	}
	byTime := func(a, b follow.Touch) int { return a.At.Compare(b.At) }
	first, last := slices.MinFunc(touches, byTime).At, slices.MaxFunc(touches, byTime).At
	list, err := c.opt.View.Sessions.Between(ctx, school, first, last.Add(opensMost))
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	now := c.opt.Now()
	for _, s := range list {
		_, _, locked := attend.Boundaries(s, c.opt.Directory.School(school))
		if s.Start.After(now) || !now.Before(locked) {
			continue
		}
		var who []g.PersonID
		for _, t := range touches {
			if !t.At.Before(attend.Opens(s)) && !t.At.After(s.End) {
				who = append(who, t.Person)
			}
		}
		slices.Sort(who)
		if who = slices.Compact(who); len(who) == 0 {
			continue
		}
		if err := c.compute(ctx, s, who, g.CauseSighting); err != nil {
			return err
		}
	}
	return nil
}

// changed computes the running sessions of schools anew for a person who has changed, or for
// everybody.
func (c *Computer) changed(ctx context.Context, schools []g.SchoolID, who g.PersonID) error {
	var only []g.PersonID
	if who != "" {
		only = []g.PersonID{who}
	}
	now := c.opt.Now()
	for _, school := range schools {
		list, err := c.opt.View.Sessions.Between(ctx, school, now.Add(-running), now.Add(time.Minute))
		if err != nil {
			return fmt.Errorf("read sessions: %w", err)
		}
		for _, s := range list {
			if err := c.compute(ctx, s, only, g.CausePerson); err != nil {
				return err
			}
		}
	}
	return nil
}

// marked computes what is marked, and removes the marks.
func (c *Computer) marked(ctx context.Context) error {
	for {
		marks, err := c.opt.View.Sessions.Marks(ctx, marksMost)
		if err != nil || len(marks) == 0 {
			return err
		}
		for _, m := range marks {
			if err := c.mark(ctx, m); err != nil {
				return err
			}
		}
		if err := c.opt.View.Sessions.Unmark(ctx, marks[len(marks)-1].ID); err != nil {
			return err
		}
	}
}

func (c *Computer) mark(ctx context.Context, m sessions.Mark) error {
	var list []g.Session
	if m.Session != "" {
		s, err := c.opt.View.Sessions.Find(ctx, m.Session)
		if g.ErrorCode(err) == g.NotFound {
			return nil // deleted meanwhile, with its answers
		}
		if err != nil {
			return err
		}
		list = []g.Session{s}
	} else {
		var err error
		if list, err = c.opt.View.Sessions.Between(ctx, m.School, m.From, m.To); err != nil {
			return err
		}
	}
	var only []g.PersonID
	if m.Person != "" {
		only = []g.PersonID{m.Person}
	}
	soon := c.opt.Now().Add(time.Minute)
	for _, s := range list {
		if s.Start.After(soon) {
			continue // computed when it starts
		}
		if err := c.compute(ctx, s, only, m.Cause); err != nil {
			return err
		}
	}
	return nil
}

// passed computes the sessions of which the clock has passed a boundary since they were computed.
// The first time it looks back as far as any answer can change by itself; what was final before the
// gateway stopped is left as it is.
func (c *Computer) passed(ctx context.Context) error {
	now := c.opt.Now()
	back := lookBack
	if !c.begun {
		back = attend.LockedAfter
	}
	for _, school := range c.opt.Directory.SchoolIDs() {
		list, err := c.opt.View.Sessions.Between(ctx, school, now.Add(-back), now.Add(time.Minute))
		if err != nil {
			return fmt.Errorf("read sessions: %w", err)
		}
		for _, s := range list {
			if !c.boundaryPassed(s, now) {
				continue
			}
			if done, err := c.finished(ctx, s, now); done || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			if err := c.compute(ctx, s, nil, g.CauseTime); err != nil {
				return err
			}
		}
	}
	c.begun = true
	return c.marked(ctx) // what a subscription that fell behind has not told of
}

// finished reports, at the first look, whether a session's answers were final before.
func (c *Computer) finished(ctx context.Context, s g.Session, now time.Time) (bool, error) {
	_, final, _ := attend.Boundaries(s, c.opt.Directory.School(s.School))
	if c.begun || now.Before(final) {
		return false, nil
	}
	done, err := c.opt.View.Sessions.Finished(ctx, s.ID)
	if done {
		c.note(s, now)
	}
	return done, err
}

// boundaryPassed says whether a boundary of the session lies between its last computation
// and now.
func (c *Computer) boundaryPassed(s g.Session, now time.Time) bool {
	c.mu.Lock()
	last := c.computed[s.ID]
	c.mu.Unlock()
	provisional, final, _ := attend.Boundaries(s, c.opt.Directory.School(s.School))
	return slices.ContainsFunc([]time.Time{s.Start, provisional, final}, func(b time.Time) bool {
		return last.Before(b) && !now.Before(b)
	})
}

// lock is held while answers of a school are computed and written.
func (c *Computer) lock(school g.SchoolID) *sync.Mutex {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.schools[school] == nil {
		c.schools[school] = &sync.Mutex{}
	}
	return c.schools[school]
}

// note remembers when a session was computed, and forgets those that have no boundary left.
func (c *Computer) note(s g.Session, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.computed[s.ID] = now
	if len(c.computed)%1024 == 0 {
		for id, at := range c.computed {
			if now.Sub(at) > 2*lookBack {
				delete(c.computed, id)
			}
		}
	}
}

// compute computes the answers of a session: of some people, or of everybody.
func (c *Computer) compute(
	ctx context.Context, s g.Session, only []g.PersonID, cause g.AttendanceCause,
) error {
	if len(only) > peopleMost {
		only = nil // one look at everybody is cheaper
	}
	l := c.lock(s.School)
	l.Lock()
	defer l.Unlock()
	now := c.opt.Now()
	in, err := c.inputs(ctx, s, only, now)
	if err == nil && len(in.Roster) > 0 {
		err = c.answer(ctx, in, only, cause)
	}
	if err != nil {
		return fmt.Errorf("attendance of session %s: %w", s.ID, err)
	}
	if s.Kind == g.SessionDorm && len(in.Roster) > 0 {
		if err := c.missing(ctx, in); err != nil {
			return fmt.Errorf("who is not in the dorm at session %s: %w", s.ID, err)
		}
	}
	if len(only) == 0 {
		c.note(s, now)
	}
	return nil
}

func (c *Computer) answer(
	ctx context.Context, in attend.Inputs, only []g.PersonID, cause g.AttendanceCause,
) error {
	s := in.Session
	from, to := attend.Opens(s), s.End.Add(time.Nanosecond)
	for _, o := range in.Sittings {
		from, to = earlier(from, o.Start), later(to, o.End)
	}
	// A clock that is off by more than this is refused when it tells.
	rows, err := c.opt.View.History.SightingsBetween(
		ctx, s.School, from.Add(-clockMost), to.Add(clockMost), only,
	)
	if err != nil {
		return err
	}
	clocks, err := c.clocks(ctx, in, only)
	if err != nil {
		return err
	}
	seen := make([]attend.Sighting, 0, len(rows))
	for _, r := range rows {
		seen = append(seen, attend.Sighting{
			ID:        r.ID,
			Person:    r.Person,
			Zone:      r.Zone,
			Device:    r.Device,
			Method:    r.Method,
			Direction: r.Direction,
			Time:      r.Time,
			Offset:    clocks[r.Device],
			Match:     r.Match,
		})
	}
	c.opt.Pause("sightings read")
	_, err = c.opt.View.Sessions.PutAttendance(ctx, attend.Compute(in, seen), cause)
	return err
}
