package visits

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// newCode is the text of a visitor's code: 80 random bits in letters and digits that every reader of
// codes knows.
func newCode() string {
	var b [10]byte
	rand.Read(b[:])
	return "V" + base32.StdEncoding.EncodeToString(b[:])
}

// admit makes each visitor a person with a code for the time of the visit.
func (v View) admit(ctx context.Context, t *store.Tx, k *kept) error {
	k.Guests = nil
	for i, name := range append([]string{k.Name}, k.Names...) {
		plate := ""
		if i == 0 { // the car of whoever is named first
			plate = k.Plate
		}
		x := Guest{
			Name: name,
			Code: newCode(),
		}
		var err error
		if x.Person, err = people.AddGuest(ctx, v.people, t, people.Guest{
			School: k.School,
			Name:   name,
			Code:   x.Code,
			Plate:  plate,
			From:   k.From,
			To:     k.To,
		}); err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "INSERT INTO visit_people (person, visit) VALUES (?, ?)",
			string(x.Person), string(k.ID)); err != nil {
			return fmt.Errorf("write visitor: %w", err)
		}
		k.Guests = append(k.Guests, x)
	}
	return nil
}

func (v View) hold(ctx context.Context, t *store.Tx, k kept, h people.Held) error {
	for _, x := range k.Guests {
		if err := people.HoldGuest(ctx, t, k.School, x.Person, h); err != nil {
			return err
		}
	}
	return nil
}

// endCodes ends the codes; who came stays known as long as the visit is kept.
func (v View) endCodes(ctx context.Context, t *store.Tx, k *kept) error {
	for i, x := range k.Guests {
		if err := people.EndGuest(ctx, t, k.School, x.Person); err != nil {
			return err
		}
		k.Guests[i].Code = ""
	}
	return nil
}

// Shown is a visit as its visitor sees it.
type Shown struct {
	g.Visit
	Guests []Guest // with codes while the visit is approved or goes on
}

// Show returns a visit for whoever has its own link; only for system scopes.
func (v View) Show(ctx context.Context, id g.VisitID) (Shown, error) {
	if err := v.s.OnlySystem(); err != nil {
		return Shown{}, err
	}
	k, err := v.r.visit(ctx, v.s.Reg, store.Reach{All: true}, id)
	return Shown{
		Visit:  at(k.Visit, v.s.Now()),
		Guests: k.Guests,
	}, err
}

// Passed is somebody whom a gate saw or turned away.
type Passed struct {
	Person    g.PersonID
	Direction g.Direction
	Denied    g.ReasonCode // "": they passed
	At        time.Time
}

// Pass notes that a visitor passed a gate; only for system scopes. The first of a group to come in
// begins the visit, and who goes out ends it; of a group the guard says when all have left. It
// returns the visit, and false where the person is on none. Seen again it changes nothing.
func (v View) Pass(ctx context.Context, p Passed) (x g.Visit, ok bool, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return x, false, err
	}
	var id g.VisitID
	err = v.s.Reg.Row(ctx, "SELECT visit FROM visit_people WHERE person = ?", string(p.Person)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return x, false, nil
	}
	if err != nil {
		return x, false, fmt.Errorf("find a visitor: %w", err)
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.r.visit(ctx, t, store.Reach{All: true}, id)
		if err != nil {
			return err
		}
		x = at(k.Visit, t.Now)
		if p.Denied != "" {
			return nil
		}
		at := store.Moment(store.Micros(p.At))
		switch {
		case k.State == g.VisitExpected && p.Direction != g.Out:
			err = v.become(ctx, t, &k, Step{State: g.VisitOnSite}, at)
		case k.State == g.VisitOnSite && p.Direction == g.Out && k.Group == 1:
			err = v.become(ctx, t, &k, Step{State: g.VisitGone}, at)
		}
		x = k.Visit
		return err
	})
	if g.ErrorCode(err) == g.NotFound {
		return x, false, nil // forgotten meanwhile
	}
	return x, true, err
}
