package oncall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/rota"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// scanBody decodes a row that is one JSON column.
func scanBody[T any](scan func(...any) error) (x T, err error) {
	var b []byte
	if err := scan(&b); err != nil {
		return x, err
	}
	return x, json.Unmarshal(b, &x)
}

// Rotas lists the rotas of a school, or of all in scope, by name.
func (v View) Rotas(ctx context.Context, school g.SchoolID) ([]g.Rota, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	out := []g.Rota{}
	err = store.Each(ctx, v.s.Reg, "SELECT body FROM rotas"+w.String()+" ORDER BY name, id",
		w.Args, func(scan func(...any) error) error {
			x, err := scanBody[g.Rota](scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list rotas: %w", err)
	}
	return out, nil
}

func rotaRow(ctx context.Context, c store.Conn, id g.RotaID) (g.Rota, error) {
	x, err := scanBody[g.Rota](c.Row(ctx, "SELECT body FROM rotas WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "rota", string(id))
	}
	return x, nil
}

// Rota returns one rota.
func (v View) Rota(ctx context.Context, id g.RotaID) (g.Rota, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return g.Rota{}, err
	}
	x, err := rotaRow(ctx, v.s.Reg, id)
	if err != nil {
		return g.Rota{}, err
	}
	return x, in.Owns(x.School, "rota", string(id))
}

func rotaBefore(id g.RotaID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) { return rotaRow(ctx, t, id) }
}

// PutRota writes a rota; an empty ID creates one. Everybody named must be a user of the school or a
// district admin above it; whether they may handle alerts is seen when they are called.
func (v View) PutRota(ctx context.Context, x g.Rota) (g.Rota, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return g.Rota{}, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return g.Rota{}, err
	}
	if x.ID == "" {
		x.ID = g.RotaID(g.NewID("rot"))
	}
	if err := named(string(x.ID), x.Name, x.NameZH); err != nil {
		return g.Rota{}, err
	}
	if err := checkLabels(x); err != nil {
		return g.Rota{}, err
	}
	if _, err := rota.New(x, time.UTC); err != nil {
		return g.Rota{}, err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return g.Rota{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		had, err := store.SchoolOf(ctx, t, "rotas", "rota", string(x.ID))
		if err := mayPut(
			had,
			err,
			x.School,
			"rota",
			string(x.ID),
		); err != nil {
			return err
		}
		if err := v.rotaPeople(ctx, t, x); err != nil {
			return err
		}
		var before any
		if had != "" {
			if before, err = rotaRow(ctx, t, x.ID); err != nil {
				return err
			}
		} else if err := room(ctx, t, "SELECT COUNT(*) FROM rotas WHERE school = ?", x.School,
			MaxRotas); err != nil {
			return err
		}
		_, err = t.Exec(ctx, "INSERT INTO rotas (id, school, name, body) VALUES (?, ?, ?, ?) ON "+
			"CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
			string(x.ID), string(x.School), x.Name, string(b))
		if err != nil {
			return fmt.Errorf("write rota: %w", err)
		}
		t.Change(change.Rota, x.School, string(x.ID))
		return v.s.AuditChanges(
			ctx,
			t,
			x.School,
			"rota.put",
			string(x.ID),
			before,
			x,
		)
	})
	if err != nil {
		return g.Rota{}, err
	}
	return x, nil
}

func named(id, name, zh string) error {
	if !g.ValidID(id) {
		return store.BadID()
	}
	return errors.Join(store.Line("name", name, store.MaxName),
		store.Optional("name_zh", zh, store.MaxName))
}

func checkLabels(x g.Rota) error {
	for i, l := range x.Lines {
		if err := store.Optional(fmt.Sprintf("lines[%d].name", i), l.Name, store.MaxLabel); err != nil {
			return err
		}
	}
	for i, h := range x.Holidays {
		if err := store.Optional(fmt.Sprintf("holidays[%d].name", i), h.Name, store.MaxLabel); err != nil {
			return err
		}
	}
	return nil
}

// mayPut refuses an id that another school has. had and err are what SchoolOf returned.
func mayPut(had g.SchoolID, err error, school g.SchoolID, noun, id string) error {
	if err != nil && g.ErrorCode(err) != g.NotFound {
		return err
	}
	if err == nil && had != school {
		return store.NotFound(noun, id)
	}
	return nil
}

// room refuses a further object where a school has as many as are kept.
func room(ctx context.Context, t *store.Tx, count string, school g.SchoolID, most int) error {
	n := 0
	if err := t.Row(ctx, count, string(school)).Scan(&n); err != nil {
		return fmt.Errorf("count: %w", err)
	}
	if n >= most {
		return g.Errorf(g.TooLarge, "a school keeps at most %d of these: delete one before", most)
	}
	return nil
}

func (v View) rotaPeople(ctx context.Context, t *store.Tx, x g.Rota) error {
	staff, err := access.Staff(ctx, v.r.access, t, x.School)
	if err != nil {
		return err
	}
	for i, l := range x.Lines {
		for k, turn := range l.Turns {
			if err := known(staff, turn, fmt.Sprintf("lines[%d].turns[%d]", i, k)); err != nil {
				return err
			}
		}
	}
	return nil
}

func known(staff []g.User, ids []g.UserID, field string) error {
	for _, id := range ids {
		if !slices.ContainsFunc(staff, func(u g.User) bool { return u.ID == id }) {
			return g.FieldErrorf(field, "the school has no user %q: choose somebody who signs in here", id)
		}
	}
	return nil
}

// DeleteRota deletes a rota with its overrides. One that a chain names is kept.
func (v View) DeleteRota(ctx context.Context, id g.RotaID) error {
	return v.s.Remove(ctx, g.SettingsWrite, "rotas", "rota", string(id), change.Rota,
		rotaBefore(id), func(t *store.Tx) error { return v.unused(ctx, t, id) })
}

// unused refuses where a chain names the rota.
func (v View) unused(ctx context.Context, t *store.Tx, id g.RotaID) error {
	school, err := store.SchoolOf(ctx, t, "rotas", "rota", string(id))
	if err != nil {
		return err
	}
	chains, err := chainsOf(ctx, t, school)
	if err != nil {
		return err
	}
	for _, c := range chains {
		for _, s := range c.Steps {
			if slices.Contains(s.Rotas, id) {
				return g.Errorf(g.Conflict,
					"the chain %q calls this rota: take it out there before", c.Name)
			}
		}
	}
	return nil
}

// Staff are the people who can be named in a school's rotas and chains, by name.
func (v View) Staff(ctx context.Context, school g.SchoolID) ([]Member, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return nil, err
	}
	all, err := access.Staff(ctx, v.r.access, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	out := []Member{}
	for _, u := range all {
		if u.Role == g.RoleVendor {
			continue
		}
		m := Member{
			ID:       u.ID,
			School:   u.School,
			Name:     u.FullName,
			Role:     u.Role,
			Language: u.Language,
			Able:     !u.Disabled && slices.Contains(u.Role.Permissions(), g.AlertsWrite),
		}
		if m.Name == "" {
			m.Name = u.Name
		}
		out = append(out, m)
	}
	return out, nil
}
