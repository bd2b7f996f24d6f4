// Package attendance computes the attendance of sessions from the sightings in the history: of the
// people who passed when new ones are stored; of everybody when the clock passes a session's
// boundary; and of whom it concerns when people, leave, sessions or corrections change. Package
// rules/attend decides the answers; this package gathers what they depend on.
package attendance

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/attend"
)

const (
	clockEvery = 2 * time.Second // between looks at the clock
	lookEvery  = time.Minute     // between looks at the sessions of a school, unless they change
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
	looked   map[g.SchoolID]look
	begun    bool // the sessions of the time before the start were looked at
}

// look is a look at a school's sessions: until next, no boundary of them passes.
type look struct{ at, next time.Time }

// New makes a Computer that has computed nothing yet.
func New(o Options) *Computer {
	return &Computer{
		opt:      o,
		schools:  map[g.SchoolID]*sync.Mutex{},
		computed: map[g.SessionID]time.Time{},
		known:    map[clockKey]knownClocks{},
		looked:   map[g.SchoolID]look{},
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
			c.forget(x.School)
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
	now := c.opt.Now()
	begun := now.Add(time.Microsecond) // what begins later is computed when it does
	list, err := c.opt.View.Sessions.Between(ctx, school, first, earlier(last.Add(opensMost), begun))
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	var who []g.PersonID
	list = slices.DeleteFunc(list, func(s g.Session) bool {
		_, _, locked := attend.Boundaries(s, c.opt.Directory.School(school))
		if s.Start.After(now) || !now.Before(locked) {
			return true
		}
		before := len(who)
		for _, t := range touches {
			if !t.At.Before(attend.Opens(s)) && !t.At.After(s.End) {
				who = append(who, t.Person)
			}
		}
		return len(who) == before
	})
	slices.Sort(who)
	return c.compute(ctx, school, list, slices.Compact(who), g.CauseSighting)
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
		if err := c.compute(ctx, school, list, only, g.CausePerson); err != nil {
			return err
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
		if err := c.dealt(ctx, marks); err != nil {
			return err
		}
		if err := c.opt.View.Sessions.Unmark(ctx, marks[len(marks)-1].ID); err != nil {
			return err
		}
	}
}

// dealt computes what marks name; what has the same cause for the same people is computed together.
func (c *Computer) dealt(ctx context.Context, marks []sessions.Mark) error {
	type work struct {
		school g.SchoolID
		person g.PersonID
		cause  g.AttendanceCause
	}
	var order []work
	todo := map[work][]g.Session{}
	for _, m := range marks {
		list, err := c.markedBy(ctx, m)
		if err != nil {
			return err
		}
		w := work{m.School, m.Person, m.Cause}
		if _, has := todo[w]; !has {
			order = append(order, w)
		}
		for _, s := range list {
			if !slices.ContainsFunc(todo[w], func(o g.Session) bool { return o.ID == s.ID }) {
				todo[w] = append(todo[w], s)
			}
		}
	}
	for _, w := range order {
		var only []g.PersonID
		if w.person != "" {
			only = []g.PersonID{w.person}
		}
		if err := c.compute(ctx, w.school, todo[w], only, w.cause); err != nil {
			return err
		}
	}
	return nil
}

// markedBy are the sessions of a mark that have begun.
func (c *Computer) markedBy(ctx context.Context, m sessions.Mark) (list []g.Session, err error) {
	if m.Session != "" {
		s, err := c.opt.View.Sessions.Find(ctx, m.Session)
		if g.ErrorCode(err) == g.NotFound {
			return nil, nil // deleted meanwhile, with its answers
		}
		if err != nil {
			return nil, err
		}
		list = []g.Session{s}
	} else if list, err = c.opt.View.Sessions.Between(ctx, m.School, m.From, m.To); err != nil {
		return nil, err
	}
	soon := c.opt.Now().Add(time.Minute)
	return slices.DeleteFunc(list, func(s g.Session) bool {
		return s.Start.After(soon) // computed when it starts
	}), nil
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
	side := errgroup.Group{}                 // schools are computed side by side, but written in turns
	side.SetLimit(2 * runtime.GOMAXPROCS(0)) // half of them wait for their turn
	for _, school := range c.opt.Directory.SchoolIDs() {
		side.Go(func() error { return c.passedIn(ctx, school, back, now) })
	}
	if err := side.Wait(); err != nil {
		return err
	}
	c.begun = true
	return c.marked(ctx) // what a subscription that fell behind has not told of
}

func (c *Computer) passedIn(
	ctx context.Context, school g.SchoolID, back time.Duration, now time.Time,
) error {
	c.mu.Lock()
	last := c.looked[school]
	if !now.Before(last.at) && now.Before(last.next) {
		c.mu.Unlock()
		return nil
	}
	c.looked[school] = look{} // under way
	c.mu.Unlock()
	list, err := c.opt.View.Sessions.Between(ctx, school, now.Add(-back), now.Add(lookEvery))
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	var due []g.Session
	for _, s := range list {
		if !c.boundaryPassed(s, now) {
			continue
		}
		done, err := c.finished(ctx, s, now)
		if err != nil {
			return err
		}
		if !done {
			due = append(due, s)
		}
	}
	if err := c.compute(ctx, school, due, nil, g.CauseTime); err != nil {
		return err
	}
	next := c.nextBoundary(list, now)
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, still := c.looked[school]; still { // no session has changed meanwhile
		c.looked[school] = look{now, next}
	}
	return nil
}

// forget is called when a session of a school has changed: its boundaries are looked at anew.
func (c *Computer) forget(school g.SchoolID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.looked, school)
}

// nextBoundary is when the next boundary of sessions passes, or when to look at them again.
func (c *Computer) nextBoundary(list []g.Session, now time.Time) time.Time {
	next := now.Add(lookEvery)
	for _, s := range list {
		provisional, final, _ := attend.Boundaries(s, c.opt.Directory.School(s.School))
		for _, b := range []time.Time{s.Start, provisional, final} {
			if b.After(now) {
				next = earlier(next, b)
			}
		}
	}
	return next
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
