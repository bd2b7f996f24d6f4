package places

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// The lowest and the highest floor.
const (
	lowest  = -20
	highest = 200
)

// FloorColumns are a floor's columns in the order of ScanFloor.
const FloorColumns = "id, school, building, name, level, picture, type, width, height"

// ScanFloor reads a floor.
func ScanFloor(scan func(...any) error) (x g.Floor, err error) {
	var p g.Plan
	err = scan(&x.ID, &x.School, &x.Building, &x.Name, &x.Level, &p.Picture, &p.Type, &p.Width,
		&p.Height)
	if p.Picture != "" {
		x.Plan = &p
	}
	return x, err
}

// FloorRow reads a floor without checking a scope.
func FloorRow(ctx context.Context, c store.Conn, id g.FloorID) (g.Floor, error) {
	x, err := ScanFloor(c.Row(ctx, "SELECT "+FloorColumns+" FROM floors WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "floor", string(id))
	}
	return x, nil
}

// Floor returns one floor.
func (v View) Floor(ctx context.Context, id g.FloorID) (g.Floor, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return g.Floor{}, err
	}
	x, err := FloorRow(ctx, v.s.Reg, id)
	if err != nil {
		return x, err
	}
	return x, in.Owns(x.School, "floor", string(id))
}

// PutFloor writes a floor without its plan; an empty ID makes a new one. A floor stays in its
// building.
func (v View) PutFloor(ctx context.Context, x g.Floor) (g.Floor, error) {
	if err := store.Line("name", x.Name, store.MaxTitle); err != nil {
		return g.Floor{}, err
	}
	if x.Level < lowest || x.Level > highest {
		return g.Floor{}, g.FieldErrorf("level", "%d is no floor; use %d to %d, 0 being the ground floor",
			x.Level, lowest, highest)
	}
	if x.ID == "" {
		x.ID = g.FloorID(g.NewID("flo"))
	}
	err := PutPlace(ctx, v, Place{
		Kind:   change.Floor,
		ID:     string(x.ID),
		School: x.School,
		Standing: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
			return store.SchoolOf(ctx, t, "floors", "floor", string(x.ID))
		},
		Above: &Above{
			Noun: "building",
			ID:   string(x.Building),
			School: func(ctx context.Context, t *store.Tx) (g.SchoolID, error) {
				return store.SchoolOf(ctx, t, "buildings", "building", string(x.Building))
			},
		},
		After:  x,
		Before: floorBefore(x.ID),
		Set:    func(ctx context.Context, t *store.Tx) error { return setFloor(ctx, t, x) },
	})
	if err != nil {
		return g.Floor{}, err
	}
	return FloorRow(ctx, v.s.Reg, x.ID)
}

func setFloor(ctx context.Context, t *store.Tx, x g.Floor) error {
	old, err := FloorRow(ctx, t, x.ID)
	if err != nil && g.ErrorCode(err) != g.NotFound {
		return err
	}
	if err == nil && old.Building != x.Building {
		return g.FieldErrorf("building", "a floor stays in its building: make another one there")
	}
	_, err = t.Exec(ctx,
		"INSERT INTO floors (id, school, building, name, level) VALUES (?, ?, ?, ?, ?) ON CONFLICT "+
			"(id) DO UPDATE SET name = excluded.name, level = excluded.level",
		string(x.ID), string(x.School), string(x.Building), x.Name, x.Level)
	return err
}

// floorBefore reads the stored floor without its plan, which other writes change.
func floorBefore(id g.FloorID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		old, err := FloorRow(ctx, t, id)
		if g.ErrorCode(err) == g.NotFound {
			return nil, nil
		}
		old.Plan = nil
		return old, err
	}
}

// SetPlan gives a floor the plan, or takes it away (nil). Positions stay: they are parts of the
// drawing's width and height. The former drawing is destroyed by the media store's next round.
func (v View) SetPlan(ctx context.Context, id g.FloorID, p *g.Plan) (g.Floor, error) {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return g.Floor{}, err
	}
	var x g.Floor
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if x, err = FloorRow(ctx, t, id); err != nil {
			return err
		}
		if err := in.Owns(x.School, "floor", string(id)); err != nil {
			return err
		}
		old := x
		x.Plan = p
		var to g.Plan
		if p != nil {
			to = *p
		}
		_, err := t.Exec(ctx, "UPDATE floors SET picture = ?, type = ?, width = ?, height = ? WHERE id = ?",
			string(to.Picture), to.Type, to.Width, to.Height, string(id))
		if err != nil {
			return fmt.Errorf("write floor: %w", err)
		}
		t.Change(change.Floor, x.School, string(id), "plan")
		return v.s.AuditChanges(
			ctx,
			t,
			x.School,
			"floor.picture",
			string(id),
			old,
			x,
		)
	})
	return x, err
}

// DeleteFloor deletes a floor that no zone is on, with its plan.
func (v View) DeleteFloor(ctx context.Context, id g.FloorID) error {
	return v.s.Remove(ctx, g.DevicesWrite, "floors", "floor", string(id), change.Floor,
		floorBefore(id), func(t *store.Tx) error {
			count := t.Row(ctx, "SELECT COUNT(*) FROM zones WHERE floor = ?", string(id))
			return Empty(count, "floor", "zones")
		})
}

// OnFloor checks that a zone can be on the floor: "" is no floor.
func OnFloor(ctx context.Context, t *store.Tx, x g.Zone) error {
	if x.Floor == "" {
		return nil
	}
	f, err := FloorRow(ctx, t, x.Floor)
	if err == nil && f.School != x.School {
		err = store.NotFound("floor", string(x.Floor))
	}
	if err != nil {
		return err
	}
	if f.Building != x.Building {
		return g.FieldErrorf("floor", "the floor is in another building: choose one of this building, "+
			"or none")
	}
	return nil
}

// Drawings are the drawings of all plans; only for system scopes.
func (v View) Drawings(ctx context.Context) (map[g.MediaID]bool, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := map[g.MediaID]bool{}
	err := store.Each(ctx, v.s.Reg, "SELECT picture FROM floors WHERE picture <> ''", nil,
		func(scan func(...any) error) error {
			var id g.MediaID
			err := scan(&id)
			out[id] = true
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	return out, nil
}
