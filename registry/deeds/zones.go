package deeds

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// PutZone writes a zone; an empty ID creates one. A zone with a camera cannot be made private, and
// making a private zone public requires settings:write.
func (v View) PutZone(ctx context.Context, x g.Zone) (g.Zone, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Zone{}, err
	}
	if !slices.Contains(g.ZoneKinds(), x.Kind) {
		return g.Zone{}, g.FieldErrorf("kind", "%q is no kind of zone; use one of %v", x.Kind,
			g.ZoneKinds())
	}
	if x.ID == "" {
		x.ID = g.ZoneID(g.NewID("zon"))
	}
	err := places.PutPlace(ctx, v.places, places.Place{
		Kind:   change.Zone,
		ID:     string(x.ID),
		School: x.School,
		Standing: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
			return store.SchoolOf(ctx, t, "zones", "zone", string(x.ID))
		},
		Above: &places.Above{
			Noun: "building",
			ID:   string(x.Building),
			School: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
				return store.SchoolOf(ctx, t, "buildings", "building", string(x.Building))
			},
		},
		After:  x,
		Before: places.ZoneBefore(x.ID),
		Set: func(ctx context.Context, t *store.Tx) error {
			if err := places.MayUnmark(ctx, v.places, t, x); err != nil {
				return err
			}
			if err := places.OnFloor(ctx, t, x); err != nil {
				return err
			}
			if x.Private {
				n := 0
				err := t.Row(ctx,
					"SELECT COUNT(*) FROM devices d JOIN profiles p ON p.id = d.profile WHERE "+
						"d.zone = ? AND p.type = ?",
					string(x.ID), string(g.TypeCamera)).Scan(&n)
				if err != nil {
					return err
				}
				if n > 0 {
					return g.Errorf(g.Conflict,
						"%d cameras are bound to this zone: move them before it is made private", n)
				}
			}
			_, err := t.Exec(ctx,
				"INSERT INTO zones (id, school, building, name, kind, private, floor) VALUES (?, ?, ?, "+
					"?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET building = excluded.building, name "+
					"= excluded.name, kind = excluded.kind, private = excluded.private, "+
					"floor = excluded.floor",
				string(x.ID), string(x.School), string(x.Building), x.Name, string(x.Kind),
				store.Flag(x.Private), string(x.Floor))
			return err
		},
	})
	return x, err
}

// DeleteZone deletes a zone without devices. Deleting a private one requires settings:write, since
// it could be created again as a public one.
func (v View) DeleteZone(ctx context.Context, id g.ZoneID) error {
	return v.s.Remove(ctx, g.DevicesWrite, "zones", "zone", string(id), change.Zone,
		places.ZoneBefore(id), func(t *store.Tx) error {
			count := t.Row(ctx, "SELECT COUNT(*) FROM devices WHERE zone = ?", string(id))
			if err := places.Empty(count, "zone", "devices"); err != nil {
				return err
			}
			return places.MayUnmark(ctx, v.places, t, g.Zone{ID: id})
		})
}
