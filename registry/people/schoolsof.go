package people

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// SchoolsOf are the schools of people, without checking a scope; those who do not exist are left
// out.
func SchoolsOf(
	ctx context.Context, c store.Conn, ids []g.PersonID,
) (map[g.PersonID]g.SchoolID, error) {
	out := make(map[g.PersonID]g.SchoolID, len(ids))
	for some := range slices.Chunk(ids, store.Chunk) {
		err := store.Each(ctx, c,
			"SELECT id, school FROM persons WHERE id IN ("+store.Marks(len(some))+")",
			store.Anys(some), func(scan func(...any) error) error {
				var id g.PersonID
				var school g.SchoolID
				err := scan(&id, &school)
				out[id] = school
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read people: %w", err)
		}
	}
	return out, nil
}
