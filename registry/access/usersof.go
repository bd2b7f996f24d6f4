package access

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// SchoolsOf are the schools of users, without checking a scope; those who do not exist are left out.
func SchoolsOf(
	ctx context.Context, c store.Conn, ids []g.UserID,
) (map[g.UserID]g.SchoolID, error) {
	out := make(map[g.UserID]g.SchoolID, len(ids))
	for some := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, c,
			"SELECT id, school FROM users WHERE id IN ("+store.Marks(len(some))+")",
			store.Anys(some), func(scan func(...any) error) error {
				var id g.UserID
				var school g.SchoolID
				err := scan(&id, &school)
				out[id] = school
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read users: %w", err)
		}
	}
	return out, nil
}

// UserRow reads a user without checking a scope.
func UserRow(ctx context.Context, r *Book, c store.Conn, id g.UserID) (g.User, error) {
	u, err := r.scanUser(
		c.Row(ctx, "SELECT "+userColumns+" FROM users WHERE id = ?", string(id)).Scan)
	if err != nil {
		return u, store.Missing(err, "user", string(id))
	}
	return u, nil
}

// UsersOf are the users of a school by sign-in name, without checking a scope.
func UsersOf(
	ctx context.Context, r *Book, c store.Conn, school g.SchoolID,
) ([]g.User, error) {
	out := []g.User{}
	err := store.Each(ctx, c, "SELECT "+userColumns+" FROM users WHERE school = ? ORDER BY name",
		[]any{string(school)}, func(scan func(...any) error) error {
			u, err := r.scanUser(scan)
			out = append(out, u)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return out, nil
}
