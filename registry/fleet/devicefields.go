package fleet

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// CountFields adds counts of fields that the profile does not have; only for system scopes. Count
// is the number since the last call. Deleted devices are ignored.
func (v View) CountFields(ctx context.Context, rows []g.UnknownField) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		stmt, err := t.Prepare(ctx,
			`INSERT INTO device_fields (device, name, kind, example, count, first, last)
			SELECT id, ?, ?, ?, ?, ?, ? FROM devices WHERE id = ?
			ON CONFLICT (device, name) DO UPDATE SET kind = excluded.kind, example = excluded.example,
			count = device_fields.count + excluded.count, last = excluded.last`)
		if err != nil {
			return fmt.Errorf("count fields: %w", err)
		}
		defer stmt.Close()
		for _, f := range rows {
			_, err := stmt.Exec(ctx, store.Clean(f.Name), f.Kind, store.Clean(f.Example), f.Count,
				store.Micros(f.First), store.Micros(f.Last), string(f.Device))
			if err != nil {
				return fmt.Errorf("count fields: %w", err)
			}
		}
		return nil
	})
}

// UnknownFields lists the fields that a device sends and its profile does not have, by name.
func (v View) UnknownFields(ctx context.Context, id g.DeviceID) ([]g.UnknownField, error) {
	row, err := v.Device(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := v.Profile(ctx, row.Profile)
	if err != nil {
		return nil, err
	}
	out := []g.UnknownField{}
	q := "SELECT name, kind, example, count, first, last FROM device_fields WHERE device = ? " +
		"ORDER BY name"
	err = store.Each(ctx, v.s.Reg, q, []any{string(id)}, func(scan func(...any) error) error {
		f := g.UnknownField{Device: id}
		var first, last int64
		err := scan(
			&f.Name,
			&f.Kind,
			&f.Example,
			&f.Count,
			&first,
			&last,
		)
		f.First, f.Last = store.Moment(first), store.Moment(last)
		if _, known := p.Properties[f.Name]; !known {
			out = append(out, f)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list fields: %w", err)
	}
	return out, nil
}

// ForgetFields deletes the counts of a device's fields, so that they are no longer offered. They
// are counted again when they are sent again.
func (v View) ForgetFields(ctx context.Context, id g.DeviceID) error {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		d, err := deviceForWrite(ctx, t, in, id)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM device_fields WHERE device = ?", string(id)); err != nil {
			return fmt.Errorf("forget fields: %w", err)
		}
		t.Change(change.Fields, d.School, string(id))
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"device.fields",
			string(id),
		)
	})
}

// ProfileUse counts the devices with a profile, within scope.
func (v View) ProfileUse(ctx context.Context, id g.ProfileID) (int, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return 0, err
	}
	var w store.Where
	if err := in.Within(&w, "school", ""); err != nil {
		return 0, err
	}
	store.Eq(&w, "profile", id)
	n := 0
	if err := v.s.Reg.Row(ctx, "SELECT COUNT(*) FROM devices"+w.String(), w.Args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count devices: %w", err)
	}
	return n, nil
}

// ProfileUse is the number of devices with a profile.
type ProfileUse struct {
	Profile g.ProfileID `json:"profile"`
	Devices int         `json:"devices"`
}

// ProfileUses counts the devices of each profile within scope, by ID.
func (v View) ProfileUses(ctx context.Context) ([]ProfileUse, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", ""); err != nil {
		return nil, err
	}
	out := []ProfileUse{}
	q := "SELECT p.id, (SELECT COUNT(*) FROM devices" + w.String()
	if len(w.Args) > 0 {
		q += " AND"
	} else {
		q += " WHERE"
	}
	q += " profile = p.id) FROM profiles p ORDER BY p.id"
	err = store.Each(ctx, v.s.Reg, q, w.Args, func(scan func(...any) error) error {
		var u ProfileUse
		err := scan(&u.Profile, &u.Devices)
		out = append(out, u)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count devices: %w", err)
	}
	return out, nil
}

// AddFields adds fields that a device sends to its profile, with the types seen, and returns the
// profile. If own is not empty, it is the ID of a new profile for this device only; otherwise all
// devices with the profile get them.
func (v View) AddFields(
	ctx context.Context, id g.DeviceID, names []string, own g.ProfileID,
) (p g.Profile, err error) {
	fields, err := v.UnknownFields(ctx, id)
	if err != nil {
		return p, err
	}
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return p, err
	}
	return p, v.s.Write(ctx, func(t *store.Tx) error {
		d, err := deviceForWrite(ctx, t, in, id)
		if err != nil {
			return err
		}
		if p, err = profile(ctx, t, d.Profile); err != nil {
			return err
		}
		var before any = p
		if err := addProperties(&p, fields, names); err != nil {
			return err
		}
		if own != "" {
			before = nil
			if p, err = copyFor(
				ctx,
				t,
				p,
				own,
				d,
			); err != nil {
				return err
			}
		}
		if err := putProfile(ctx, t, before, p); err != nil {
			return err
		}
		if own != "" {
			if _, err := t.Exec(ctx, "UPDATE devices SET profile = ? WHERE id = ?", string(own),
				string(id)); err != nil {
				return fmt.Errorf("add fields: %w", err)
			}
			t.Change(change.Device, d.School, string(id), "profile")
		}
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"profile.put",
			string(p.ID)+" "+string(id),
		)
	})
}

// copyFor copies the profile for one device, under an ID that must be free.
func copyFor(
	ctx context.Context, t *store.Tx, p g.Profile, own g.ProfileID, d g.Device,
) (g.Profile, error) {
	_, err := profile(ctx, t, own)
	if err == nil {
		return p, g.Errorf(g.Conflict, "there is a profile %q already: choose another id", own).At("own")
	}
	if g.ErrorCode(err) != g.NotFound {
		return p, err
	}
	p.ID = own
	p.Title += " (" + d.Name + ")"
	if p.TitleZH != "" {
		p.TitleZH += "（" + d.Name + "）"
	}
	return p, p.Validate()
}

func addProperties(p *g.Profile, fields []g.UnknownField, names []string) error {
	kinds := map[string]string{}
	for _, f := range fields {
		kinds[f.Name] = f.Kind
	}
	all := make(map[string]g.Property, len(p.Properties)+len(names))
	for n, prop := range p.Properties {
		all[n] = prop
	}
	for _, n := range names {
		switch kind, ok := kinds[n]; {
		case !ok:
			return g.FieldErrorf("names", "the device sends no unknown field %q", n)
		case kind == "":
			return g.FieldErrorf("names",
				"%q is no single value: a property holds a number, a truth or a text; have the "+
					"device send the values inside it by themselves",
				n)
		default:
			all[n] = g.Property{Type: kind}
		}
	}
	p.Properties = all
	return p.Validate()
}
