package access

import (
	"context"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// May returns a user who has a permission now, with the schools in which; NotFound if there is no
// such user, or the user is disabled or lacks it. The caller decides whether the school fits.
func May(
	ctx context.Context, v View, c store.Conn, id g.UserID, p g.Permission,
) (g.User, store.Reach, error) {
	u, err := v.r.scanUser(
		c.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", string(id)).Scan)
	if err != nil {
		return u, store.Reach{}, store.Missing(err, "user", string(id))
	}
	in, err := v.r.reachOf(ctx, u, p)
	if err != nil {
		return u, in, err
	}
	return named(u), in, nil
}

// Handlers returns the users who have a permission in a school now, by name.
func Handlers(ctx context.Context, v View, school g.SchoolID, p g.Permission) ([]g.User, error) {
	var all []g.User
	err := store.Each(ctx, v.r.s.Reg,
		"SELECT "+userColumns+" FROM users WHERE disabled = 0 ORDER BY name, id", nil,
		func(scan func(...any) error) error {
			u, err := v.r.scanUser(scan)
			all = append(all, u)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list who may handle alerts: %w", err)
	}
	out := []g.User{}
	for _, u := range all {
		in, err := v.r.reachOf(ctx, u, p)
		var not *g.Error
		if errors.As(err, &not) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if in.Has(school) {
			out = append(out, named(u))
		}
	}
	return out, nil
}

// reachOf is the reach of a user who has a permission; NotFound otherwise.
func (r *Book) reachOf(ctx context.Context, u g.User, p g.Permission) (store.Reach, error) {
	scope := userScope(u)
	if u.Disabled || !scope.Can(p) {
		return store.Reach{}, store.NotFound("user", string(u.ID))
	}
	return r.s.In(scope).Reach(ctx, p)
}

func named(u g.User) g.User {
	if u.FullName == "" {
		u.FullName = u.Name
	}
	return u
}
