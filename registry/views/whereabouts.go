package views

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Whereabouts says where a room or device is, for whoever has to go there.
type Whereabouts struct {
	School       g.SchoolID   `json:"school"`
	Zone         g.ZoneID     `json:"zone"`
	ZoneName     string       `json:"zone_name"`
	Building     g.BuildingID `json:"building"`
	BuildingName string       `json:"building_name"`
	SiteName     string       `json:"site_name"`
	Floor        *g.Floor     `json:"floor,omitempty"`
	Area         *g.Area      `json:"area,omitempty"`   // of the room on the floor's plan
	Spot         *g.Point     `json:"spot,omitempty"`   // of the device there
	Camera       *NearCamera  `json:"camera,omitempty"` // nil: there is none in the building
}

// Nearness says why a camera is the nearest.
type Nearness string

// The kinds of nearness, nearest first.
const (
	NearItself   Nearness = "itself"   // it is the device
	NearPlan     Nearness = "plan"     // by the positions on the floor's plan
	NearRoom     Nearness = "room"     // in the same room
	NearFloor    Nearness = "floor"    // on the same floor
	NearBuilding Nearness = "building" // in the same building
)

// NearCamera is the nearest camera.
type NearCamera struct {
	ID    g.DeviceID    `json:"id"`
	Name  string        `json:"name"`
	State g.DeviceState `json:"state"`
	Near  Nearness      `json:"near"`
}

// Whereabouts returns where a zone is, and a device in it; without a zone, where the device's zone
// is. A device that is elsewhere by now has no spot. Of the cameras that can show a picture the
// nearest is named; if none can, the nearest of all.
func (v View) Whereabouts(
	ctx context.Context, zone g.ZoneID, device g.DeviceID,
) (Whereabouts, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return Whereabouts{}, err
	}
	at, spot, err := v.spotOf(ctx, in, device)
	if err != nil {
		return Whereabouts{}, err
	}
	if zone == "" {
		zone = at
	}
	out, err := v.whereIs(ctx, in, zone)
	if err != nil {
		return Whereabouts{}, err
	}
	if at == zone {
		out.Spot = spot
	}
	cameras, err := v.camerasIn(ctx, out.Building)
	if err != nil {
		return Whereabouts{}, err
	}
	out.Camera = nearest(cameras, out, device)
	return out, nil
}

// spotOf is a device's zone and its spot there; both are empty for no device, and for one that is
// not there any more.
func (v View) spotOf(
	ctx context.Context, in store.Reach, device g.DeviceID,
) (zone g.ZoneID, spot *g.Point, err error) {
	if device == "" {
		return "", nil, nil
	}
	var school g.SchoolID
	var x, y *float64
	err = v.s.Reg.Row(ctx,
		"SELECT d.school, d.zone, s.x, s.y FROM devices d LEFT JOIN zones z ON z.id = d.zone "+
			"LEFT JOIN device_spots s ON s.device = d.id AND s.floor = z.floor WHERE d.id = ?",
		string(device)).Scan(&school, &zone, &x, &y)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !in.Has(school) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("read a device's place: %w", err)
	}
	if x != nil {
		spot = &g.Point{X: *x, Y: *y}
	}
	return zone, spot, nil
}

// whereIs reads a zone's building, site, floor and area.
func (v View) whereIs(ctx context.Context, in store.Reach, zone g.ZoneID) (Whereabouts, error) {
	z, err := places.ZoneRow(ctx, v.s.Reg, zone)
	if err != nil {
		return Whereabouts{}, err
	}
	if err := in.Owns(z.School, "zone", string(zone)); err != nil {
		return Whereabouts{}, err
	}
	out := Whereabouts{
		School:   z.School,
		Zone:     z.ID,
		ZoneName: z.Name,
		Building: z.Building,
	}
	err = v.s.Reg.Row(ctx,
		"SELECT b.name, s.name FROM buildings b JOIN sites s ON s.id = b.site WHERE b.id = ?",
		string(z.Building)).Scan(&out.BuildingName, &out.SiteName)
	if err != nil {
		return Whereabouts{}, fmt.Errorf("read a zone's building: %w", err)
	}
	if z.Floor == "" {
		return out, nil
	}
	floor, err := places.FloorRow(ctx, v.s.Reg, z.Floor)
	if err != nil {
		return Whereabouts{}, err
	}
	out.Floor = &floor
	var a g.Area
	err = v.s.Reg.Row(ctx, "SELECT x, y, w, h FROM zone_areas WHERE zone = ? AND floor = ?",
		string(zone), string(z.Floor)).Scan(&a.X, &a.Y, &a.W, &a.H)
	if errors.Is(err, sql.ErrNoRows) {
		return out, nil
	}
	if err != nil {
		return Whereabouts{}, fmt.Errorf("read a zone's area: %w", err)
	}
	out.Area = &a
	return out, nil
}

// camera is a camera of the building with its floor.
type camera struct {
	PlanDevice
	floor g.FloorID
}

func (v View) camerasIn(ctx context.Context, building g.BuildingID) ([]camera, error) {
	floors := map[g.ZoneID]g.FloorID{}
	err := store.Each(ctx, v.s.Reg, "SELECT id, floor FROM zones WHERE building = ?",
		[]any{string(building)}, func(scan func(...any) error) error {
			var id g.ZoneID
			var floor g.FloorID
			err := scan(&id, &floor)
			floors[id] = floor
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read a building's zones: %w", err)
	}
	devices, err := v.planDevices(ctx,
		planDevices+" WHERE z.building = ? AND p.type = ? AND d.enabled = 1 ORDER BY d.name, d.id",
		string(building), string(g.TypeCamera))
	if err != nil {
		return nil, err
	}
	out := make([]camera, len(devices))
	for i, d := range devices {
		out[i] = camera{d, floors[d.Zone]}
	}
	return out, nil
}

// nearest chooses the camera to look through.
func nearest(all []camera, w Whereabouts, device g.DeviceID) *NearCamera {
	if len(all) == 0 {
		return nil
	}
	type ranked struct {
		camera
		near  Nearness
		rank  int
		apart float64
	}
	order := Nearnesses()
	var list []ranked
	for _, c := range all {
		near, apart := nearness(c, w, device)
		rank := slices.Index(order, near)
		if !showsPicture(c.State) {
			rank += len(order)
		}
		list = append(list, ranked{c, near, rank, apart})
	}
	best := slices.MinFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.apart, b.apart))
	})
	return &NearCamera{
		ID:    best.ID,
		Name:  best.Name,
		State: best.State,
		Near:  best.near,
	}
}

// Nearnesses are the kinds of nearness, nearest first.
func Nearnesses() []Nearness {
	return []Nearness{NearItself, NearPlan, NearRoom, NearFloor, NearBuilding}
}

// showsPicture says whether a camera in that state is likely to show a picture.
func showsPicture(s g.DeviceState) bool {
	return s == g.StateOnline || s == g.StateUnknown || s == g.StateFlapping
}

// nearness compares a camera with the place; apart orders cameras on the plan, in the plan's units.
func nearness(c camera, w Whereabouts, device g.DeviceID) (near Nearness, apart float64) {
	at := w.Spot
	if at == nil && w.Area != nil {
		middle := w.Area.Middle()
		at = &middle
	}
	sameFloor := w.Floor != nil && c.floor == w.Floor.ID
	switch {
	case c.ID == device:
		return NearItself, 0
	case sameFloor && at != nil && c.Spot != nil:
		wide, high := 1.0, 1.0
		if p := w.Floor.Plan; p != nil {
			wide, high = float64(p.Width), float64(p.Height)
		}
		return NearPlan, math.Hypot((c.Spot.X-at.X)*wide, (c.Spot.Y-at.Y)*high)
	case c.Zone == w.Zone:
		return NearRoom, 0
	case sameFloor:
		return NearFloor, 0
	}
	return NearBuilding, 0
}
