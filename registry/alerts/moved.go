package alerts

import (
	g "github.com/gatehouse-iot/gatehouse"
)

// movedSince says of alerts that are not closed where their device is now, where it was moved
// since: whoever goes there must not stand in the old room. Where the alert was raised stays as
// it is. A device that sees another zone than its own alarms there; that is no move.
func movedSince(rows []AlertRow, devices map[g.DeviceID]g.Device) {
	for i := range rows {
		a := &rows[i]
		if a.Device == "" || a.Zone == "" || a.State == g.AlertClosed || a.Sighting != "" {
			continue
		}
		if d, ok := devices[a.Device]; ok && d.Zone != a.Zone {
			a.MovedTo = d.Zone
		}
	}
}
