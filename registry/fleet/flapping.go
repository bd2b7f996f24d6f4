package fleet

import (
	"context"
	"fmt"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// FlappingDevice is a device in state flapping, and when it was last heard.
type FlappingDevice struct {
	ID       g.DeviceID
	LastSeen time.Time
	Allowed  time.Duration // silence after which it is offline
}

// FlappingDevices lists the enabled devices in state flapping; only for system scopes.
func (v View) FlappingDevices(ctx context.Context) ([]FlappingDevice, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	q := `SELECT d.id, t.last_seen, CASE WHEN p.offline_after > 0 THEN p.offline_after ELSE ` +
		strconv.Itoa(g.DefaultOfflineAfter) + ` END
		FROM twins t JOIN devices d ON d.id = t.device JOIN profiles p ON p.id = d.profile
		WHERE t.state = ? AND d.enabled = 1 ORDER BY d.id`
	var out []FlappingDevice
	err := store.Each(ctx, v.s.Reg, q, []any{string(g.StateFlapping)},
		func(scan func(...any) error) error {
			var d FlappingDevice
			var seen, allowed int64
			if err := scan(&d.ID, &seen, &allowed); err != nil {
				return err
			}
			d.LastSeen, d.Allowed = store.Moment(seen), time.Duration(allowed)*time.Second
			out = append(out, d)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("find flapping devices: %w", err)
	}
	return out, nil
}
