package deeds

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// FirstRun describes the first school and its administrator.
type FirstRun struct {
	School   g.School // its ID is generated
	Admin    g.User   // of this school
	Password string
}

// SetUp creates the first school and its administrator in one transaction, unless there are users
// already. A school without users is reused and renamed. Only for system scopes.
func (v View) SetUp(ctx context.Context, f FirstRun) (u g.User, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return u, err
	}
	add, err := access.NewUser(
		ctx,
		v.access,
		f.Admin,
		f.School.Name,
		f.Password,
	)
	if err != nil {
		return u, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		first, err := access.NoUsers(ctx, t)
		if err != nil {
			return err
		}
		if !first {
			return IsSetUp()
		}
		school, err := places.FirstSchool(ctx, v.places, t, f.School)
		if err != nil {
			return err
		}
		u, err = add(ctx, t, school.ID)
		return err
	})
	if err != nil {
		return g.User{}, err
	}
	return u, nil
}

// IsSetUp returns the error for a gateway that is set up already.
func IsSetUp() error {
	return g.Errorf(g.Conflict,
		"the gateway is set up already; sign in, or ask its administrator ('gateway passwd' "+
			"resets a password)")
}
