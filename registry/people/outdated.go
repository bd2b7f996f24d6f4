package people

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// outdatedFaces are the people of a school who have face templates, but none of the given model:
// they cannot be compared, and need a new photograph.
func (r *Book) outdatedFaces(
	ctx context.Context, school g.SchoolID, model string,
) (map[g.PersonID]bool, error) {
	out := map[g.PersonID]bool{}
	err := store.Each(ctx, r.s.Reg, `SELECT person FROM passes WHERE school = ? AND method = ?
		GROUP BY person HAVING SUM(CASE WHEN model = ? THEN 1 ELSE 0 END) = 0`,
		[]any{string(school), string(g.ByFace), model}, func(scan func(...any) error) error {
			var id g.PersonID
			err := scan(&id)
			out[id] = true
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read whose faces are of another model: %w", err)
	}
	return out, nil
}
