// Package timetable makes the sessions of each school's next two weeks as its timetable says: at
// each midnight of the school, and when its timetable, its calendar, its classes or its time zone
// change. Package rules/timetable decides which sessions a day has, and the registry which of those
// that stand may be touched. It keeps nothing: what it does again changes nothing.
package timetable

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	inputs "github.com/gatehouse-iot/gatehouse/api/timetable"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/rules/timetable"
)

const (
	name  = "timetable" // on the status page
	every = 2 * time.Second

	// Ahead is how many days after today have their sessions.
	Ahead = 14
)

// Options are what the follower needs.
type Options struct {
	View      *registry.View
	Subscribe func(func(registry.Change)) (cancel func())
	Health    *follow.Health
	Now       func() time.Time
	Log       *slog.Logger
}

// Follower makes sessions. Run and Look are for one goroutine.
type Follower struct {
	opt  Options
	wake chan struct{} // capacity 1: something has changed

	mu     sync.Mutex
	all    bool // of every school
	due    map[g.SchoolID]bool
	people map[g.SchoolID]bool // somebody has changed, so that classes may have

	done map[g.SchoolID]state // as it was when the sessions were made last
}

// state is what is looked at without being told of changes.
type state struct {
	today   string
	classes []string
}

// New makes a Follower that has made no sessions yet.
func New(o Options) *Follower {
	return &Follower{
		opt:    o,
		wake:   make(chan struct{}, 1),
		all:    true,
		due:    map[g.SchoolID]bool{},
		people: map[g.SchoolID]bool{},
		done:   map[g.SchoolID]state{},
	}
}

// Run makes sessions until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	defer f.opt.Subscribe(f.Heard)()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if !f.opt.Health.Insist(ctx, name, func() error { return f.Look(ctx) }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		case <-tick.C:
		}
	}
}

// Heard notes what a change of the registry concerns.
func (f *Follower) Heard(c registry.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case c.Kind == change.Timetable:
		f.due[c.School] = true
	case c.Kind == change.Calendar, c.Kind == change.School && c.Touches("timezone", "parent"):
		f.all = true // of a district, its schools' too
	case c.Kind == change.Person && c.Touches("class", "left", "kind"):
		f.people[c.School] = true
		return // an import tells of each; the next tick is soon enough
	default:
		return
	}
	select {
	case f.wake <- struct{}{}:
	default: // a look is due already
	}
}

// taken are the changes heard since they were last taken.
func (f *Follower) taken() (all bool, due, people map[g.SchoolID]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, due, people = f.all, f.due, f.people
	f.all, f.due, f.people = false, map[g.SchoolID]bool{}, map[g.SchoolID]bool{}
	return all, due, people
}

// Look makes the sessions of the schools for which something has changed or a new day has begun. One
// school's trouble does not keep the others waiting: it is tried again by the next Look.
func (f *Follower) Look(ctx context.Context) error {
	all, due, people := f.taken()
	schools, err := f.opt.View.Places.Schools(ctx)
	if err != nil {
		f.again(all, due, people)
		return fmt.Errorf("read schools: %w", err)
	}
	var errs []error
	for _, s := range schools {
		if err := f.school(ctx, s, all || due[s.ID], people[s.ID]); err != nil {
			f.again(false, map[g.SchoolID]bool{s.ID: true}, nil)
			errs = append(errs, fmt.Errorf("the timetable of school %s: %w", s.ID, err))
		}
	}
	return errors.Join(errs...)
}

// again notes what could not be done.
func (f *Follower) again(all bool, due, people map[g.SchoolID]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = f.all || all
	for id := range due {
		f.due[id] = true
	}
	for id := range people {
		f.people[id] = true
	}
}

func (f *Follower) school(ctx context.Context, s g.School, due, people bool) error {
	today, _, _ := g.DayOf(f.opt.Now(), s.Location())
	was := f.done[s.ID]
	if was.today != today.String() {
		due = true
	}
	if people && !due {
		classes, err := f.opt.View.People.Classes(ctx, s.ID)
		if err != nil {
			return err
		}
		due = !slices.Equal(classes, was.classes)
	}
	if !due {
		return nil
	}
	// Of yesterday there is something to do where the school has moved to another time zone.
	from, to := today.Add(-1), today.Add(Ahead)
	in, err := inputs.Inputs(ctx, f.opt.View, s.ID, from, to)
	if err != nil {
		return err
	}
	var runs []g.Session
	for d := from; d.Until(to) >= 0; d = d.Add(1) {
		day, _ := timetable.Day(in, d)
		for _, r := range day {
			runs = append(runs, r.Session)
		}
	}
	for {
		n, err := f.opt.View.Sessions.Sync(ctx, s.ID, from, to, runs)
		if err != nil {
			return err
		}
		if n.Refused > 0 {
			f.opt.Log.Warn("the timetable makes what is no session", "school", s.ID, "count", n.Refused)
		}
		if !n.More {
			break
		}
	}
	f.done[s.ID] = state{
		today:   today.String(),
		classes: in.Classes,
	}
	return nil
}
