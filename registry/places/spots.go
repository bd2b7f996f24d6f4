package places

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// The most devices and rooms that are placed on one floor.
const (
	MaxDeviceSpots = 5000
	MaxZoneAreas   = 500
)

// DeviceSpot is where a device is on its floor's plan.
type DeviceSpot struct {
	Device g.DeviceID `json:"device"`
	g.Point
}

// ZoneArea is a zone's part of its floor's plan.
type ZoneArea struct {
	Zone g.ZoneID `json:"zone"`
	g.Area
}

// Spots are the positions on one floor's plan.
type Spots struct {
	Devices []DeviceSpot `json:"devices"`
	Zones   []ZoneArea   `json:"zones"`
}

// Check refuses positions beyond the plan, too many, and a device or zone that is given twice.
func (s Spots) Check() error {
	if len(s.Devices) > MaxDeviceSpots {
		return g.FieldErrorf("devices", "%d entries; at most %d are kept", len(s.Devices), MaxDeviceSpots)
	}
	if len(s.Zones) > MaxZoneAreas {
		return g.FieldErrorf("zones", "%d entries; at most %d are kept", len(s.Zones), MaxZoneAreas)
	}
	seen := map[string]bool{}
	for i, d := range s.Devices {
		field := fmt.Sprintf("devices[%d]", i)
		if !within(d.X) || !within(d.Y) {
			return beyond(field)
		}
		if seen["d"+string(d.Device)] {
			return g.FieldErrorf(field, "%q is given twice", d.Device)
		}
		seen["d"+string(d.Device)] = true
	}
	for i, z := range s.Zones {
		field := fmt.Sprintf("zones[%d]", i)
		if !within(z.X) || !within(z.Y) || !within(z.X+z.W) || !within(z.Y+z.H) || z.W <= 0 || z.H <= 0 {
			return beyond(field)
		}
		if seen["z"+string(z.Zone)] {
			return g.FieldErrorf(field, "%q is given twice", z.Zone)
		}
		seen["z"+string(z.Zone)] = true
	}
	return nil
}

// within says whether a part is one, with room for the rounding of sums; NaN is none.
func within(part float64) bool { return part >= 0 && part <= 1+1e-9 }

func beyond(field string) error {
	return g.FieldErrorf(field,
		"this is beyond the plan: give parts of its width and height, from 0 to 1")
}

// SetSpots replaces the positions on a floor. It checks neither the scope nor whether devices and
// zones are on the floor: the caller must.
func SetSpots(ctx context.Context, t *store.Tx, floor g.FloorID, s Spots) error {
	for _, q := range []string{
		"DELETE FROM device_spots WHERE floor = ?",
		"DELETE FROM zone_areas WHERE floor = ?",
	} {
		if _, err := t.Exec(ctx, q, string(floor)); err != nil {
			return fmt.Errorf("write positions: %w", err)
		}
	}
	for _, d := range s.Devices {
		_, err := t.Exec(ctx,
			"INSERT INTO device_spots (device, floor, x, y) VALUES (?, ?, ?, ?) ON CONFLICT (device) DO "+
				"UPDATE SET floor = excluded.floor, x = excluded.x, y = excluded.y",
			string(d.Device), string(floor), d.X, d.Y)
		if err != nil {
			return fmt.Errorf("write positions: %w", err)
		}
	}
	for _, z := range s.Zones {
		_, err := t.Exec(ctx,
			"INSERT INTO zone_areas (zone, floor, x, y, w, h) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (zone) "+
				"DO UPDATE SET floor = excluded.floor, x = excluded.x, y = excluded.y, w = excluded.w, "+
				"h = excluded.h",
			string(z.Zone), string(floor), z.X, z.Y, z.W, z.H)
		if err != nil {
			return fmt.Errorf("write positions: %w", err)
		}
	}
	return nil
}

// CountSpots are the numbers of placed devices and rooms of a floor.
func CountSpots(ctx context.Context, t *store.Tx, floor g.FloorID) (devices, zones int, err error) {
	err = t.Row(ctx, "SELECT COUNT(*) FROM device_spots WHERE floor = ?", string(floor)).Scan(&devices)
	if err == nil {
		err = t.Row(ctx, "SELECT COUNT(*) FROM zone_areas WHERE floor = ?", string(floor)).Scan(&zones)
	}
	return devices, zones, err
}
