package fleet

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// DeviceFilter selects devices; empty fields select all. Query is searched for in name, ID and
// serial.
type DeviceFilter struct {
	store.Page
	School g.SchoolID
	Zone   g.ZoneID
	Type   g.DeviceType
	Driver g.DriverName
	State  g.DeviceState
	Weak   WeakFilter
	Query  string
	Sort   store.Sort // name, zone (by its name) or state (worst first); "": by ID
}

// DeviceRow is a device with its profile's type and its twin.
type DeviceRow struct {
	g.Device
	Type g.DeviceType `json:"type"`
	Twin g.Twin       `json:"twin"`
}
