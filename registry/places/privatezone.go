package places

import (
	"context"
	"database/sql"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MayUnmark refuses to let callers without settings:write make a private zone public, since cameras
// can be assigned to it then.
func MayUnmark(ctx context.Context, v View, t *store.Tx, x g.Zone) error {
	if x.Private || v.s.System != "" || v.s.Can(g.SettingsWrite) {
		return nil
	}
	private := false
	err := t.Row(ctx, "SELECT private FROM zones WHERE id = ?", string(x.ID)).Scan(&private)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !private {
		return nil
	}
	if err != nil {
		return err
	}
	return g.Errorf(g.Forbidden,
		"the zone is marked private, and only an administrator (settings:write) takes the mark "+
			"away or deletes it: "+
			"without it a camera could be bound there").At("private")
}

// ZoneBefore reads the stored zone.
func ZoneBefore(id g.ZoneID) store.Former {
	return func(ctx context.Context, t *store.Tx) (any, error) {
		var old g.Zone
		row := t.Row(ctx, "SELECT "+zoneColumns+" FROM zones WHERE id = ?", string(id))
		return asItStands(row, &old, zoneFields(&old)...)
	}
}
