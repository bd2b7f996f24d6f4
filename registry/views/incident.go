package views

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// IncidentPlace is a room in which an incident has alerts, or a device that is in no room.
type IncidentPlace struct {
	Zone         g.ZoneID     `json:"zone"`
	ZoneName     string       `json:"zone_name"`
	Floor        g.FloorID    `json:"floor,omitempty"`
	FloorName    string       `json:"floor_name,omitempty"`
	Building     g.BuildingID `json:"building"`
	BuildingName string       `json:"building_name"`
	SiteName     string       `json:"site_name"`
	Alerts       int          `json:"alerts"`
	Firing       int          `json:"firing"`
	// a device that reported there, to find its spot on the plan and the nearest camera
	Device     g.DeviceID `json:"device,omitempty"`
	DeviceName string     `json:"device_name,omitempty"`
	// of how many that fire the device is no longer heard, and when the latest of those was
	Unheard   int         `json:"unheard,omitempty"`
	LastHeard time.Time   `json:"last_heard,omitzero"`
	Camera    *NearCamera `json:"camera,omitempty"` // nil without devices:read
}

// camerasFor is for how many rooms of an incident the nearest camera is looked for.
const camerasFor = 8

// IncidentPlaces returns where an incident is: what still holds first, then by the first alert. The
// room that somebody named is among them, and last where nothing was reported there.
func (v View) IncidentPlaces(ctx context.Context, i g.Incident) ([]IncidentPlace, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	out := []IncidentPlace{}
	for part := range slices.Chunk(i.Alerts, store.Chunk) {
		if out, err = v.roomsOf(ctx, in, part, out); err != nil {
			return nil, err
		}
	}
	if out, err = v.withNamed(ctx, in, i, out); err != nil {
		return nil, err
	}
	slices.SortStableFunc(out, func(a, b IncidentPlace) int {
		return min(b.Firing, 1) - min(a.Firing, 1)
	})
	if _, err := v.s.Reach(ctx, g.DevicesRead); err != nil {
		return out, nil
	}
	for n := range out[:min(len(out), camerasFor)] {
		if out[n].Zone == "" {
			continue
		}
		w, err := v.Whereabouts(ctx, out[n].Zone, out[n].Device)
		if g.ErrorCode(err) == g.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[n].Camera = w.Camera
	}
	return out, nil
}

// placesOf is how many alerts of each incident of a list are looked at for their rooms.
const placesOf = 50

// PlacesOfIncidents returns the rooms of several incidents' first alerts, without cameras.
func (v View) PlacesOfIncidents(
	ctx context.Context, all []g.Incident,
) (map[g.IncidentID][]IncidentPlace, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	out := map[g.IncidentID][]IncidentPlace{}
	for _, i := range all {
		var rooms []IncidentPlace
		if len(i.Alerts) > 0 {
			rooms, err = v.roomsOf(ctx, in, i.Alerts[:min(len(i.Alerts), placesOf)], nil)
			if err != nil {
				return nil, err
			}
		}
		if rooms, err = v.withNamed(ctx, in, i, rooms); err != nil {
			return nil, err
		}
		if len(rooms) > 0 {
			out[i.ID] = rooms
		}
	}
	return out, nil
}

// withNamed adds the room that somebody named as an incident's, unless it is among its alerts' or
// gone.
func (v View) withNamed(
	ctx context.Context, in store.Reach, i g.Incident, rooms []IncidentPlace,
) ([]IncidentPlace, error) {
	has := func(x IncidentPlace) bool { return x.Zone == i.Zone }
	if i.Zone == "" || slices.ContainsFunc(rooms, has) {
		return rooms, nil
	}
	w, err := v.whereIs(ctx, in, i.Zone)
	if g.ErrorCode(err) == g.NotFound {
		return rooms, nil
	}
	if err != nil {
		return nil, err
	}
	x := IncidentPlace{
		Zone:         w.Zone,
		ZoneName:     w.ZoneName,
		Building:     w.Building,
		BuildingName: w.BuildingName,
		SiteName:     w.SiteName,
	}
	if w.Floor != nil {
		x.Floor, x.FloorName = w.Floor.ID, w.Floor.Name
	}
	return append(rooms, x), nil
}

// roomsOf adds where some alerts are.
func (v View) roomsOf(
	ctx context.Context, in store.Reach, ids []g.AlertID, out []IncidentPlace,
) ([]IncidentPlace, error) {
	var rows []IncidentPlace
	err := store.Each(ctx, v.s.Reg,
		"SELECT a.school, COALESCE(z.id, ''), a.device, a.firing, COALESCE(z.name, ''), "+
			"COALESCE(z.building, ''), COALESCE(b.name, ''), COALESCE(s.name, ''), "+
			"COALESCE(z.floor, ''), COALESCE(f.name, '') FROM alerts a "+
			"LEFT JOIN zones z ON z.id = a.zone LEFT JOIN buildings b ON b.id = z.building "+
			"LEFT JOIN sites s ON s.id = b.site LEFT JOIN floors f ON f.id = z.floor "+
			"WHERE (z.id IS NOT NULL OR a.device <> '') AND a.id IN ("+store.Marks(len(ids))+
			") ORDER BY a.opened, a.id", store.Anys(ids), func(scan func(...any) error) error {
			var school g.SchoolID
			var x IncidentPlace
			err := scan(&school, &x.Zone, &x.Device, &x.Firing, &x.ZoneName, &x.Building,
				&x.BuildingName, &x.SiteName, &x.Floor, &x.FloorName)
			if err == nil && in.Has(school) {
				x.Alerts, x.Firing = 1, max(x.Firing, 0)
				rows = append(rows, x)
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read an incident's rooms: %w", err)
	}
	if err := v.devicesOf(ctx, rows); err != nil {
		return nil, err
	}
	for _, x := range rows {
		i := slices.IndexFunc(out, x.at)
		if i < 0 {
			out = append(out, x)
			continue
		}
		out[i].add(x)
	}
	return out, nil
}

// at reports whether another one is in the same room, or of the same device in none.
func (x IncidentPlace) at(y IncidentPlace) bool {
	return x.Zone == y.Zone && (x.Zone != "" || x.Device == y.Device)
}

// add counts the alerts of another one. The device becomes one of what still holds.
func (x *IncidentPlace) add(y IncidentPlace) {
	if x.Firing == 0 && y.Firing > 0 && y.Device != "" {
		x.Device, x.DeviceName = y.Device, y.DeviceName
	}
	x.Alerts += y.Alerts
	x.Firing += y.Firing
	x.Unheard += y.Unheard
	if y.LastHeard.After(x.LastHeard) {
		x.LastHeard = y.LastHeard
	}
}

// devicesOf names the devices of alerts, and says which of those that fire are no longer heard.
func (v View) devicesOf(ctx context.Context, rows []IncidentPlace) error {
	var ids []g.DeviceID
	for _, x := range rows {
		if x.Device != "" {
			ids = append(ids, x.Device)
		}
	}
	devices, err := fleet.SomeDevices(ctx, v.s.Reg, ids)
	if err != nil {
		return err
	}
	unheard, err := fleet.Unheard(ctx, v.s.Reg, ids)
	if err != nil {
		return err
	}
	for i := range rows {
		x := &rows[i]
		if x.Device != "" {
			x.DeviceName = cmp.Or(devices[x.Device].Name, string(x.Device))
		}
		if at, ok := unheard[x.Device]; ok && x.Firing > 0 {
			x.Unheard, x.LastHeard = 1, at
		}
	}
	return nil
}
