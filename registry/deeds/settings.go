package deeds

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// PutSetting writes a setting, encrypted, at most 64 KiB of JSON; null deletes it.
func (v View) PutSetting(
	ctx context.Context, school g.SchoolID, key string, value json.RawMessage,
) error {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return err
	}
	if err := places.SettingScope(ctx, v.places, in, school); err != nil {
		return err
	}
	if err := people.HidesNames(ctx, v.people, school); err != nil {
		return err
	}
	if !g.ValidID(key) {
		return g.FieldErrorf("key", "give a name of 1 to 64 letters, digits, '-', '_' or '.'")
	}
	if len(value) > places.MaxSetting {
		return g.Errorf(g.TooLarge, "the setting has %d bytes; at most %d are kept", len(value),
			places.MaxSetting)
	}
	if !json.Valid(value) {
		return g.FieldErrorf("value", "this is not JSON")
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		before, err := places.SettingBefore(
			ctx,
			v.r.places,
			t,
			school,
			key,
		)
		if err != nil {
			return err
		}
		if string(value) == "null" {
			_, err = t.Exec(ctx, "DELETE FROM settings WHERE school = ? AND key = ?",
				string(school), key)
		} else {
			_, err = t.Exec(ctx,
				"INSERT INTO settings (school, key, value_sealed) VALUES (?, ?, ?) ON CONFLICT "+
					"(school, key) DO UPDATE SET value_sealed = excluded.value_sealed",
				string(school), key,
				store.Seal(v.s.Vault.Data, value, "setting "+string(school)+" "+key))
		}
		if err != nil {
			return fmt.Errorf("write setting: %w", err)
		}
		t.Change(change.Setting, school, key)
		if school == "" {
			return v.s.AuditChanges(ctx, t, v.s.School, "setting.put", "gateway "+key, before,
				value)
		}
		return v.s.AuditChanges(
			ctx,
			t,
			school,
			"setting.put",
			key,
			before,
			value,
		)
	})
}
