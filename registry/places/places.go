package places

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Of are the school's sites, buildings and zones, by name.
func (v View) Of(ctx context.Context, school g.SchoolID) (Places, error) {
	p := Places{
		Sites:     []g.Site{},
		Buildings: []g.Building{},
		Floors:    []g.Floor{},
		Zones:     []g.Zone{},
	}
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return p, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return p, err
	}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, school, name FROM sites"+w.String()+" ORDER BY name, id", w.Args,
		func(scan func(...any) error) error {
			var x g.Site
			err := scan(&x.ID, &x.School, &x.Name)
			p.Sites = append(p.Sites, x)
			return err
		})
	if err != nil {
		return p, fmt.Errorf("list sites: %w", err)
	}
	err = store.Each(ctx, v.s.Reg,
		"SELECT id, school, site, name FROM buildings"+w.String()+" ORDER BY name, id", w.Args,
		func(scan func(...any) error) error {
			var x g.Building
			err := scan(&x.ID, &x.School, &x.Site, &x.Name)
			p.Buildings = append(p.Buildings, x)
			return err
		})
	if err != nil {
		return p, fmt.Errorf("list buildings: %w", err)
	}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+FloorColumns+" FROM floors"+w.String()+" ORDER BY level, name, id", w.Args,
		func(scan func(...any) error) error {
			x, err := ScanFloor(scan)
			p.Floors = append(p.Floors, x)
			return err
		})
	if err != nil {
		return p, fmt.Errorf("list floors: %w", err)
	}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+zoneColumns+" FROM zones"+w.String()+" ORDER BY name, id", w.Args,
		func(scan func(...any) error) error {
			var x g.Zone
			err := scan(zoneFields(&x)...)
			p.Zones = append(p.Zones, x)
			return err
		})
	if err != nil {
		return p, fmt.Errorf("list zones: %w", err)
	}
	return p, nil
}

const zoneColumns = "id, school, building, name, kind, private, floor"

// zoneFields are the fields of a zone in the order of zoneColumns.
func zoneFields(x *g.Zone) []any {
	return []any{&x.ID, &x.School, &x.Building, &x.Name, &x.Kind, &x.Private, &x.Floor}
}

// ZoneRow reads a zone without checking a scope.
func ZoneRow(ctx context.Context, c store.Conn, id g.ZoneID) (x g.Zone, err error) {
	err = c.Row(ctx, "SELECT "+zoneColumns+" FROM zones WHERE id = ?", string(id)).Scan(zoneFields(&x)...)
	if err != nil {
		return x, store.Missing(err, "zone", string(id))
	}
	return x, nil
}

// ZoneNames returns the names of those zones that exist.
func ZoneNames(ctx context.Context, c store.Conn, ids []g.ZoneID) (map[g.ZoneID]string, error) {
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

// BuildingName returns the name of a building, its id if it does not exist. It does not check the
// scope: the caller must.
func BuildingName(ctx context.Context, c store.Conn, id g.BuildingID) (string, error) {
	name := string(id)
	err := c.Row(ctx, "SELECT name FROM buildings WHERE id = ?", string(id)).Scan(&name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read building: %w", err)
	}
	return name, nil
}

// ZonesOf returns the zones of a building, none if it does not exist. It does not check the scope:
// the caller must.
func ZonesOf(ctx context.Context, c store.Conn, building g.BuildingID) ([]g.ZoneID, error) {
	var out []g.ZoneID
	err := store.Each(ctx, c, "SELECT id FROM zones WHERE building = ?", []any{string(building)},
		func(scan func(...any) error) error {
			var id g.ZoneID
			err := scan(&id)
			out = append(out, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the zones of a building: %w", err)
	}
	return out, nil
}

// ZonesNamed returns the names of those zones that a school has.
func ZonesNamed(
	ctx context.Context, c store.Conn, school g.SchoolID, ids []g.ZoneID,
) (map[g.ZoneID]string, error) {
	return namesIn(ctx, c, "SELECT id, name FROM zones WHERE school = ? AND id IN (", school, ids)
}

// BuildingsNamed returns the names of those buildings that a school has.
func BuildingsNamed(
	ctx context.Context, c store.Conn, school g.SchoolID, ids []g.BuildingID,
) (map[g.BuildingID]string, error) {
	return namesIn(ctx, c, "SELECT id, name FROM buildings WHERE school = ? AND id IN (", school, ids)
}

func namesIn[T ~string](
	ctx context.Context, c store.Conn, q string, school g.SchoolID, ids []T,
) (map[T]string, error) {
	out := map[T]string{}
	for part := range slices.Chunk(ids, store.Chunk) {
		args := append([]any{string(school)}, store.Anys(part)...)
		err := store.Each(ctx, c, q+store.Marks(len(part))+")", args,
			func(scan func(...any) error) error {
				var id T
				var name string
				err := scan(&id, &name)
				out[id] = name
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("read the names of places: %w", err)
		}
	}
	return out, nil
}

// HasBuilding says whether a school has a building. It does not check the scope: the caller must.
func HasBuilding(
	ctx context.Context, c store.Conn, school g.SchoolID, id g.BuildingID,
) (bool, error) {
	n := 0
	err := c.Row(ctx, "SELECT COUNT(*) FROM buildings WHERE id = ? AND school = ?", string(id),
		string(school)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read building: %w", err)
	}
	return n > 0, nil
}

// Place is a site, building or zone to be written.
type Place struct {
	Kind   change.Kind
	ID     string
	School g.SchoolID
	// Standing returns the stored place's school.
	Standing func(ctx context.Context, t *store.Tx) (g.SchoolID, error)
	Above    *Above // its parent; nil for a site
	Set      func(ctx context.Context, t *store.Tx) error
	After    any
	// Before reads the stored place; nil, nil if it is new.
	Before func(ctx context.Context, t *store.Tx) (any, error)
}

// Above is the parent of a place.
type Above struct {
	Noun, ID string
	School   func(ctx context.Context, t *store.Tx) (g.SchoolID, error)
}

// PutSite writes a site; an empty ID makes a new one.
func (v View) PutSite(ctx context.Context, x g.Site) (g.Site, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Site{}, err
	}
	if x.ID == "" {
		x.ID = g.SiteID(g.NewID("sit"))
	}
	before := siteBefore(x.ID)
	err := PutPlace(ctx, v, Place{
		Kind:   change.Site,
		ID:     string(x.ID),
		School: x.School,
		Standing: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
			return store.SchoolOf(ctx, t, "sites", "site", string(x.ID))
		},
		After:  x,
		Before: before,
		Set: func(ctx context.Context, t *store.Tx) error {
			_, err := t.Exec(ctx,
				"INSERT INTO sites (id, school, name) VALUES (?, ?, ?) ON CONFLICT (id) DO "+
					"UPDATE SET name = excluded.name",
				string(x.ID), string(x.School), x.Name)
			return err
		},
	})
	return x, err
}

// PutBuilding writes a building; an empty ID creates a new one.
func (v View) PutBuilding(ctx context.Context, x g.Building) (g.Building, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Building{}, err
	}
	if x.ID == "" {
		x.ID = g.BuildingID(g.NewID("bld"))
	}
	before := buildingBefore(x.ID)
	err := PutPlace(ctx, v, Place{
		Kind:   change.Building,
		ID:     string(x.ID),
		School: x.School,
		Standing: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
			return store.SchoolOf(ctx, t, "buildings", "building", string(x.ID))
		},
		Above: &Above{
			Noun: "site",
			ID:   string(x.Site),
			School: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
				return store.SchoolOf(ctx, t, "sites", "site", string(x.Site))
			},
		},
		After:  x,
		Before: before,
		Set: func(ctx context.Context, t *store.Tx) error {
			_, err := t.Exec(ctx,
				"INSERT INTO buildings (id, school, site, name) VALUES (?, ?, ?, ?) ON CONFLICT "+
					"(id) DO UPDATE SET site = excluded.site, name = excluded.name",
				string(x.ID), string(x.School), string(x.Site), x.Name)
			return err
		},
	})
	return x, err
}

func PutPlace(ctx context.Context, v View, p Place) error {
	noun := string(p.Kind)
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	if err := v.s.InSchool(ctx, in, p.School); err != nil {
		return err
	}
	if !g.ValidID(p.ID) {
		return store.BadID()
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		had, err := p.Standing(ctx, t)
		if err != nil && g.ErrorCode(err) != g.NotFound {
			return err
		}
		if err == nil && had != p.School {
			return store.NotFound(noun, p.ID)
		}
		if p.Above != nil {
			above, err := p.Above.School(ctx, t)
			if err != nil {
				return err
			}
			if above != p.School {
				return store.NotFound(p.Above.Noun, p.Above.ID)
			}
		}
		before, err := p.Before(ctx, t)
		if err != nil {
			return fmt.Errorf("read %s: %w", noun, err)
		}
		if err := p.Set(ctx, t); err != nil {
			return fmt.Errorf("write %s: %w", noun, err)
		}
		if err := t.Changed(
			p.Kind,
			p.School,
			p.ID,
			before,
			p.After,
		); err != nil {
			return err
		}
		return v.s.AuditChanges(
			ctx,
			t,
			p.School,
			noun+".put",
			p.ID,
			before,
			p.After,
		)
	})
}

// DeleteSite deletes a site without buildings.
func (v View) DeleteSite(ctx context.Context, id g.SiteID) error {
	return v.s.Remove(ctx, g.DevicesWrite, "sites", "site", string(id), change.Site, siteBefore(id),
		func(t *store.Tx) error {
			count := t.Row(ctx, "SELECT COUNT(*) FROM buildings WHERE site = ?", string(id))
			return Empty(count, "site", "buildings")
		})
}

// DeleteBuilding deletes a building without zones and floors.
func (v View) DeleteBuilding(ctx context.Context, id g.BuildingID) error {
	return v.s.Remove(ctx, g.DevicesWrite, "buildings", "building", string(id), change.Building,
		buildingBefore(id), func(t *store.Tx) error {
			count := t.Row(ctx, "SELECT COUNT(*) FROM zones WHERE building = ?", string(id))
			if err := Empty(count, "building", "zones"); err != nil {
				return err
			}
			count = t.Row(ctx, "SELECT COUNT(*) FROM floors WHERE building = ?", string(id))
			return Empty(count, "building", "floors")
		})
}

// Empty returns an error if count, the number of users of a place, is not 0.
func Empty(count *sql.Row, noun, users string) error {
	n := 0
	if err := count.Scan(&n); err != nil {
		return fmt.Errorf("delete %s: %w", noun, err)
	}
	if n == 0 {
		return nil
	}
	return g.Errorf(g.Conflict, "%d %s are still in the %s: move or delete them before", n,
		g.Noun(users), g.Noun(noun))
}

// Site returns one site.
func (v View) Site(ctx context.Context, id g.SiteID) (x g.Site, err error) {
	return x, v.s.One(ctx, "", "SELECT id, school, name FROM sites WHERE id = ?", "site",
		string(id), &x.School, &x.ID, &x.School, &x.Name)
}

// Building returns one building.
func (v View) Building(ctx context.Context, id g.BuildingID) (x g.Building, err error) {
	return x, v.s.One(ctx, "", "SELECT id, school, site, name FROM buildings WHERE id = ?",
		"building", string(id), &x.School, &x.ID, &x.School, &x.Site, &x.Name)
}

// Zone returns one zone.
func (v View) Zone(ctx context.Context, id g.ZoneID) (x g.Zone, err error) {
	return x, v.s.One(ctx, "", "SELECT "+zoneColumns+" FROM zones WHERE id = ?", "zone", string(id),
		&x.School, zoneFields(&x)...)
}

func siteBefore(id g.SiteID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var old g.Site
		row := t.Row(ctx, "SELECT id, school, name FROM sites WHERE id = ?", string(id))
		return asItStands(
			row,
			&old,
			&old.ID,
			&old.School,
			&old.Name,
		)
	}
}

func buildingBefore(id g.BuildingID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var old g.Building
		row := t.Row(ctx, "SELECT id, school, site, name FROM buildings WHERE id = ?", string(id))
		return asItStands(
			row,
			&old,
			&old.ID,
			&old.School,
			&old.Site,
			&old.Name,
		)
	}
}

// asItStands reads a stored place; nil, nil if it is new.
func asItStands[T any](row *sql.Row, old *T, into ...any) (any, error) {
	err := row.Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return *old, err
}
