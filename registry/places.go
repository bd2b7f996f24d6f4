package registry

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Places are the school's sites, buildings and zones, by name.
func (v *View) Places(ctx context.Context, school g.SchoolID) (Places, error) {
	p := Places{Sites: []g.Site{}, Buildings: []g.Building{}, Zones: []g.Zone{}}
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return p, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return p, err
	}
	err = store.Each(ctx, v.s.Reg, "SELECT id, school, name FROM sites"+w.String()+" ORDER BY name, id", w.Args, func(scan func(...any) error) error {
		var x g.Site
		err := scan(&x.ID, &x.School, &x.Name)
		p.Sites = append(p.Sites, x)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("list sites: %w", err)
	}
	err = store.Each(ctx, v.s.Reg, "SELECT id, school, site, name FROM buildings"+w.String()+" ORDER BY name, id", w.Args, func(scan func(...any) error) error {
		var x g.Building
		err := scan(&x.ID, &x.School, &x.Site, &x.Name)
		p.Buildings = append(p.Buildings, x)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("list buildings: %w", err)
	}
	err = store.Each(ctx, v.s.Reg, "SELECT id, school, building, name, kind, private FROM zones"+w.String()+" ORDER BY name, id", w.Args, func(scan func(...any) error) error {
		var x g.Zone
		err := scan(&x.ID, &x.School, &x.Building, &x.Name, &x.Kind, &x.Private)
		p.Zones = append(p.Zones, x)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("list zones: %w", err)
	}
	return p, nil
}

// zoneRow is a zone as it stands, whoever asks.
func zoneRow(ctx context.Context, c store.Conn, id g.ZoneID) (x g.Zone, err error) {
	err = c.Row(ctx, "SELECT id, school, building, name, kind, private FROM zones WHERE id = ?", string(id)).
		Scan(&x.ID, &x.School, &x.Building, &x.Name, &x.Kind, &x.Private)
	if err != nil {
		return x, store.Missing(err, "zone", string(id))
	}
	return x, nil
}

// zoneNames are the names of zones, of those that there are.
func zoneNames(ctx context.Context, c store.Conn, ids []g.ZoneID) (map[g.ZoneID]string, error) {
	out := map[g.ZoneID]string{}
	for part := range slices.Chunk(ids, store.Chunk) {
		q := "SELECT id, name FROM zones WHERE id IN (" + store.Marks(len(part)) + ")"
		err := store.Each(ctx, c, q, store.Anys(part), func(scan func(...any) error) error {
			var id g.ZoneID
			var name string
			err := scan(&id, &name)
			out[id] = name
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read zones: %w", err)
		}
	}
	return out, nil
}

// place is a site, building or zone on its way into its table.
type place struct {
	table, noun   string
	id            string
	school        g.SchoolID
	above, parent string // table and id of what it stands in; "" for a site
	set           func(ctx context.Context, t *store.Tx) error
	after         any
	// before is the place as it stands; nil, nil where it is new.
	before func(ctx context.Context, t *store.Tx) (any, error)
}

// PutSite writes a site; an empty ID makes a new one.
func (v *View) PutSite(ctx context.Context, x g.Site) (g.Site, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Site{}, err
	}
	if x.ID == "" {
		x.ID = g.SiteID(g.NewID("sit"))
	}
	before := siteBefore(x.ID)
	err := v.putPlace(ctx, place{table: "sites", noun: "site", id: string(x.ID), school: x.School, after: x, before: before, set: func(ctx context.Context, t *store.Tx) error {
		_, err := t.Exec(ctx, "INSERT INTO sites (id, school, name) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
			string(x.ID), string(x.School), x.Name)
		return err
	}})
	return x, err
}

// PutBuilding writes a building; an empty ID makes a new one.
func (v *View) PutBuilding(ctx context.Context, x g.Building) (g.Building, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Building{}, err
	}
	if x.ID == "" {
		x.ID = g.BuildingID(g.NewID("bld"))
	}
	before := buildingBefore(x.ID)
	err := v.putPlace(ctx, place{table: "buildings", noun: "building", id: string(x.ID), school: x.School, above: "sites", parent: string(x.Site), after: x, before: before, set: func(ctx context.Context, t *store.Tx) error {
		_, err := t.Exec(ctx, "INSERT INTO buildings (id, school, site, name) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET site = excluded.site, name = excluded.name",
			string(x.ID), string(x.School), string(x.Site), x.Name)
		return err
	}})
	return x, err
}

// PutZone writes a zone; an empty ID makes a new one. A zone with a camera in it cannot be
// made private, and only who may change settings makes a private one public.
func (v *View) PutZone(ctx context.Context, x g.Zone) (g.Zone, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Zone{}, err
	}
	if !slices.Contains(g.ZoneKinds(), x.Kind) {
		return g.Zone{}, g.FieldErrorf("kind", "%q is no kind of zone; use one of %v", x.Kind, g.ZoneKinds())
	}
	if x.ID == "" {
		x.ID = g.ZoneID(g.NewID("zon"))
	}
	err := v.putPlace(ctx, place{table: "zones", noun: "zone", id: string(x.ID), school: x.School, above: "buildings", parent: string(x.Building), after: x, before: zoneBefore(x.ID), set: func(ctx context.Context, t *store.Tx) error {
		if err := v.mayUnmark(ctx, t, x); err != nil {
			return err
		}
		if x.Private {
			n := 0
			err := t.Row(ctx, "SELECT COUNT(*) FROM devices d JOIN profiles p ON p.id = d.profile WHERE d.zone = ? AND p.type = ?", string(x.ID), string(g.TypeCamera)).Scan(&n)
			if err != nil {
				return err
			}
			if n > 0 {
				return g.Errorf(g.Conflict, "%d cameras are bound to this zone: move them before it is made private", n)
			}
		}
		_, err := t.Exec(ctx, "INSERT INTO zones (id, school, building, name, kind, private) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET building = excluded.building, name = excluded.name, kind = excluded.kind, private = excluded.private",
			string(x.ID), string(x.School), string(x.Building), x.Name, string(x.Kind), store.Flag(x.Private))
		return err
	}})
	return x, err
}

func (v *View) putPlace(ctx context.Context, p place) error {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	if err := v.s.InSchool(ctx, in, p.school); err != nil {
		return err
	}
	if !g.ValidID(p.id) {
		return store.BadID()
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		had, err := store.SchoolOf(ctx, t, p.table, p.noun, p.id)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		if err == nil && had != p.school {
			return store.NotFound(p.noun, p.id)
		}
		if p.above != "" {
			above, err := store.SchoolOf(ctx, t, p.above, p.above[:len(p.above)-1], p.parent)
			if err != nil {
				return err
			}
			if above != p.school {
				return store.NotFound(p.above[:len(p.above)-1], p.parent)
			}
		}
		before, err := p.before(ctx, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.noun, err)
		}
		if err := p.set(ctx, t); err != nil {
			return fmt.Errorf("write %s: %w", p.noun, err)
		}
		t.Change("zone", p.school, p.id)
		return v.s.AuditChanges(ctx, t, p.school, p.noun+".put", p.id, before, p.after)
	})
}

// DeleteSite removes a site in which no building stands.
func (v *View) DeleteSite(ctx context.Context, id g.SiteID) error {
	return v.deletePlace(ctx, "sites", "site", string(id), "buildings", "site", siteBefore(id), nil)
}

// DeleteBuilding removes a building that has no zone.
func (v *View) DeleteBuilding(ctx context.Context, id g.BuildingID) error {
	return v.deletePlace(ctx, "buildings", "building", string(id), "zones", "building", buildingBefore(id), nil)
}

// DeleteZone removes a zone in which no device stands.
// A private one is deleted by who could make it public: it could be made anew without the mark.
func (v *View) DeleteZone(ctx context.Context, id g.ZoneID) error {
	return v.deletePlace(ctx, "zones", "zone", string(id), "devices", "zone", zoneBefore(id), func(t *store.Tx) error {
		return v.mayUnmark(ctx, t, g.Zone{ID: id})
	})
}

func (v *View) deletePlace(ctx context.Context, table, noun, id, user, col string, before store.Former, may func(*store.Tx) error) error {
	return v.s.Remove(ctx, g.DevicesWrite, table, noun, id, "zone", before, func(t *store.Tx) error {
		n := 0
		if err := t.Row(ctx, "SELECT COUNT(*) FROM "+user+" WHERE "+col+" = ?", id).Scan(&n); err != nil {
			return fmt.Errorf("delete %s: %w", noun, err)
		}
		if n > 0 {
			return g.Errorf(g.Conflict, "%d %s are still in the %s: move or delete them before", n, g.Noun(user), g.Noun(noun))
		}
		if may != nil {
			return may(t)
		}
		return nil
	})
}
