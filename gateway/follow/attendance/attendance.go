// Package attendance computes the attendance of sessions from the sightings in the history:
// when new ones are stored, when the clock passes a session's boundary, and when people,
// leave, sessions or corrections change. Package rules decides the answers; this package
// gathers what they depend on.
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
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/rules"
)

const (
	clockEvery   = 2 * time.Second // between looks at the sessions' boundaries
	lateArrivals = 72 * time.Hour  // sightings may come this late and still change a session
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

// Computer computes the attendance of one session at a time: of two computations of a session, the
// one that read the sightings first must not write last. It is safe for concurrent use.
type Computer struct {
	opt Options
	one sync.Mutex

	mu       sync.Mutex
	computed map[g.SessionID]time.Time
}

// New makes a Computer that has computed nothing yet.
func New(o Options) *Computer {
	return &Computer{
		opt:      o,
		computed: map[g.SessionID]time.Time{},
	}
}

// Run computes sessions anew when the clock passes one of their boundaries, and when people,
// leave, sessions or corrections change, until ctx ends.
func (c *Computer) Run(ctx context.Context) error {
	changed := make(chan g.SchoolID, 64)
	all := make(chan struct{}, 1) // full: a look at every school is pending
	cancel := c.opt.Subscribe(func(c registry.Change) {
		switch c.Kind {
		case change.Person, change.Session, change.Leave:
		default:
			return
		}
		select {
		case changed <- c.School:
			return
		default: // too many at once: every school
		}
		select {
		case all <- struct{}{}:
		default:
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
			schools = drain(s, changed)
		case <-all:
			schools = c.opt.Directory.SchoolIDs()
		case <-tick.C:
			schools, only = c.opt.Directory.SchoolIDs(), c.boundaryPassed
		}
		now := c.opt.Now()
		for _, s := range schools {
			if !c.opt.Health.Insist(ctx, "attendance", func() error {
				return c.compute(
					ctx,
					s,
					now.Add(-lateArrivals),
					now.Add(time.Minute),
					only,
				)
			}) {
				return nil
			}
		}
	}
}

// drain returns a school and those that wait in changed, each once.
func drain(first g.SchoolID, changed <-chan g.SchoolID) []g.SchoolID {
	schools := []g.SchoolID{first}
	for len(changed) > 0 {
		if s := <-changed; !slices.Contains(schools, s) {
			schools = append(schools, s)
		}
	}
	return schools
}

// Recompute computes the sessions of a school anew that contain one of these times.
func (c *Computer) Recompute(ctx context.Context, school g.SchoolID, at []time.Time) error {
	first, last := slices.MinFunc(at, time.Time.Compare), slices.MaxFunc(at, time.Time.Compare)
	return c.compute(ctx, school, first, last.Add(1), func(s g.Session) bool {
		return slices.ContainsFunc(at, func(t time.Time) bool {
			return !t.Before(s.Start) && !t.After(s.End)
		})
	})
}

// boundaryPassed says whether a boundary of the session lies between its last computation
// and now.
func (c *Computer) boundaryPassed(s g.Session) bool {
	c.mu.Lock()
	last := c.computed[s.ID]
	c.mu.Unlock()
	now := c.opt.Now()
	provisional, final, _ := rules.Boundaries(s, c.opt.Directory.School(s.School))
	return slices.ContainsFunc([]time.Time{s.Start, provisional, final}, func(b time.Time) bool {
		return last.Before(b) && !now.Before(b)
	})
}

// compute computes the sessions of a school that overlap [from, to) and for which want is true.
func (c *Computer) compute(
	ctx context.Context, school g.SchoolID, from, to time.Time, want func(g.Session) bool,
) error {
	sessions, err := c.opt.View.Sessions.Between(ctx, school, from, to)
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	for _, s := range sessions {
		if !want(s) {
			continue
		}
		if err := c.computeOne(ctx, s); err != nil {
			return fmt.Errorf("attendance of session %s: %w", s.ID, err)
		}
	}
	return nil
}

func (c *Computer) computeOne(ctx context.Context, s g.Session) error {
	c.one.Lock()
	defer c.one.Unlock()
	now := c.opt.Now()
	in, err := c.inputs(ctx, s, now)
	if err != nil {
		return err
	}
	rows, err := c.opt.View.History.SightingsBetween(ctx, s.School, s.Start, s.End.Add(time.Nanosecond),
		nil)
	if err != nil {
		return err
	}
	c.opt.Pause("sightings read")
	if _, err := c.opt.View.Sessions.PutAttendance(ctx, rules.Attend(in, sightings(rows))); err != nil {
		return err
	}
	c.mu.Lock()
	c.computed[s.ID] = now
	c.mu.Unlock()
	return nil
}

// sightings converts the rows for package rules, with the offset of each device's clock as its live
// sightings show it.
func sightings(rows []history.SightingRow) []rules.Sighting {
	out := make([]rules.Sighting, len(rows))
	var live []rules.Sighting
	var received []time.Time
	for i, r := range rows {
		out[i] = rules.Sighting{
			ID:        r.ID,
			Person:    r.Person,
			Zone:      r.Zone,
			Device:    r.Device,
			Method:    r.Method,
			Direction: r.Direction,
			Time:      r.Time,
			Match:     r.Match,
		}
		if (!r.Replayed || r.Late) && r.Device != "" {
			live, received = append(live, out[i]), append(received, r.Received)
		}
	}
	offsets := rules.ClockOffsets(live, received)
	for i := range out {
		out[i].Offset = offsets[out[i].Device]
	}
	return out
}

// inputs are what the answer depends on beside the sightings.
func (c *Computer) inputs(
	ctx context.Context, s g.Session, now time.Time,
) (in rules.Inputs, err error) {
	view := c.opt.View
	in = rules.Inputs{
		Session: s,
		Zones:   c.opt.Directory.Zones(s.School),
		Now:     now,
	}
	if in.School, err = view.Places.School(ctx, s.School); err != nil {
		return in, err
	}
	roster, err := view.Sessions.Roster(ctx, s)
	if err != nil {
		return in, err
	}
	for _, r := range roster {
		in.Roster = append(in.Roster, rules.RosterEntry(r))
	}
	if in.Leaves, err = view.Sessions.Leaves(ctx, s.School, s.Start, s.End); err != nil {
		return in, err
	}
	corrections, err := view.Sessions.Corrections(ctx, s.ID)
	if err != nil {
		return in, err
	}
	for _, k := range corrections {
		in.Corrections = append(in.Corrections, rules.Correction{
			Person: k.Person,
			State:  k.State,
			Reason: k.Reason,
			Actor:  k.Actor,
			At:     k.At,
		})
	}
	if !now.Before(s.Due) { // before, nobody can be absent, so that no gap matters
		in.Gaps, err = c.gaps(ctx, s, now)
	}
	return in, err
}
