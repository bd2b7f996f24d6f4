package sessions

import (
	"context"
	"errors"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxRoll is the most people of one call of Roll.
const MaxRoll = 200

// Ticked is what somebody who called the roll saw of one person.
type Ticked struct {
	Person g.PersonID
	State  g.AttendanceState
	// At is when it was ticked, on a telephone that may have been away since; zero or later than now:
	// now.
	At time.Time
}

// NotTicked is a person of a roll whose tick was not taken, and why.
type NotTicked struct {
	Person g.PersonID
	Why    g.Text
}

// Roll records what somebody saw who called the roll of a session: a correction for each person, as
// Correct does, with one reason. Ticks that cannot be taken are returned, the others are kept. A tick
// that says what the person's newest correction says changes nothing, so that a roll can be sent
// again; one that is older than it does not count.
func (v View) Roll(
	ctx context.Context, id g.SessionID, ticks []Ticked, reason string,
) (refused []NotTicked, err error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return nil, err
	}
	if len(ticks) == 0 || len(ticks) > MaxRoll {
		return nil, g.FieldErrorf("ticks", "a roll has 1 to %d people", MaxRoll)
	}
	for _, x := range ticks {
		if !slices.Contains(g.AttendanceStates(), x.State) {
			return nil, g.FieldErrorf("state", "%q is no state; use one of %v", x.State, g.AttendanceStates())
		}
	}
	if err := store.Line("reason", reason, store.MaxReason); err != nil {
		return nil, err
	}
	s, err := session(ctx, v.s.Reg, in, id)
	if err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		newest, err := v.newest(ctx, id)
		if err != nil {
			return err
		}
		refused = nil
		for _, x := range ticks {
			c := Correction{
				Session: id,
				Person:  x.Person,
				State:   x.State,
				Reason:  reason,
				At:      x.At,
			}
			if c.At.IsZero() || c.At.After(t.Now) {
				c.At = t.Now
			}
			if old, is := newest[x.Person]; is && (old.State == x.State || !old.At.Before(c.At)) {
				continue
			}
			err := v.correct(ctx, t, in, s, c)
			if why, is := errors.AsType[*g.Error](err); is {
				refused = append(refused, NotTicked{x.Person, g.TextOf(why)})
				continue
			}
			if err != nil {
				return err
			}
			newest[x.Person] = c
		}
		return nil
	})
	return refused, err
}

// newest are the corrections of a session that count.
func (v View) newest(ctx context.Context, id g.SessionID) (map[g.PersonID]Correction, error) {
	all, err := v.corrections(ctx, []g.SessionID{id})
	out := map[g.PersonID]Correction{}
	for _, c := range all {
		if old, is := out[c.Person]; !is || !c.At.Before(old.At) {
			out[c.Person] = c
		}
	}
	return out, err
}
