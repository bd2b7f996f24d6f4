package places

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxSetting is the most bytes of a setting's JSON.
const MaxSetting = 64 << 10

// SettingScope checks who a setting belongs to: a school within reach, or "" for the whole gateway,
// which the top school controls.
func SettingScope(ctx context.Context, v View, in store.Reach, school g.SchoolID) error {
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

// Setting returns a setting's JSON; ok is false if it was never written. School "" is the gateway
// itself. Every scope of the school may read all settings; the caller decides which are shown.
func (v View) Setting(
	ctx context.Context, school g.SchoolID, key string,
) (value json.RawMessage, ok bool, err error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, false, err
	}
	if err := SettingScope(ctx, v, in, school); err != nil {
		return nil, false, err
	}
	var sealed []byte
	err = v.s.Reg.Row(ctx, "SELECT value_sealed FROM settings WHERE school = ? AND key = ?",
		string(school), key).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read setting: %w", err)
	}
	value, err = store.Unseal(v.s.Vault.Data, sealed, "setting "+string(school)+" "+key)
	return value, err == nil, err
}

// SettingBefore is a setting's JSON within a write; nil if it was never written.
func SettingBefore(
	ctx context.Context, r *Book, t *store.Tx, school g.SchoolID, key string,
) (any, error) {
	var sealed []byte
	err := t.Row(ctx, "SELECT value_sealed FROM settings WHERE school = ? AND key = ?",
		string(school), key).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read setting: %w", err)
	}
	value, err := store.Unseal(r.s.Vault.Data, sealed, "setting "+string(school)+" "+key)
	return json.RawMessage(value), err
}
