package fleet

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

func scanProfile(scan func(...any) error) (p g.Profile, err error) {
	var body []byte
	if err := scan(&body); err != nil {
		return p, err
	}
	return p, json.Unmarshal(body, &p)
}

// Profiles lists the gateway's profiles by ID; every scope may see them.
func (v View) Profiles(ctx context.Context) ([]g.Profile, error) {
	if _, err := v.s.Reach(ctx, ""); err != nil {
		return nil, err
	}
	out := []g.Profile{}
	err := store.Each(ctx, v.s.Reg, "SELECT body FROM profiles ORDER BY id", nil,
		func(scan func(...any) error) error {
			p, err := scanProfile(scan)
			out = append(out, p)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	return out, nil
}

// Profile returns one profile.
func (v View) Profile(ctx context.Context, id g.ProfileID) (g.Profile, error) {
	if _, err := v.s.Reach(ctx, ""); err != nil {
		return g.Profile{}, err
	}
	return profile(ctx, v.s.Reg, id)
}

func profile(ctx context.Context, c store.Conn, id g.ProfileID) (g.Profile, error) {
	p, err := scanProfile(c.Row(ctx, "SELECT body FROM profiles WHERE id = ?", string(id)).Scan)
	if err != nil {
		return p, store.Missing(err, "profile", string(id))
	}
	return p, nil
}

// PutProfile writes a profile. One in use cannot become a camera or cease to be one, since the
// devices' zones depend on it. Without changes nothing is written.
func (v View) PutProfile(ctx context.Context, p g.Profile) error {
	if _, err := v.s.Reach(ctx, g.DevicesWrite); err != nil {
		return err
	}
	if err := p.Validate(); err != nil {
		return err
	}
	if p.OfflineAfter < 0 {
		return g.FieldErrorf("offline_after", "%d is below 0: give seconds", p.OfflineAfter)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := profile(ctx, t, p.ID)
		var before any
		switch {
		case g.ErrorCode(err) == g.NotFound:
		case err != nil:
			return err
		default:
			was, err := json.Marshal(old)
			if err != nil || string(was) == string(body) {
				return err
			}
			if (old.Type == g.TypeCamera) != (p.Type == g.TypeCamera) {
				if err := unused(ctx, t, p.ID, g.Word("its type cannot change from or to camera")); err != nil {
					return err
				}
			}
			before = old
		}
		if err := putProfile(ctx, t, before, p); err != nil {
			return err
		}
		return v.s.AuditChanges(
			ctx,
			t,
			v.s.School,
			"profile.put",
			string(p.ID),
			before,
			p,
		)
	})
}

// putProfile writes the row and records the change; before is nil if the profile is new.
func putProfile(ctx context.Context, t *store.Tx, before any, p g.Profile) error {
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	_, err = t.Exec(ctx,
		"INSERT INTO profiles (id, type, offline_after, body) VALUES (?, ?, ?, ?) ON CONFLICT "+
			"(id) DO UPDATE SET type = excluded.type, offline_after = excluded.offline_after, "+
			"body = excluded.body",
		string(p.ID), string(p.Type), p.OfflineAfter, string(body))
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	return t.Changed(
		change.Profile,
		"",
		string(p.ID),
		before,
		p,
	)
}

// unused returns Conflict if a device has the profile.
func unused(ctx context.Context, t *store.Tx, id g.ProfileID, what g.Text) error {
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM devices WHERE profile = ?", string(id)).Scan(&n); err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	if n > 0 {
		return g.Errorf(g.Conflict, "%d devices have the profile %q: %s", n, id, what)
	}
	return nil
}

// DeleteProfile deletes a profile without devices.
func (v View) DeleteProfile(ctx context.Context, id g.ProfileID) error {
	if _, err := v.s.Reach(ctx, g.DevicesWrite); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		if err := unused(ctx, t, id, g.Word("give them another before you delete it")); err != nil {
			return err
		}
		was, err := profile(ctx, t, id)
		if err != nil {
			return err
		}
		n, err := t.Exec(ctx, "DELETE FROM profiles WHERE id = ?", string(id))
		if err != nil {
			return fmt.Errorf("delete profile: %w", err)
		}
		if n == 0 {
			return store.NotFound("profile", string(id))
		}
		t.Change(change.Profile, "", string(id))
		return v.s.AuditChanges(
			ctx,
			t,
			v.s.School,
			"profile.delete",
			string(id),
			was,
			nil,
		)
	})
}
