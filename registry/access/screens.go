package access

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// screenPurpose is what a screen's key is for, in the audit log.
const screenPurpose = "the guard room's screen shows the wall"

// ScreenPermissions are what a guard room's screen may do, at most: it reads, and of that the gate
// lets it have what its page shows.
func ScreenPermissions() []g.Permission {
	return []g.Permission{g.AlertsRead, g.DevicesRead, g.CameraView}
}

// PairScreen makes the key of a guard room's screen for one school, never for its subtree, and
// returns its secret, which goes to the screen alone. It lasts a year, unless it is revoked, and
// like every key no longer than who made it may do the same.
func (v View) PairScreen(ctx context.Context, school g.SchoolID, name string) (g.APIKey, string, error) {
	return v.makeKey(ctx, g.APIKey{
		School:      school,
		Name:        name,
		Purpose:     screenPurpose,
		Permissions: ScreenPermissions(),
		Expires:     v.s.Now().Add(maxKeyLife),
		Screen:      true,
	}, "screen.pair")
}

// Screens lists the keys of screens of the school, or of all schools in scope, newest first.
func (v View) Screens(ctx context.Context, school g.SchoolID) ([]g.APIKey, error) {
	in, err := v.s.Reach(ctx, g.KeysAdmin)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	w.And("screen = 1")
	return v.keysWhere(ctx, w)
}

// keysWhere lists the selected keys, newest first.
func (v View) keysWhere(ctx context.Context, w store.Where) ([]g.APIKey, error) {
	out := []g.APIKey{}
	err := store.Each(ctx, v.s.Reg,
		"SELECT "+keyColumns+" FROM api_keys"+w.String()+" ORDER BY created DESC, id", w.Args,
		func(scan func(...any) error) error {
			k, err := scanKey(scan)
			out = append(out, k)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return out, v.r.fillKeys(ctx, out)
}
