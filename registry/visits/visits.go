package visits

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of visits.
const (
	MaxOpen    = 2000                // of a school, whose time is not over
	MaxGroup   = 200                 // people of one visit
	MaxDays    = 31                  // of one visit
	MaxPurpose = 200                 // characters
	MaxReason  = 500                 // characters
	Keep       = 30 * 24 * time.Hour // after its end; then it is deleted
)

const columns = "SELECT id, school, state, starts, ends, body_sealed FROM visits"

func (r *Book) scan(ctx context.Context, c store.Conn, scan func(...any) error) (x g.Visit, err error) {
	var starts, ends int64
	var sealed []byte
	if err := scan(&x.ID, &x.School, &x.State, &starts, &ends, &sealed); err != nil {
		return x, err
	}
	x.From, x.To = store.Moment(starts), store.Moment(ends)
	k, err := r.s.Vault.School(ctx, c, x.School)
	if err != nil {
		return x, err
	}
	b, err := store.Unseal(k.Kept, sealed, "visit "+string(x.ID))
	if err != nil {
		return x, err
	}
	return x, json.Unmarshal(b, &x.VisitDetails)
}

func (r *Book) visit(ctx context.Context, c store.Conn, in store.Reach, id g.VisitID) (g.Visit, error) {
	x, err := r.scan(ctx, c, c.Row(ctx, columns+" WHERE id = ?", string(id)).Scan)
	if err != nil {
		return g.Visit{}, store.Missing(err, "visit", string(id))
	}
	if err := in.Owns(x.School, "visit", string(id)); err != nil {
		return g.Visit{}, err
	}
	return x, nil
}

// List lists visits in scope, of one school or in one state if given; the last to begin first. What
// only a look at one shows (its telephone number) is left out.
func (v View) List(
	ctx context.Context, school g.SchoolID, state g.VisitState, now time.Time,
) ([]g.Visit, error) {
	in, err := v.s.Reach(ctx, g.VisitsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	if state != "" {
		w.And("state = ?", string(state))
	}
	out := []g.Visit{}
	err = store.Each(ctx, v.s.Reg, columns+w.String()+" ORDER BY starts DESC, id", w.Args,
		func(scan func(...any) error) error {
			x, err := v.r.scan(ctx, v.s.Reg, scan)
			x.Phone = ""
			out = append(out, at(x, now))
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list visits: %w", err)
	}
	return out, nil
}

// at says whether somebody should have left.
func at(x g.Visit, now time.Time) g.Visit {
	x.Overdue = x.State == g.VisitOnSite && now.After(x.To)
	return x
}

// Open returns a visit with everything that is known; the look is audited.
func (v View) Open(ctx context.Context, id g.VisitID) (x g.Visit, err error) {
	in, err := v.s.Reach(ctx, g.VisitsRead)
	if err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if x, err = v.r.visit(ctx, t, in, id); err != nil {
			return err
		}
		x = at(x, t.Now)
		return v.s.Audit(ctx, t, x.School, "visit.open", string(id))
	})
	return x, err
}

// Register adds a visit that somebody asks for, and deletes those of the school that ended longer
// than Keep ago.
func (v View) Register(ctx context.Context, x g.Visit) (g.Visit, error) {
	in, err := v.s.Reach(ctx, g.VisitsWrite)
	if err != nil {
		return g.Visit{}, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return g.Visit{}, err
	}
	x.Name, x.Host, x.Purpose = strings.TrimSpace(x.Name), strings.TrimSpace(x.Host), strings.TrimSpace(x.Purpose)
	if err := check(x); err != nil {
		return g.Visit{}, err
	}
	x.ID, x.State = g.VisitID(g.NewID("vis")), g.VisitAsked
	x.Group = max(x.Group, 1)
	x.From, x.To = store.Moment(store.Micros(x.From)), store.Moment(store.Micros(x.To))
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if !x.To.After(t.Now) {
			return g.FieldErrorf("to", "this time is over: give a later one")
		}
		n := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM visits WHERE school = ? AND ends > ?",
			string(x.School), store.Micros(t.Now)).Scan(&n); err != nil {
			return fmt.Errorf("count visits: %w", err)
		}
		if n >= MaxOpen {
			return g.Errorf(g.TooLarge, "the school has %d visits to come, the most that are kept", n)
		}
		if _, err := t.Exec(ctx, "DELETE FROM visits WHERE school = ? AND ends < ? AND state <> ?",
			string(x.School), store.Micros(t.Now.Add(-Keep)), string(g.VisitOnSite)); err != nil {
			return fmt.Errorf("delete visits: %w", err)
		}
		x.Registered, x.By = store.Moment(store.Micros(t.Now)), v.s.Scope.Actor
		return v.put(ctx, t, x, "visit.register")
	})
	if err != nil {
		return g.Visit{}, err
	}
	return x, nil
}

// Move takes a visit to its next state; a refusal needs a reason. Nobody arrives before or after
// the time.
func (v View) Move(
	ctx context.Context, id g.VisitID, state g.VisitState, reason string,
) (x g.Visit, err error) {
	in, err := v.s.Reach(ctx, g.VisitsWrite)
	if err != nil {
		return x, err
	}
	if !slices.Contains(g.VisitStates(), state) {
		return x, g.FieldErrorf("state", "%q is no state; use one of %v", state, g.VisitStates())
	}
	if state == g.VisitRefused {
		if err := store.Line("reason", reason, MaxReason); err != nil {
			return x, err
		}
	} else {
		reason = ""
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if x, err = v.r.visit(ctx, t, in, id); err != nil {
			return err
		}
		now := store.Moment(store.Micros(t.Now))
		switch {
		case !x.State.Follows(state):
			return g.Errorf(g.Conflict, "the visit is %s: it cannot become %s", x.State, state)
		case state == g.VisitOnSite && now.Before(x.From):
			return g.Errorf(g.Conflict, "it is too early for this visit")
		case state == g.VisitOnSite && now.After(x.To):
			return g.Errorf(g.Conflict, "the time of this visit is over")
		case state == g.VisitOnSite:
			x.Arrived = now
		case state == g.VisitGone:
			x.Left = now
		}
		x.State, x.Reason, x.By = state, reason, v.s.Scope.Actor
		if err := v.put(ctx, t, x, "visit.move"); err != nil {
			return err
		}
		x = at(x, now)
		return nil
	})
	return x, err
}

func (v View) put(ctx context.Context, t *store.Tx, x g.Visit, deed string) error {
	k, err := v.s.Vault.School(ctx, t, x.School)
	if err != nil {
		return err
	}
	b, err := json.Marshal(x.VisitDetails)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO visits (id, school, state, starts, ends, body_sealed) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, body_sealed = excluded.body_sealed`,
		string(x.ID), string(x.School), string(x.State), store.Micros(x.From), store.Micros(x.To),
		store.Seal(k.Kept, b, "visit "+string(x.ID)))
	if err != nil {
		return fmt.Errorf("write visit: %w", err)
	}
	t.Change(change.Visit, x.School, string(x.ID))
	return v.s.Audit(ctx, t, x.School, deed, string(x.ID))
}

// check refuses a visit that says too little, or what cannot be.
func check(x g.Visit) error {
	err := errors.Join(
		store.Line("name", x.Name, store.MaxName),
		store.Line("host", x.Host, store.MaxName),
		store.Line("purpose", x.Purpose, MaxPurpose),
		store.Optional("phone", x.Phone, store.MaxLabel),
		store.Optional("company", x.Company, store.MaxName),
		store.Optional("plate", x.Plate, store.MaxLabel),
	)
	switch {
	case err != nil:
		return err
	case x.From.IsZero() || !x.From.Before(x.To):
		return g.FieldErrorf("to", "it ends before it begins: give a later time")
	case x.To.Sub(x.From) > MaxDays*24*time.Hour:
		return g.FieldErrorf("to", "a visit has at most %d days", MaxDays)
	case x.Group < 0 || x.Group > MaxGroup:
		return g.FieldErrorf("group", "%d people; one visit has at most %d", x.Group, MaxGroup)
	}
	return nil
}
