package demo

import (
	"context"
	"fmt"
	"html"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/places"
)

// A plan of the demo school, in units of its drawing: rooms on both sides of a corridor.
const (
	planWidth  = 1200.0
	planHeight = 700.0
	planEdge   = 40.0
	roomHeight = 260.0
	roomsAt    = 400.0 // where the lower row begins
)

// room is a zone of the demo school with its place on its building's plan.
type room struct {
	zone
	x, y, w float64
}

func floorOf(building string) g.FloorID { return g.FloorID("demo-" + building + "-0") }

// rooms are those of a building, in two rows.
func rooms(building string) (out []room) {
	for _, z := range zones {
		if z.building == building {
			out = append(out, room{zone: z})
		}
	}
	columns := float64((len(out) + 1) / 2)
	w := (planWidth - 2*planEdge) / columns
	for i := range out {
		out[i].x, out[i].y, out[i].w = planEdge+w*float64(i/2), planEdge, w
		if i%2 == 1 {
			out[i].y = roomsAt
		}
	}
	return out
}

// floor adds the ground floor of a building, for its zones to name. A floor that is there keeps
// what somebody has made of it.
func (s *seeder) floor(ctx context.Context, building string) error {
	if _, err := s.view.Places.Floor(ctx, floorOf(building)); g.ErrorCode(err) != g.NotFound {
		return err
	}
	_, err := s.view.Places.PutFloor(ctx, g.Floor{
		ID:       floorOf(building),
		School:   schoolID,
		Building: g.BuildingID("demo-" + building),
		Name:     s.name("Ground floor", "一层"),
	})
	return err
}

// plans draws the floors that have no plan, and places rooms and devices on them.
func (s *seeder) plans(ctx context.Context) error {
	for _, b := range buildings {
		id := floorOf(b.key)
		f, err := s.view.Places.Floor(ctx, id)
		if err != nil {
			return err
		}
		if f.Plan != nil {
			continue
		}
		plan, _, err := s.a.Drawings().PutDrawing(schoolID, []byte(s.drawing(rooms(b.key))))
		if err != nil {
			return err
		}
		if _, err := s.view.Places.SetPlan(ctx, id, &plan); err != nil {
			return err
		}
		if err := s.view.Deeds.PlaceOnFloor(ctx, id, s.spots(rooms(b.key))); err != nil {
			return err
		}
	}
	return nil
}

// drawing is a plan as SVG.
func (s *seeder) drawing(all []room) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g">`, planWidth, planHeight)
	fmt.Fprintf(&b, `<rect width="%g" height="%g" fill="#ffffff"/>`, planWidth, planHeight)
	for _, r := range all {
		fmt.Fprintf(&b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#f3f6f8" `+
			`stroke="#33414d" stroke-width="4"/>`, r.x, r.y, r.w, roomHeight)
		fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" font-size="26" fill="#33414d">%s</text>`,
			r.x+14, r.y+roomHeight-16, html.EscapeString(s.name(r.name, r.zh)))
	}
	b.WriteString(`</svg>`)
	return b.String()
}

// spots are where rooms and their devices are.
func (s *seeder) spots(all []room) (out places.Spots) {
	for _, r := range all {
		out.Zones = append(out.Zones, places.ZoneArea{
			Zone: s.zones[r.key],
			Area: g.Area{
				X: r.x / planWidth,
				Y: r.y / planHeight,
				W: r.w / planWidth,
				H: roomHeight / planHeight,
			},
		})
		out.Devices = append(out.Devices, s.devicesIn(r)...)
	}
	return out
}

// devicesIn spreads the devices of a room along its middle.
func (s *seeder) devicesIn(r room) (out []places.DeviceSpot) {
	for _, t := range s.out.devices {
		if t.zone == r.key {
			out = append(out, places.DeviceSpot{Device: g.DeviceID(t.id)})
		}
	}
	for i := range out {
		part := float64(i+1) / float64(len(out)+1)
		out[i].Point = g.Point{
			X: (r.x + r.w*part) / planWidth,
			Y: (r.y + roomHeight/2) / planHeight,
		}
	}
	return out
}
