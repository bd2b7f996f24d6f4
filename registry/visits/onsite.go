package visits

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// OnSite are the visitors who have come to a school and not left, by person, with how many others
// came with each who have no code of their own.
func (v View) OnSite(ctx context.Context, school g.SchoolID) (map[g.PersonID]int, error) {
	in, err := v.s.Reach(ctx, g.SightingsRead)
	if err != nil {
		return nil, err
	}
	if err := in.Owns(school, "school", string(school)); err != nil {
		return nil, err
	}
	out := map[g.PersonID]int{}
	err = store.Each(ctx, v.s.Reg, columns+" WHERE school = ? AND state = ?",
		[]any{string(school), string(g.VisitOnSite)}, func(scan func(...any) error) error {
			x, err := v.r.scan(ctx, v.s.Reg, scan)
			for i, guest := range x.Guests {
				out[guest.Person] = 0
				if i == 0 {
					out[guest.Person] = max(x.Group-len(x.Guests), 0)
				}
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list who is on site: %w", err)
	}
	return out, nil
}
