package deeds

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// FirstRun is what a gateway begins with.
type FirstRun struct {
	School   g.School // its id is drawn
	Admin    g.User   // of that school
	Password string
}

// SetUp makes the first school and its first user while nobody can sign in yet: both or neither.
// A school that is there without anybody is taken, and gets the name that is given. Only the
// gateway itself does.
func (v View) SetUp(ctx context.Context, f FirstRun) (u g.User, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return u, err
	}
	add, err := access.NewUser(ctx, v.access, f.Admin, f.School.Name, f.Password)
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

// IsSetUp refuses a first run of a gateway that has had one.
func IsSetUp() error {
	return g.Errorf(g.Conflict,
		"the gateway is set up already; sign in, or ask its administrator ('gateway passwd' "+
			"resets a password)")
}
