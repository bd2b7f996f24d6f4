package registry

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// maxSetting bounds a setting's JSON, in bytes.
const maxSetting = 64 << 10

// settingScope checks a setting's place: a school in reach, or "" for the whole gateway, which
// is the top school's.
func (v *View) settingScope(ctx context.Context, in store.Reach, school g.SchoolID) error {
	if school != "" {
		return in.Owns(school, "school", string(school))
	}
	if top, err := v.s.Top(ctx, in); err != nil {
		return err
	} else if !top {
		return g.Errorf(g.Forbidden, "the gateway's own settings belong to its top school")
	}
	return nil
}

// Setting is one setting's JSON; ok is false where it was never written. A school of "" is the
// gateway itself. Every scope of the school may read it: whoever shows settings to people
// decides which.
func (v *View) Setting(ctx context.Context, school g.SchoolID, key string) (value json.RawMessage, ok bool, err error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, false, err
	}
	if err := v.settingScope(ctx, in, school); err != nil {
		return nil, false, err
	}
	var sealed []byte
	err = v.s.Reg.Row(ctx, "SELECT value_sealed FROM settings WHERE school = ? AND key = ?", string(school), key).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read setting: %w", err)
	}
	value, err = store.Unseal(v.s.Vault.Data, sealed, "setting "+string(school)+" "+key)
	return value, err == nil, err
}

// PutSetting writes a setting, encrypted, at most 64 KiB of JSON; null removes it.
func (v *View) PutSetting(ctx context.Context, school g.SchoolID, key string, value json.RawMessage) error {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return err
	}
	if err := v.settingScope(ctx, in, school); err != nil {
		return err
	}
	if err := v.hidesNames(ctx, school); err != nil {
		return err
	}
	if !g.ValidID(key) {
		return g.FieldErrorf("key", "give a name of 1 to 64 letters, digits, '-', '_' or '.'")
	}
	if len(value) > maxSetting {
		return g.Errorf(g.TooLarge, "the setting has %d bytes; at most %d are kept", len(value), maxSetting)
	}
	if !json.Valid(value) {
		return g.FieldErrorf("value", "this is not JSON")
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		before, err := v.r.settingBefore(ctx, t, school, key)
		if err != nil {
			return err
		}
		if string(value) == "null" {
			_, err = t.Exec(ctx, "DELETE FROM settings WHERE school = ? AND key = ?", string(school), key)
		} else {
			_, err = t.Exec(ctx, "INSERT INTO settings (school, key, value_sealed) VALUES (?, ?, ?) ON CONFLICT (school, key) DO UPDATE SET value_sealed = excluded.value_sealed",
				string(school), key, store.Seal(v.s.Vault.Data, value, "setting "+string(school)+" "+key))
		}
		if err != nil {
			return fmt.Errorf("write setting: %w", err)
		}
		t.Change("setting", school, key)
		if school == "" {
			return v.s.AuditChanges(ctx, t, v.s.School, "setting.put", "gateway "+key, before, value)
		}
		return v.s.AuditChanges(ctx, t, school, "setting.put", key, before, value)
	})
}

// settingBefore is a setting's JSON inside a write; nil where it was never written.
func (r *Registry) settingBefore(ctx context.Context, t *store.Tx, school g.SchoolID, key string) (any, error) {
	var sealed []byte
	err := t.Row(ctx, "SELECT value_sealed FROM settings WHERE school = ? AND key = ?", string(school), key).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read setting: %w", err)
	}
	value, err := store.Unseal(r.s.Vault.Data, sealed, "setting "+string(school)+" "+key)
	return json.RawMessage(value), err
}
