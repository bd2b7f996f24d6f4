package guardians

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// SignedIn is a guardian on the page: who they are, and the children whom they may see now.
type SignedIn struct {
	School   g.SchoolID
	Persons  []g.PersonID // the entries of the school that are theirs
	Name     string
	Ends     time.Time
	Children []Child
}

// Child is a pupil of somebody who is signed in.
type Child struct {
	ID       g.PersonID
	Guardian g.PersonID // which of the entries is their guardian
	Name     string
	Class    string
	Boarder  bool
}

// Who returns who is signed in by a secret, with the children as the school has them now; NotFound for a
// secret that has ended. Only for system scopes.
func (v View) Who(ctx context.Context, school g.SchoolID, secret string) (SignedIn, error) {
	if err := v.s.OnlySystem(); err != nil {
		return SignedIn{}, err
	}
	var x SignedIn
	var ends int64
	var persons string
	err := v.s.Reg.Row(ctx, "SELECT school, ends, persons FROM guardian_signins WHERE hash = ?", hashOf(secret)).
		Scan(&x.School, &ends, &persons)
	gone := g.Errorf(g.NotFound, "nobody is signed in: nothing can be seen")
	if errors.Is(err, sql.ErrNoRows) || err == nil && (x.School != school || store.Micros(v.s.Now()) >= ends) {
		return SignedIn{}, gone
	}
	if err != nil {
		return SignedIn{}, fmt.Errorf("read a sign-in: %w", err)
	}
	x.Ends = store.Moment(ends)
	wards, err := v.r.wards(ctx, school)
	if err != nil {
		return SignedIn{}, err
	}
	for id := range strings.FieldsSeq(persons) {
		of := wards[g.PersonID(id)]
		if len(of) == 0 {
			continue // left, or nobody's guardian any more
		}
		x.Persons = append(x.Persons, g.PersonID(id))
		for _, p := range of {
			if slices.ContainsFunc(x.Children, func(c Child) bool { return c.ID == p.ID }) {
				continue
			}
			x.Children = append(x.Children, Child{
				ID:       p.ID,
				Guardian: g.PersonID(id),
				Name:     p.Name,
				Class:    p.Class,
				Boarder:  p.Boarder,
			})
		}
	}
	if len(x.Persons) == 0 {
		return SignedIn{}, gone
	}
	return x, nil
}

// SignOut ends a sign-in; only for system scopes. It may be called twice.
func (v View) SignOut(ctx context.Context, secret string) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "DELETE FROM guardian_signins WHERE hash = ?", hashOf(secret))
		return err
	})
}
