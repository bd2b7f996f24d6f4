package deeds

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// PlaceOnFloor replaces the positions of devices and rooms on a floor's plan. Rooms must be on the
// floor, and devices in such rooms.
func (v View) PlaceOnFloor(ctx context.Context, floor g.FloorID, s places.Spots) error {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return err
	}
	if err := s.Check(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		f, err := places.FloorRow(ctx, t, floor)
		if err != nil {
			return err
		}
		if err := in.Owns(f.School, "floor", string(floor)); err != nil {
			return err
		}
		if err := standThere(ctx, t, floor, s); err != nil {
			return err
		}
		var was, is counts
		if was.Devices, was.Rooms, err = places.CountSpots(ctx, t, floor); err != nil {
			return err
		}
		is.Devices, is.Rooms = len(s.Devices), len(s.Zones)
		if err := places.SetSpots(ctx, t, floor, s); err != nil {
			return err
		}
		t.Change(change.Floor, f.School, string(floor), "spots")
		return v.s.AuditChanges(
			ctx,
			t,
			f.School,
			"floor.spots",
			string(floor),
			was,
			is,
		)
	})
}

// counts are what the audit log shows of positions.
type counts struct {
	Devices int `json:"devices"`
	Rooms   int `json:"rooms"`
}

// standThere checks that the rooms are on the floor, and the devices in rooms of it.
func standThere(ctx context.Context, t *store.Tx, floor g.FloorID, s places.Spots) error {
	zones, err := idsOf(ctx, t, "SELECT id FROM zones WHERE floor = ?", string(floor))
	if err != nil {
		return err
	}
	for i, z := range s.Zones {
		if !zones[string(z.Zone)] {
			return g.FieldErrorf(fmt.Sprintf("zones[%d]", i), "the room %q is not on this floor", z.Zone)
		}
	}
	devices, err := idsOf(ctx, t,
		"SELECT d.id FROM devices d JOIN zones z ON z.id = d.zone WHERE z.floor = ?", string(floor))
	if err != nil {
		return err
	}
	for i, d := range s.Devices {
		if !devices[string(d.Device)] {
			return g.FieldErrorf(fmt.Sprintf("devices[%d]", i),
				"the device %q is in no room of this floor", d.Device)
		}
	}
	return nil
}

func idsOf(ctx context.Context, t *store.Tx, q string, args ...any) (map[string]bool, error) {
	out := map[string]bool{}
	err := store.Each(ctx, t, q, args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		out[id] = true
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read who is on the floor: %w", err)
	}
	return out, nil
}
