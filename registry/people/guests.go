package people

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Held says why a visitor's pass does not let them in although it is valid. It never keeps anybody
// inside.
type Held string

// The words.
const (
	HeldInside Held = "inside" // they are in already: a pass that was handed on lets nobody else in
	HeldBarred Held = "barred" // security has to look at them
)

// Refuses is why somebody does not pass in a direction; "": they do. Where the direction is unknown,
// who is inside may be going out.
func (h Held) Refuses(d g.Direction) g.ReasonCode {
	switch {
	case h == HeldInside && d == g.In:
		return g.ReasonPassInside
	case h == HeldBarred && d != g.Out:
		return g.ReasonPassHeld
	}
	return ""
}

// Guest is a visitor with a code that is valid for a time.
type Guest struct {
	School g.SchoolID
	Name   string
	Code   string // the text of a QR code
	Plate  string // of their car; "", or one that somebody has a permit for already: none
	From   time.Time
	To     time.Time
}

// AddGuest adds a visitor with their pass in the caller's transaction. It does not check the scope:
// the caller must.
func AddGuest(ctx context.Context, v View, t *store.Tx, x Guest) (g.PersonID, error) {
	p := tidy(g.Person{
		ID:     g.PersonID(g.NewID("per")),
		School: x.School,
		Kind:   g.Visitor,
		Name:   x.Name,
	})
	if err := checkPerson(p); err != nil {
		return "", err
	}
	if err := v.createPerson(ctx, t, &p); err != nil {
		return "", err
	}
	k, err := Person(ctx, v.r, t, store.Reach{All: true}, p.ID)
	if err != nil {
		return "", err
	}
	pass, err := v.r.addCard(
		ctx,
		t,
		k,
		g.ByQR,
		x.Code,
		x.To,
	)
	if err != nil {
		return "", err
	}
	if err := begin(ctx, t, &pass, x.From); err != nil {
		return "", err
	}
	if err := v.addPlate(ctx, t, k, x); err != nil {
		return "", err
	}
	t.Change(change.Pass, p.School, string(p.ID))
	return p.ID, nil
}

// addPlate gives a visitor's car a permit for the time of the visit.
func (v View) addPlate(ctx context.Context, t *store.Tx, k Keyed, x Guest) error {
	if x.Plate == "" || checkCredential(g.ByPlate, x.Plate) != nil {
		return nil
	}
	pass, err := v.r.addCard(
		ctx,
		t,
		k,
		g.ByPlate,
		x.Plate,
		x.To,
	)
	if g.ErrorCode(err) == g.Conflict {
		return nil
	}
	if err != nil {
		return err
	}
	return begin(ctx, t, &pass, x.From)
}

// HoldGuest holds a visitor's passes, or frees them with "", in the caller's transaction. The pass of
// somebody inside has no end: it opens the way out for as long as they are there.
func HoldGuest(
	ctx context.Context, t *store.Tx, school g.SchoolID, id g.PersonID, h Held,
) error {
	q := "UPDATE passes SET held = ? WHERE person = ?"
	if h == HeldInside {
		q = "UPDATE passes SET held = ?, expires = 0 WHERE person = ?"
	}
	if _, err := t.Exec(ctx, q, string(h), string(id)); err != nil {
		return fmt.Errorf("hold passes: %w", err)
	}
	t.Change(change.Pass, school, string(id))
	return nil
}

// EndGuest takes a visitor's passes away in the caller's transaction.
func EndGuest(ctx context.Context, t *store.Tx, school g.SchoolID, id g.PersonID) error {
	if _, err := t.Exec(ctx, "DELETE FROM passes WHERE person = ?", string(id)); err != nil {
		return fmt.Errorf("end passes: %w", err)
	}
	t.Change(change.Pass, school, string(id))
	return nil
}

// ForgetGuest deletes a visitor as Delete does, in the caller's transaction; one who is known as
// anything else by now stays. It does not check the scope.
func ForgetGuest(
	ctx context.Context, v View, t *store.Tx, school g.SchoolID, id g.PersonID,
) error {
	n, err := t.Exec(ctx, "DELETE FROM persons WHERE id = ? AND kind = ?", string(id),
		string(g.Visitor))
	if err != nil {
		return fmt.Errorf("delete person: %w", err)
	}
	if n == 0 {
		return nil
	}
	if err := places.TouchPeople(ctx, t, school); err != nil {
		return err
	}
	t.Change(change.Person, school, string(id))
	t.Change(change.Face, school, string(id))
	return v.s.Audit(ctx, t, school, "person.delete", string(id))
}
