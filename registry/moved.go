package registry

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// movedSince says of alerts that are not closed where their device is now, where it was moved
// since: whoever goes there must not stand in the old room. Where the alert was raised stays as
// it is. A device that sees another zone than its own alarms there; that is no move.
func (r *Registry) movedSince(ctx context.Context, rows []AlertRow) error {
	of := map[g.DeviceID][]*AlertRow{}
	var devices []string
	for i := range rows {
		a := &rows[i]
		if a.Device == "" || a.Zone == "" || a.State == g.AlertClosed || a.Sighting != "" {
			continue
		}
		if of[a.Device] == nil {
			devices = append(devices, string(a.Device))
		}
		of[a.Device] = append(of[a.Device], a)
	}
	for len(devices) > 0 {
		part := devices[:min(store.Chunk, len(devices))]
		devices = devices[len(part):]
		err := store.Each(ctx, r.s.Reg, "SELECT id, zone FROM devices WHERE id IN ("+store.Marks(len(part))+")", store.Anys(part), func(scan func(...any) error) error {
			var id g.DeviceID
			var zone g.ZoneID
			err := scan(&id, &zone)
			for _, a := range of[id] {
				if zone != a.Zone {
					a.MovedTo = zone
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read where devices are: %w", err)
		}
	}
	return nil
}
