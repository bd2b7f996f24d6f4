package registry

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Places are the school's sites, buildings and zones, by name.
func (v *View) Places(ctx context.Context, school g.SchoolID) (Places, error) {
	p := Places{Sites: []g.Site{}, Buildings: []g.Building{}, Zones: []g.Zone{}}
	in, err := v.reach(ctx, "")
	if err != nil {
		return p, err
	}
	var w where
	if err := in.within(&w, "school", school); err != nil {
		return p, err
	}
	err = each(ctx, v.r.reg, "SELECT id, school, name FROM sites"+w.String()+" ORDER BY name, id", w.args, func(scan func(...any) error) error {
		var x g.Site
		err := scan(&x.ID, &x.School, &x.Name)
		p.Sites = append(p.Sites, x)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("list sites: %w", err)
	}
	err = each(ctx, v.r.reg, "SELECT id, school, site, name FROM buildings"+w.String()+" ORDER BY name, id", w.args, func(scan func(...any) error) error {
		var x g.Building
		err := scan(&x.ID, &x.School, &x.Site, &x.Name)
		p.Buildings = append(p.Buildings, x)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("list buildings: %w", err)
	}
	err = each(ctx, v.r.reg, "SELECT id, school, building, name, kind, private FROM zones"+w.String()+" ORDER BY name, id", w.args, func(scan func(...any) error) error {
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

// place is a site, building or zone on its way into its table.
type place struct {
	table, noun   string
	id            string
	school        g.SchoolID
	above, parent string // table and id of what it stands in; "" for a site
	set           func(ctx context.Context, t *tx) error
	after         any
	// before is the place as it stands; nil, nil where it is new.
	before func(ctx context.Context, t *tx) (any, error)
}

// PutSite writes a site; an empty ID makes a new one.
func (v *View) PutSite(ctx context.Context, x g.Site) (g.Site, error) {
	if err := line("name", x.Name, maxTitle); err != nil {
		return g.Site{}, err
	}
	if x.ID == "" {
		x.ID = g.SiteID(g.NewID("sit"))
	}
	before := siteBefore(x.ID)
	err := v.putPlace(ctx, place{table: "sites", noun: "site", id: string(x.ID), school: x.School, after: x, before: before, set: func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "INSERT INTO sites (id, school, name) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
			string(x.ID), string(x.School), x.Name)
		return err
	}})
	return x, err
}

// PutBuilding writes a building; an empty ID makes a new one.
func (v *View) PutBuilding(ctx context.Context, x g.Building) (g.Building, error) {
	if err := line("name", x.Name, maxTitle); err != nil {
		return g.Building{}, err
	}
	if x.ID == "" {
		x.ID = g.BuildingID(g.NewID("bld"))
	}
	before := buildingBefore(x.ID)
	err := v.putPlace(ctx, place{table: "buildings", noun: "building", id: string(x.ID), school: x.School, above: "sites", parent: string(x.Site), after: x, before: before, set: func(ctx context.Context, t *tx) error {
		_, err := t.exec(ctx, "INSERT INTO buildings (id, school, site, name) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET site = excluded.site, name = excluded.name",
			string(x.ID), string(x.School), string(x.Site), x.Name)
		return err
	}})
	return x, err
}

// PutZone writes a zone; an empty ID makes a new one. A zone with a camera in it cannot be
// made private, and only who may change settings makes a private one public.
func (v *View) PutZone(ctx context.Context, x g.Zone) (g.Zone, error) {
	if err := line("name", x.Name, maxTitle); err != nil {
		return g.Zone{}, err
	}
	if !slices.Contains(g.ZoneKinds(), x.Kind) {
		return g.Zone{}, g.FieldErrorf("kind", "%q is no kind of zone; use one of %v", x.Kind, g.ZoneKinds())
	}
	if x.ID == "" {
		x.ID = g.ZoneID(g.NewID("zon"))
	}
	err := v.putPlace(ctx, place{table: "zones", noun: "zone", id: string(x.ID), school: x.School, above: "buildings", parent: string(x.Building), after: x, before: zoneBefore(x.ID), set: func(ctx context.Context, t *tx) error {
		if err := v.mayUnmark(ctx, t, x); err != nil {
			return err
		}
		if x.Private {
			n := 0
			err := t.row(ctx, "SELECT COUNT(*) FROM devices d JOIN profiles p ON p.id = d.profile WHERE d.zone = ? AND p.type = ?", string(x.ID), string(g.TypeCamera)).Scan(&n)
			if err != nil {
				return err
			}
			if n > 0 {
				return g.Errorf(g.Conflict, "%d cameras are bound to this zone: move them before it is made private", n)
			}
		}
		_, err := t.exec(ctx, "INSERT INTO zones (id, school, building, name, kind, private) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET building = excluded.building, name = excluded.name, kind = excluded.kind, private = excluded.private",
			string(x.ID), string(x.School), string(x.Building), x.Name, string(x.Kind), flag(x.Private))
		return err
	}})
	return x, err
}

func (v *View) putPlace(ctx context.Context, p place) error {
	in, err := v.reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	if err := v.inSchool(ctx, in, p.school); err != nil {
		return err
	}
	if !g.ValidID(p.id) {
		return badID()
	}
	return v.r.write(ctx, func(t *tx) error {
		had, err := schoolOf(ctx, t, p.table, p.noun, p.id)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		if err == nil && had != p.school {
			return notFound(p.noun, p.id)
		}
		if p.above != "" {
			above, err := schoolOf(ctx, t, p.above, p.above[:len(p.above)-1], p.parent)
			if err != nil {
				return err
			}
			if above != p.school {
				return notFound(p.above[:len(p.above)-1], p.parent)
			}
		}
		before, err := p.before(ctx, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", p.noun, err)
		}
		if err := p.set(ctx, t); err != nil {
			return fmt.Errorf("write %s: %w", p.noun, err)
		}
		t.change("zone", p.school, p.id)
		return v.auditChanges(ctx, t, p.school, p.noun+".put", p.id, before, p.after)
	})
}

// schoolOf is the school that a row of the table belongs to.
func schoolOf(ctx context.Context, c conn, table, noun, id string) (school g.SchoolID, err error) {
	if err := c.row(ctx, "SELECT school FROM "+table+" WHERE id = ?", id).Scan(&school); err != nil {
		return "", missing(err, noun, id)
	}
	return school, nil
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
	return v.deletePlace(ctx, "zones", "zone", string(id), "devices", "zone", zoneBefore(id), func(t *tx) error {
		return v.mayUnmark(ctx, t, g.Zone{ID: id})
	})
}

func (v *View) deletePlace(ctx context.Context, table, noun, id, user, col string, before reading, may func(*tx) error) error {
	return v.remove(ctx, g.DevicesWrite, table, noun, id, "zone", before, func(t *tx) error {
		n := 0
		if err := t.row(ctx, "SELECT COUNT(*) FROM "+user+" WHERE "+col+" = ?", id).Scan(&n); err != nil {
			return fmt.Errorf("delete %s: %w", noun, err)
		}
		if n > 0 {
			return g.Errorf(g.Conflict, "%d %s are still in the %s: move or delete them before", n, user, noun)
		}
		if may != nil {
			return may(t)
		}
		return nil
	})
}

// remove deletes one row of a table that has id and school, in scope and audited with what it was.
func (v *View) remove(ctx context.Context, p g.Permission, table, noun, id, kind string, before reading, check func(*tx) error) error {
	in, err := v.reach(ctx, p)
	if err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error {
		school, err := schoolOf(ctx, t, table, noun, id)
		if err != nil {
			return err
		}
		if err := in.owns(school, noun, id); err != nil {
			return err
		}
		if check != nil {
			if err := check(t); err != nil {
				return err
			}
		}
		was, err := before(ctx, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", noun, err)
		}
		if _, err := t.exec(ctx, "DELETE FROM "+table+" WHERE id = ?", id); err != nil {
			return fmt.Errorf("delete %s: %w", noun, err)
		}
		if kind != "" {
			t.change(kind, school, id)
		}
		return v.auditChanges(ctx, t, school, noun+".delete", id, was, nil)
	})
}
