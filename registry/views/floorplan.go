package views

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// FloorPlan is a floor with its rooms and devices. Those without a position are listed too.
type FloorPlan struct {
	Floor   g.Floor      `json:"floor"`
	Rooms   []PlanRoom   `json:"rooms" nullable:"false"`
	Devices []PlanDevice `json:"devices" nullable:"false"`
}

// PlanRoom is a zone of the floor.
type PlanRoom struct {
	ID      g.ZoneID   `json:"id"`
	Name    string     `json:"name"`
	Kind    g.ZoneKind `json:"kind"`
	Private bool       `json:"private"`
	Area    *g.Area    `json:"area,omitempty"` // nil: not drawn
}

// PlanDevice is a device in a zone of the floor.
type PlanDevice struct {
	ID    g.DeviceID    `json:"id"`
	Name  string        `json:"name"`
	Zone  g.ZoneID      `json:"zone"`
	Type  g.DeviceType  `json:"type"`
	State g.DeviceState `json:"state"`
	Spot  *g.Point      `json:"spot,omitempty"` // nil: not placed
}

// Spots are the positions of the plan.
func (p FloorPlan) Spots() (s places.Spots) {
	for _, d := range p.Devices {
		if d.Spot != nil {
			s.Devices = append(s.Devices, places.DeviceSpot{
				Device: d.ID,
				Point:  *d.Spot,
			})
		}
	}
	for _, z := range p.Rooms {
		if z.Area != nil {
			s.Zones = append(s.Zones, places.ZoneArea{
				Zone: z.ID,
				Area: *z.Area,
			})
		}
	}
	return s
}

// FloorPlan returns a floor with its rooms, its devices and their states, each by name.
func (v View) FloorPlan(ctx context.Context, id g.FloorID) (FloorPlan, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return FloorPlan{}, err
	}
	out := FloorPlan{
		Rooms:   []PlanRoom{},
		Devices: []PlanDevice{},
	}
	if out.Floor, err = places.FloorRow(ctx, v.s.Reg, id); err != nil {
		return FloorPlan{}, err
	}
	if err := in.Owns(out.Floor.School, "floor", string(id)); err != nil {
		return FloorPlan{}, err
	}
	if out.Rooms, err = v.roomsOn(ctx, id); err != nil {
		return FloorPlan{}, err
	}
	out.Devices, err = v.devicesOn(ctx, id)
	return out, err
}

func (v View) roomsOn(ctx context.Context, id g.FloorID) ([]PlanRoom, error) {
	out := []PlanRoom{}
	err := store.Each(ctx, v.s.Reg,
		"SELECT z.id, z.name, z.kind, z.private, a.x, a.y, a.w, a.h FROM zones z LEFT JOIN zone_areas a "+
			"ON a.zone = z.id AND a.floor = z.floor WHERE z.floor = ? ORDER BY z.name, z.id",
		[]any{string(id)}, func(scan func(...any) error) error {
			var x PlanRoom
			var at [4]*float64
			if err := scan(
				&x.ID,
				&x.Name,
				&x.Kind,
				&x.Private,
				&at[0],
				&at[1],
				&at[2],
				&at[3],
			); err != nil {
				return err
			}
			if at[0] != nil {
				x.Area = &g.Area{
					X: *at[0],
					Y: *at[1],
					W: *at[2],
					H: *at[3],
				}
			}
			out = append(out, x)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read a floor's rooms: %w", err)
	}
	return out, nil
}

// planDevices reads devices with their places on the plan of their zone's floor.
const planDevices = "SELECT d.id, d.name, d.zone, p.type, d.enabled, COALESCE(t.state, 'unknown'), s.x, s.y " +
	"FROM devices d JOIN profiles p ON p.id = d.profile JOIN zones z ON z.id = d.zone " +
	"LEFT JOIN twins t ON t.device = d.id " +
	"LEFT JOIN device_spots s ON s.device = d.id AND s.floor = z.floor"

func (v View) devicesOn(ctx context.Context, id g.FloorID) ([]PlanDevice, error) {
	return v.planDevices(ctx, planDevices+" WHERE z.floor = ? ORDER BY d.name, d.id", string(id))
}

func (v View) planDevices(ctx context.Context, q string, args ...any) ([]PlanDevice, error) {
	out := []PlanDevice{}
	err := store.Each(ctx, v.s.Reg, q, args, func(scan func(...any) error) error {
		x, enabled := PlanDevice{}, false
		var left, top *float64
		err := scan(
			&x.ID,
			&x.Name,
			&x.Zone,
			&x.Type,
			&enabled,
			&x.State,
			&left,
			&top,
		)
		if err != nil {
			return err
		}
		if !enabled {
			x.State = g.StateDisabled
		}
		if left != nil {
			x.Spot = &g.Point{
				X: *left,
				Y: *top,
			}
		}
		out = append(out, x)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read devices of a plan: %w", err)
	}
	return out, nil
}
