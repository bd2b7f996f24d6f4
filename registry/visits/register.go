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
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Registration is a visit that somebody asks for.
type Registration struct {
	g.Visit
	// CardNumber is that of an identity card that somebody looked at. It is compared with the barred
	// list and kept as a keyed hash alone.
	CardNumber string
}

// Register adds a visit that somebody asks for. One from the public page may have an ID: the same
// again changes nothing. The answer is without the telephone number.
func (v View) Register(ctx context.Context, x Registration) (g.Visit, error) {
	in, err := v.s.Reach(ctx, g.VisitsWrite)
	if err != nil {
		return g.Visit{}, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return g.Visit{}, err
	}
	x.tidy()
	if err := check(x); err != nil {
		return g.Visit{}, err
	}
	if x.ID == "" || !x.Public {
		x.ID = g.VisitID(g.NewID("vis"))
	}
	if !g.ValidID(string(x.ID)) {
		return g.Visit{}, store.BadID()
	}
	k := kept{Visit: x.Visit}
	k.State = g.VisitAsked
	k.From, k.To = store.Moment(store.Micros(x.From)), store.Moment(store.Micros(x.To))
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if x.Public {
			was, err := v.r.visit(ctx, t, in, x.ID)
			if err == nil {
				k = was
				return nil
			}
			if g.ErrorCode(err) != g.NotFound {
				return err
			}
		}
		return v.register(ctx, t, &k, x.CardNumber)
	})
	if err != nil {
		return g.Visit{}, err
	}
	return listed(k.Visit, v.s.Now()), nil
}

func (v View) register(ctx context.Context, t *store.Tx, k *kept, card string) error {
	if !k.To.After(t.Now) {
		return g.FieldErrorf("to", "this time is over: give a later one")
	}
	if err := v.room(ctx, t, *k); err != nil {
		return err
	}
	if err := v.zones(ctx, t, k.School, k.Zones); err != nil {
		return err
	}
	keys, err := v.s.Vault.School(ctx, t, k.School)
	if err != nil {
		return err
	}
	k.CardMac = cardMac(keys, card)
	if k.Barred, err = barred(ctx, t, keys, *k, t.Now); err != nil {
		return err
	}
	k.Registered, k.By = store.Moment(store.Micros(t.Now)), v.s.Scope.Actor
	return v.put(ctx, t, *k, "visit.register")
}

// room refuses more visits than a school can look through.
func (v View) room(ctx context.Context, t *store.Tx, x kept) error {
	n, asked := 0, 0
	if err := t.Row(ctx, "SELECT COUNT(*), COUNT(CASE WHEN state = 'asked' THEN 1 END) FROM visits "+
		"WHERE school = ? AND ends > ?", string(x.School), store.Micros(t.Now)).Scan(&n, &asked); err != nil {
		return fmt.Errorf("count visits: %w", err)
	}
	if n >= MaxOpen || x.Public && asked >= MaxAsked {
		return g.Errorf(g.TooLarge, "the school has %d visits to come, the most that are kept", n)
	}
	return nil
}

// zones refuses places that the school does not have.
func (v View) zones(ctx context.Context, t *store.Tx, school g.SchoolID, ids []g.ZoneID) error {
	if len(ids) > store.MaxZones {
		return g.FieldErrorf("zones", "%d zones; at most %d are kept", len(ids), store.MaxZones)
	}
	for i, z := range ids {
		zone, err := places.ZoneRow(ctx, t, z)
		if g.ErrorCode(err) == g.NotFound || err == nil && zone.School != school {
			return g.FieldErrorf(fmt.Sprintf("zones[%d]", i), "the school has no zone %q", z)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tidy trims what was typed.
func (x *Registration) tidy() {
	for _, s := range []*string{
		&x.Name, &x.Phone, &x.Company, &x.Plate, &x.Host, &x.Purpose, &x.Places, &x.CardNumber,
	} {
		*s = strings.TrimSpace(*s)
	}
	names := x.Names
	x.Names = nil
	for _, n := range names {
		if n = strings.TrimSpace(n); n != "" {
			x.Names = append(x.Names, n)
		}
	}
	x.Group = max(x.Group, 1+len(x.Names))
}

// Step takes a visit to its next state.
type Step struct {
	State  g.VisitState
	Reason string // of a refusal
	Escort *bool  // of an approval; nil: as it is
	Places string // of an approval; "": as it is
	// Zones are those of an approval; nil: as it is, empty: everywhere.
	Zones []g.ZoneID
}

// Move takes a visit to its next state; a refusal needs a reason. Nobody arrives before or after
// the time, and who is barred is not approved and does not arrive. Approved again, the places and the
// escort change. With the approval each visitor
// becomes a person with a code, which ends when they have left or are refused.
func (v View) Move(ctx context.Context, id g.VisitID, step Step) (x g.Visit, err error) {
	in, err := v.s.Reach(ctx, g.VisitsWrite)
	if err != nil {
		return x, err
	}
	if !slices.Contains(g.VisitStates(), step.State) {
		return x, g.FieldErrorf("state", "%q is no state; use one of %v", step.State, g.VisitStates())
	}
	if step.State == g.VisitRefused {
		err = store.Line("reason", step.Reason, MaxReason)
	} else {
		step.Reason = ""
		err = store.Optional("places", step.Places, MaxPurpose)
	}
	if err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.r.visit(ctx, t, in, id)
		if err != nil {
			return err
		}
		if err := v.move(ctx, t, &k, step); err != nil {
			return err
		}
		x = listed(k.Visit, t.Now)
		return nil
	})
	return x, err
}

func (v View) move(ctx context.Context, t *store.Tx, k *kept, step Step) error {
	now := store.Moment(store.Micros(t.Now))
	edits := k.State == g.VisitExpected && step.State == g.VisitExpected
	if !k.State.Follows(step.State) && !edits {
		return g.Errorf(g.Conflict, "the visit is %s: it cannot become %s", k.State, step.State)
	}
	keys, err := v.s.Vault.School(ctx, t, k.School)
	if err != nil {
		return err
	}
	if k.Barred, err = barred(ctx, t, keys, *k, now); err != nil {
		return err
	}
	comes := step.State == g.VisitExpected || step.State == g.VisitOnSite
	switch {
	case comes && k.Barred:
		return g.Errorf(g.Conflict,
			"they are on the barred list: refuse the visit, or end the entry of the list first")
	case comes && now.After(k.To):
		return g.Errorf(g.Conflict, "the time of this visit is over")
	case step.State == g.VisitOnSite && now.Before(k.From):
		return g.Errorf(g.Conflict, "it is too early for this visit")
	}
	if step.State == g.VisitExpected {
		if step.Escort != nil {
			k.Escort = *step.Escort
		}
		if step.Places != "" {
			k.Places = step.Places
		}
		if step.Zones != nil {
			if err := v.zones(ctx, t, k.School, step.Zones); err != nil {
				return err
			}
			k.Zones = step.Zones
		}
	}
	if edits {
		return v.put(ctx, t, *k, "visit.move")
	}
	return v.become(ctx, t, k, step, now)
}

// become writes the new state and what it means for the visitors' codes.
func (v View) become(
	ctx context.Context, t *store.Tx, k *kept, step Step, at time.Time,
) (err error) {
	switch step.State {
	case g.VisitExpected:
		err = v.admit(ctx, t, k)
	case g.VisitOnSite:
		k.Arrived = at
		err = v.hold(ctx, t, *k, "inside")
	case g.VisitGone:
		k.Left = at
		err = v.endCodes(ctx, t, k)
	case g.VisitRefused:
		err = v.endCodes(ctx, t, k)
	}
	if err != nil {
		return err
	}
	k.State, k.Reason, k.By = step.State, step.Reason, v.s.Scope.Actor
	return v.put(ctx, t, *k, "visit.move")
}

// put writes a visit, at which the gateway has to look then.
func (v View) put(ctx context.Context, t *store.Tx, x kept, deed string) error {
	if err := v.write(ctx, t, x, dueNow(t, x)); err != nil {
		return err
	}
	t.Change(change.Visit, x.School, string(x.ID))
	return v.s.Audit(ctx, t, x.School, deed, string(x.ID))
}

// dueNow is now, and never what it was: who looks at the visit just then looks again.
func dueNow(t *store.Tx, x kept) int64 {
	if now := store.Micros(t.Now); now != x.due {
		return now
	}
	return x.due + 1
}

func (v View) write(ctx context.Context, t *store.Tx, x kept, due int64) error {
	k, err := v.s.Vault.School(ctx, t, x.School)
	if err != nil {
		return err
	}
	b, err := json.Marshal(sealed{x.VisitDetails, x.held})
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO visits (id, school, state, starts, ends, body_sealed, due)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, body_sealed = excluded.body_sealed,
		due = excluded.due`,
		string(x.ID), string(x.School), string(x.State), store.Micros(x.From), store.Micros(x.To),
		store.Seal(k.Kept, b, "visit "+string(x.ID)), due)
	if err != nil {
		return fmt.Errorf("write visit: %w", err)
	}
	return nil
}

// check refuses a visit that says too little, or what cannot be.
func check(x Registration) error {
	err := errors.Join(
		store.Line("name", x.Name, store.MaxName),
		store.Line("host", x.Host, store.MaxName),
		store.Line("purpose", x.Purpose, MaxPurpose),
		store.Optional("phone", x.Phone, store.MaxLabel),
		store.Optional("company", x.Company, store.MaxName),
		store.Optional("plate", x.Plate, store.MaxLabel),
		store.Optional("places", x.Places, MaxPurpose),
		store.Optional("card_number", x.CardNumber, store.MaxLabel),
	)
	for i, n := range x.Names {
		if err == nil {
			err = store.Line(fmt.Sprintf("names[%d]", i), n, store.MaxName)
		}
	}
	switch {
	case err != nil:
		return err
	case x.From.IsZero() || !x.From.Before(x.To):
		return g.FieldErrorf("to", "it ends before it begins: give a later time")
	case x.To.Sub(x.From) > MaxDays*24*time.Hour:
		return g.FieldErrorf("to", "a visit has at most %d days", MaxDays)
	case x.Group < 0 || x.Group > MaxGroup:
		return g.FieldErrorf("group", "%d people; one visit has at most %d", x.Group, MaxGroup)
	case len(x.Names) > MaxNames:
		return g.FieldErrorf("names", "%d names; one visit has at most %d", len(x.Names), MaxNames)
	}
	return nil
}
