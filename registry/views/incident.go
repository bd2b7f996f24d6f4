package views

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// IncidentPlace is a room in which an incident has alerts.
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
	Device g.DeviceID  `json:"device,omitempty"`
	Camera *NearCamera `json:"camera,omitempty"` // nil without devices:read
}

// camerasFor is for how many rooms of an incident the nearest camera is looked for.
const camerasFor = 8

// IncidentPlaces returns the rooms of alerts: those where something still holds first, then by
// their first alert.
func (v View) IncidentPlaces(ctx context.Context, ids []g.AlertID) ([]IncidentPlace, error) {
	in, err := v.s.Reach(ctx, g.AlertsRead)
	if err != nil {
		return nil, err
	}
	out := []IncidentPlace{}
	for part := range slices.Chunk(ids, store.Chunk) {
		if out, err = v.roomsOf(ctx, in, part, out); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b IncidentPlace) int {
		return min(b.Firing, 1) - min(a.Firing, 1)
	})
	if _, err := v.s.Reach(ctx, g.DevicesRead); err != nil {
		return out, nil
	}
	for i := range out[:min(len(out), camerasFor)] {
		w, err := v.Whereabouts(ctx, out[i].Zone, out[i].Device)
		if g.ErrorCode(err) == g.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out[i].Camera = w.Camera
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
		if len(i.Alerts) == 0 {
			continue
		}
		rooms, err := v.roomsOf(ctx, in, i.Alerts[:min(len(i.Alerts), placesOf)], nil)
		if err != nil {
			return nil, err
		}
		if len(rooms) > 0 {
			out[i.ID] = rooms
		}
	}
	return out, nil
}

// roomsOf adds the rooms of some alerts.
func (v View) roomsOf(
	ctx context.Context, in store.Reach, ids []g.AlertID, out []IncidentPlace,
) ([]IncidentPlace, error) {
	err := store.Each(ctx, v.s.Reg,
		"SELECT a.school, a.zone, a.device, a.firing, z.name, z.building, b.name, s.name, z.floor, "+
			"COALESCE(f.name, '') FROM alerts a JOIN zones z ON z.id = a.zone "+
			"JOIN buildings b ON b.id = z.building JOIN sites s ON s.id = b.site "+
			"LEFT JOIN floors f ON f.id = z.floor WHERE a.id IN ("+store.Marks(len(ids))+
			") ORDER BY a.opened, a.id", store.Anys(ids), func(scan func(...any) error) error {
			var school g.SchoolID
			var x IncidentPlace
			err := scan(&school, &x.Zone, &x.Device, &x.Firing, &x.ZoneName, &x.Building,
				&x.BuildingName, &x.SiteName, &x.Floor, &x.FloorName)
			if err != nil || !in.Has(school) {
				return err
			}
			x.Alerts, x.Firing = 1, max(x.Firing, 0)
			i := slices.IndexFunc(out, func(y IncidentPlace) bool { return y.Zone == x.Zone })
			if i < 0 {
				out = append(out, x)
				return nil
			}
			out[i].Alerts++
			out[i].Firing += x.Firing
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read an incident's rooms: %w", err)
	}
	return out, nil
}
