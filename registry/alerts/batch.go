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
)

// Deeds lists them.
func Deeds() []Deed { return []Deed{ToAcknowledge, ToUnacknowledge, ToAssign, ToResolve} }

// MaxBatch is the most alerts of one batch.
const MaxBatch = 500

// Batch is one deed over many alerts.
type Batch struct {
	Deed     Deed
	IDs      []g.AlertID   // each counts once
	For      time.Duration // of an acknowledgement; 0: as long as the severity says
	To       g.UserID      // whom to assign to; "": nobody
	Comment  string
	Although bool // resolve: silence what still fires
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
	change, deed, err := v.deedOf(ctx, b)
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
			out, was, err := v.doOne(
				ctx,
				t,
				in,
				id,
				u,
				change,
				deed,
			)
			if err != nil {
				return err
			}
			done.Outcomes = append(done.Outcomes, out)
			if out.Err == nil {
				undo = append(undo, undoable{
					ID:  id,
					Was: was,
					Is:  factsOf(out.Alert),
				})
			}
		}
		done.Undo, done.Until, err = v.keepUndo(ctx, t, undo)
		return err
	})
	if err != nil {
		return Done{}, err
	}
	return done, nil
}

// doOne does a batch's deed to one alert. The error is the transaction's; what does not fit the
// alert is in the outcome.
func (v View) doOne(
	ctx context.Context, t *store.Tx, in store.Reach, id g.AlertID, u g.User,
	change func(*life) error, deed string,
) (out Outcome, was facts, err error) {
	l, err := v.answerIn(ctx, t, in, id, AnyVersion, u, func(l *life) error {
		was = factsOf(l.Alert)
		return change(l)
	})
	out = Outcome{ID: id}
	if refused, ok := errors.AsType[*g.Error](err); ok {
		out.Err = refused
		return out, was, nil
	}
	if err != nil {
		return out, was, err
	}
	out.Alert = l.Alert
	return out, was, v.s.Audit(
		ctx,
		t,
		l.School,
		deed,
		string(id),
	)
}

func (b Batch) check() ([]g.AlertID, error) {
	if n := len(b.IDs); n == 0 || n > MaxBatch {
		return nil, g.FieldErrorf("ids", "give between 1 and %d alerts", MaxBatch)
	}
	if err := ackTime(b.For); err != nil {
		return nil, err
	}
	if err := comments(b.Comment, b.Deed == ToResolve); err != nil {
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

// deedOf is what a batch does to one alert, and the deed of its audit entry.
func (v View) deedOf(ctx context.Context, b Batch) (func(*life) error, string, error) {
	switch b.Deed {
	case ToAcknowledge:
		return acknowledge(b.For), "alert.acknowledge", nil
	case ToUnacknowledge:
		return unacknowledge(b.Comment), "alert.unacknowledge", nil
	case ToResolve:
		if b.Although {
			return resolve(b.Comment, true), "alert.silence", nil
		}
		return resolve(b.Comment, false), "alert.resolve", nil
	case ToAssign:
		whom, in, err := v.assignee(ctx, b.To)
		return assign(whom, in, b.Comment), "alert.assign", err
	}
	return nil, "", g.FieldErrorf("deed", "%q is no deed; use one of %v", b.Deed, Deeds())
}
