package alerts

import (
	"context"
	"errors"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Deed is what a batch does to each of its alerts.
type Deed string

// The deeds.
const (
	ToAcknowledge   Deed = "acknowledge"
	ToUnacknowledge Deed = "unacknowledge"
	ToAssign        Deed = "assign"
	ToResolve       Deed = "resolve"
	ToShelve        Deed = "shelve"
	ToUnshelve      Deed = "unshelve"
)

// Deeds lists them.
func Deeds() []Deed {
	return []Deed{ToAcknowledge, ToUnacknowledge, ToAssign, ToResolve, ToShelve, ToUnshelve}
}

// MaxBatch is the most alerts of one batch.
const MaxBatch = 500

// Batch is one deed over many alerts.
type Batch struct {
	Deed     Deed
	IDs      []g.AlertID   // each counts once
	For      time.Duration // of an acknowledgement; 0: as long as the severity says; of a shelf
	To       g.UserID      // whom to assign to; "": nobody
	Comment  string        // of a shelf: the reason
	Although bool          // resolve: silence what still fires
}

// Outcome is what became of one alert of a batch.
type Outcome struct {
	ID    g.AlertID
	Alert g.Alert  // as it is now, where Err is nil
	Err   *g.Error // why nothing was done
}

// Done is what a batch did.
type Done struct {
	Outcomes []Outcome // in the order of the batch
	Undo     string    // a token for Undo; "": there is nothing to undo
	Until    time.Time // how long the token is good
}

// Do carries out a batch in one transaction. Each alert is judged as it is, not at a version that
// somebody saw; one that the deed does not fit is left alone and has its reason in the outcome.
func (v View) Do(ctx context.Context, b Batch, by g.User) (Done, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return Done{}, err
	}
	ids, err := b.check()
	if err != nil {
		return Done{}, err
	}
	d, err := v.deedOf(ctx, b)
	if err != nil {
		return Done{}, err
	}
	var done Done
	err = v.s.Write(ctx, func(t *store.Tx) error {
		done = Done{}
		u, err := access.Acting(ctx, v.access, t, by)
		if err != nil {
			return err
		}
		var undo []undoable
		for _, id := range ids {
			out, was, err := v.doOne(ctx, t, in, id, u, d)
			if err != nil {
				return err
			}
			done.Outcomes = append(done.Outcomes, out)
			if out.Err == nil {
				undo = append(undo, was)
			}
		}
		if err := v.endShelves(ctx, t, u, undo); err != nil {
			return err
		}
		done.Undo, done.Until, err = v.keepUndo(ctx, t, notByOurs(undo))
		return err
	})
	if err != nil {
		return Done{}, err
	}
	return done, nil
}

// deed is what is done to one alert, and the name of its audit entry.
type deed struct {
	name string
	do   func(t *store.Tx, l *life) error
}

// alone is a deed that changes nothing but the alert.
func alone(name string, do func(*life) error) deed {
	return deed{name, func(_ *store.Tx, l *life) error { return do(l) }}
}

// doOne does a batch's deed to one alert, and says how to undo it. The error is the transaction's;
// what does not fit the alert is in the outcome.
func (v View) doOne(
	ctx context.Context, t *store.Tx, in store.Reach, id g.AlertID, u g.User, d deed,
) (out Outcome, undo undoable, err error) {
	undo.ID, out.ID = id, id
	var hidden g.Hiding
	l, err := v.answerIn(ctx, t, in, id, AnyVersion, u, func(l *life) error {
		undo.Was, hidden = factsOf(l.Alert), l.Hidden
		return d.do(t, l)
	})
	if refused, ok := errors.AsType[*g.Error](err); ok {
		out.Err = refused
		return out, undo, nil
	}
	if err != nil {
		return out, undo, err
	}
	out.Alert, undo.Is, undo.Shelf = l.Alert, factsOf(l.Alert), l.shelf
	undo.Unshelved = l.unshelved
	if l.Hidden == hidden {
		return out, undo, v.s.Audit(ctx, t, l.School, d.name, string(id))
	}
	return out, undo, v.s.AuditChanges(ctx, t, l.School, d.name, string(id), hidden, l.Hidden)
}

func (b Batch) check() ([]g.AlertID, error) {
	if n := len(b.IDs); n == 0 || n > MaxBatch {
		return nil, g.FieldErrorf("ids", "give between 1 and %d alerts", MaxBatch)
	}
	if err := ackTime(b.For); err != nil {
		return nil, err
	}
	if b.Deed == ToShelve {
		if err := store.CheckReason("comment", b.Comment); err != nil {
			return nil, err
		}
		if b.For < time.Minute {
			return nil, g.FieldErrorf("minutes", "say for how many minutes the alerts are shelved")
		}
	} else if err := comments(b.Comment, b.Deed == ToResolve); err != nil {
		return nil, err
	}
	var ids []g.AlertID
	seen := map[g.AlertID]bool{}
	for _, id := range b.IDs {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// deedOf is what a batch does to one alert.
func (v View) deedOf(ctx context.Context, b Batch) (deed, error) {
	switch b.Deed {
	case ToAcknowledge:
		return alone("alert.acknowledge", acknowledge(b.For, false)), nil
	case ToUnacknowledge:
		return alone("alert.unacknowledge", unacknowledge(b.Comment)), nil
	case ToResolve:
		if b.Although {
			return alone("alert.silence", resolve(b.Comment, true)), nil
		}
		return alone("alert.resolve", resolve(b.Comment, false)), nil
	case ToAssign:
		whom, in, err := v.assignee(ctx, b.To)
		return alone("alert.assign", assign(whom, in, b.Comment)), err
	case ToShelve:
		return deed{"alert.shelve", func(t *store.Tx, l *life) error {
			return v.shelve(ctx, t, l, b.For, b.Comment)
		}}, nil
	case ToUnshelve:
		return deed{"alert.unshelve", func(t *store.Tx, l *life) error {
			return v.unshelve(ctx, t, l, b.Comment)
		}}, nil
	}
	return deed{}, g.FieldErrorf("deed", "%q is no deed; use one of %v", b.Deed, Deeds())
}
