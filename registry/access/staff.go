package access

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// mostAbove is how many schools may stand above one another.
const mostAbove = 16

// Staff are the users who belong to a school or, as district admins, to one above it: disabled ones
// and those of every role, too, by sign-in name. It does not check the scope: the caller must.
func Staff(ctx context.Context, r *Book, c store.Conn, school g.SchoolID) ([]g.User, error) {
	schools := []g.SchoolID{school}
	for at := school; len(schools) < mostAbove; {
		s, err := places.SchoolRow(ctx, c, at)
		if err != nil {
			return nil, err
		}
		if at = s.Parent; at == "" || slices.Contains(schools, at) {
			break
		}
		schools = append(schools, at)
	}
	out := []g.User{}
	err := store.Each(ctx, c, "SELECT "+userColumns+" FROM users WHERE school IN ("+
		store.Marks(len(schools))+") ORDER BY name, id",
		store.Anys(schools), func(scan func(...any) error) error {
			u, err := r.scanUser(scan)
			if err == nil && (u.School == school || u.Role == g.RoleDistrict) {
				out = append(out, u)
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list a school's staff: %w", err)
	}
	return out, nil
}
