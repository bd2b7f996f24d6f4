package alerts

import (
	g "github.com/gatehouse-iot/gatehouse"
)

// movedSince sets MovedTo of alerts that are not closed and whose device has moved since, so that
// nobody goes to the old room; the alert's own zone is unchanged. It excludes devices that report
// sightings in other zones than their own.
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
