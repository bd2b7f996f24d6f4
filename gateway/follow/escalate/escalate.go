package escalate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/oncall"
)

// Cursor is the name of the reader.
const Cursor = "escalate"

const (
	// lookEvery is how often what is due is looked for though no time has come: the clock may have
	// been set.
	lookEvery = time.Second
	// atOnce is how many calls that are due are taken from the registry at a time.
	atOnce = 500
	// most is more than the calls that can be in one state.
	most = 1_000_000
	// linkFor is how long the link of a message takes the alert.
	linkFor = 12 * time.Hour
	// kept is how long a call that has ended is kept, with its log.
	kept = 90 * 24 * time.Hour
)

// Options are what the escalator uses. All are needed.
type Options struct {
	View      *registry.View // of a system scope
	Subscribe func(func(registry.Change)) (cancel func())

	// Tell hands a notice over and returns once it is on disk, with those who have no address. The
	// same ID again is told once.
	Tell func(ctx context.Context, n Notice) (lost []g.UserID, err error)
	// Stop takes back what is not sent yet of a notice, since somebody has answered.
	Stop func(ctx context.Context, id string) error
	// Link is the address under which a person takes an alert.
	Link func(id g.AlertID, user g.UserID, until time.Time) string

	Now func() time.Time
	Log *slog.Logger
}

// Notice is what is said to people about an alert.
type Notice struct {
	ID     string // the same for the same alert and step
	Alert  g.Alert
	Place  string // where, for people
	Device string
	More   int // further alerts for which this stands
	// Others names the most urgent of those, one after the other, for people.
	Others, OthersZH string
	Who              string // the names of those who were told before
	Missed           string // and of those whom no message reached
	Unanswered       bool   // it goes to the head, since nobody answered
	To               []To
	Channels         []string
	Tries            []g.Try // how people are told; empty: as of every alarm
}

// To is somebody who is told, and the link by which he takes the alert.
type To struct {
	User g.UserID
	Link string
}

// Escalator calls people. Make one with New, and run Run beside the reader Apply.
type Escalator struct {
	Options
	kick     chan struct{} // something may be due; holds one
	rechoose chan struct{} // a chain has changed; holds one
	moved    moved         // messages of which something came
	unsub    func()
}

// New makes an escalator. It follows the registry's changes until Run ends.
func New(o Options) *Escalator {
	e := &Escalator{
		Options:  o,
		kick:     make(chan struct{}, 1),
		rechoose: make(chan struct{}, 1),
	}
	e.moved.lookAtAll() // a stop may have come between a failure and the look at it
	e.unsub = o.Subscribe(e.noteChange)
	return e
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is pending already
	}
}

// Apply notes which alerts wait for an answer. It may see an event twice.
func (e *Escalator) Apply(ctx context.Context, events []g.Event) error {
	var seen []oncall.Call
	known := chains{view: e.View}
	for i := range events {
		a := events[i].Alert
		if events[i].Kind != g.EventAlert || a == nil || a.Rule == g.UnansweredRule {
			continue
		}
		c, err := e.seen(ctx, &known, *a, events[i].Time)
		if err != nil {
			return err
		}
		seen = append(seen, c)
	}
	if len(seen) == 0 {
		return nil
	}
	ended, err := e.View.Oncall.Note(ctx, seen)
	if err != nil {
		return err
	}
	heads := map[g.AlertID]g.SchoolID{}
	of := map[g.SchoolID][]g.AlertID{}
	for _, c := range ended {
		of[c.School] = append(of[c.School], c.Alert)
		heads[c.Head] = c.School
	}
	for school, ids := range of {
		if err := e.stop(ctx, school, ids); err != nil {
			return err
		}
	}
	for head, school := range heads {
		if err := e.answered(ctx, school, head); err != nil {
			return err
		}
	}
	signal(e.kick)
	return nil
}

// stop takes back what is not sent yet of what calls of a school have said. A message that stands for
// an alert that still waits goes on.
func (e *Escalator) stop(ctx context.Context, school g.SchoolID, ended []g.AlertID) error {
	ids, err := e.View.Oncall.Spent(ctx, school, ended)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := e.Stop(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// Run carries out what is due until ctx ends.
func (e *Escalator) Run(ctx context.Context) error {
	defer e.unsub()
	signal(e.rechoose) // chains may have changed while nobody looked
	var forgot time.Time
	for {
		if now := e.Now(); now.Sub(forgot).Abs() > time.Hour {
			forgot = now
			e.tidy(ctx, now)
		}
		next, err := e.round(ctx)
		if err != nil && ctx.Err() == nil {
			e.Log.ErrorContext(ctx, "a step of an escalation failed; it is tried again", "error", err)
			next = e.Now().Add(lookEvery)
		}
		t := time.NewTimer(min(max(next.Sub(e.Now()), 0), lookEvery))
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-e.kick:
			t.Stop()
		case <-e.rechoose:
			t.Stop()
			if err := e.Rechoose(ctx); err != nil && ctx.Err() == nil {
				e.Log.ErrorContext(ctx, "alerts were not given to chains; it is tried again",
					"error", err)
				signal(e.rechoose)
			}
		case <-t.C:
		}
	}
}

// round looks whom no message reached, and carries out what is due.
func (e *Escalator) round(ctx context.Context) (next time.Time, err error) {
	if err := e.Hurry(ctx); err != nil {
		return e.Now(), err
	}
	return e.Work(ctx)
}

// tidy forgets old calls, and ends the head's alerts that a stop has left.
func (e *Escalator) tidy(ctx context.Context, now time.Time) {
	_, err := e.View.Oncall.ForgetCalls(ctx, now.Add(-kept))
	if err == nil {
		err = e.leftOver(ctx)
	}
	if err != nil && ctx.Err() == nil {
		e.Log.WarnContext(ctx, "old escalations were not tidied", "error", err)
	}
}

// Work carries out every step that is due, the oldest first, and returns when the next one is. A
// step that fails holds up no other; it is due still, and the error says why.
func (e *Escalator) Work(ctx context.Context) (next time.Time, err error) {
	var failed error
	tried := map[turn]bool{}
	for {
		now := e.Now()
		due, err := e.View.Oncall.Calls(
			ctx,
			oncall.CallDue,
			"",
			now,
			atOnce,
		)
		if err != nil {
			return now, err
		}
		worked := false
		out := map[g.SchoolID][]told{}
		for _, b := range bundles(due) {
			if tried[b.key()] {
				continue // it failed already
			}
			left, err := e.step(ctx, b, now)
			if err != nil {
				failed, tried[b.key()] = errors.Join(failed, err), true
				continue
			}
			out[b.school] = append(out[b.school], left...)
			worked = worked || len(left) == 0
		}
		for school, left := range out {
			k := turn{school: school}
			if tried[k] || len(left) == 0 {
				continue
			}
			if err := e.ranOut(ctx, left, now); err != nil {
				failed, tried[k] = errors.Join(failed, err), true
				continue
			}
			worked = true
		}
		if !worked {
			break
		}
	}
	if failed != nil {
		return e.Now(), failed
	}
	return e.next(ctx)
}

// next is when the next step is due; far away where there is none.
func (e *Escalator) next(ctx context.Context) (time.Time, error) {
	calls, err := e.View.Oncall.Calls(
		ctx,
		oncall.CallDue,
		"",
		time.Time{},
		1,
	)
	if err != nil || len(calls) == 0 {
		return e.Now().Add(time.Hour), err
	}
	return calls[0].Due, nil
}
