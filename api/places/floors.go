package places

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// maxDrawing is the most bytes of a drawing.
const maxDrawing = 4 << 20

type floorBody struct {
	ID       g.FloorID    `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School   g.SchoolID   `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Building g.BuildingID `json:"building" minLength:"1" maxLength:"64" doc:"The building that it is in; it stays there."`
	Name     string       `json:"name" minLength:"1" maxLength:"200" doc:"The name that people know." example:"Second floor"`
	Level    int          `json:"level" minimum:"-20" maximum:"200" doc:"0 is the ground floor; orders the floors of a building." example:"1"`
}

type spotsInput struct {
	gate.ByID
	gate.Matching
	Body struct {
		Devices []deviceSpot `json:"devices" maxItems:"5000" nullable:"false" doc:"Where the devices are; the others are taken off."`
		Rooms   []roomArea   `json:"rooms" maxItems:"500" nullable:"false" doc:"Where the zones are; the others are taken off."`
	}
}

type deviceSpot struct {
	Device g.DeviceID `json:"device" minLength:"1" maxLength:"64" doc:"The device; its zone is on the floor."`
	X      float64    `json:"x" minimum:"0" maximum:"1" doc:"From 0, the left edge of the plan, to 1."`
	Y      float64    `json:"y" minimum:"0" maximum:"1" doc:"From 0, the upper edge of the plan, to 1."`
}

type roomArea struct {
	Zone g.ZoneID `json:"zone" minLength:"1" maxLength:"64" doc:"The zone; it is on the floor."`
	X    float64  `json:"x" minimum:"0" maximum:"1" doc:"The left edge, from 0 to 1."`
	Y    float64  `json:"y" minimum:"0" maximum:"1" doc:"The upper edge, from 0 to 1."`
	W    float64  `json:"w" minimum:"0" maximum:"1" doc:"The width, as a part of the plan's."`
	H    float64  `json:"h" minimum:"0" maximum:"1" doc:"The height, as a part of the plan's."`
}

type drawingInput struct {
	gate.ByID
	RawBody []byte `contentType:"image/svg+xml"`
}

// PlanSent is the answer to a drawing.
type PlanSent struct {
	Floor g.Floor  `json:"floor"`
	Left  []string `json:"left" nullable:"false"`
}

// drawn is a drawing as it goes out: shown by an img, it can neither run nor load anything, and
// opened by itself no more.
type drawn struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Policy       string `header:"Content-Security-Policy"`
	Body         []byte
}

const drawnPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"

func (s *area) registerFloors() {
	const tag = "Schools and places"
	kind(s, "floor", tag, gate.Thing[floorBody, g.Floor]{
		Load: func(ctx context.Context, id string) (g.Floor, error) {
			return s.View(ctx).Places.Floor(ctx, g.FloorID(id))
		},
		Save: func(ctx context.Context, id string, b floorBody) (g.Floor, error) {
			return s.View(ctx).Places.PutFloor(ctx, g.Floor{
				ID:       g.FloorID(id),
				School:   gate.SchoolOf(ctx, b.School),
				Building: b.Building,
				Name:     b.Name,
				Level:    b.Level,
			})
		},
	}, func(ctx context.Context, id string) error {
		return s.View(ctx).Places.DeleteFloor(ctx, g.FloorID(id))
	})
	s.registerPlans(tag)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/whereabouts",
		ID:      "whereabouts",
		Screen:  true,
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "Where a zone or device is, with the nearest camera",
		Doc: "Of the cameras of the building that can show a picture, the nearest: the device itself, " +
			"by the positions on the floor's plan, in the same room, on the same floor, in the " +
			"building. If none can show one, the nearest of all.",
	}, func(ctx context.Context, in *struct {
		Zone   g.ZoneID   `query:"zone" maxLength:"64" doc:"The zone; empty: that of the device."`
		Device g.DeviceID `query:"device" maxLength:"64" doc:"A device, for its spot on the plan."`
	}) (*gate.Body[views.Whereabouts], error) {
		return gate.Answer(s.View(ctx).Views.Whereabouts(ctx, in.Zone, in.Device))
	})
}

func (s *area) registerPlans(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/floors/{id}/plan",
		ID:      "get-plan",
		Screen:  true,
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "A floor with its rooms, its devices and where they are",
		Doc:     "The tag covers the positions and not the states.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[views.FloorPlan], error) {
		p, err := s.View(ctx).Views.FloorPlan(ctx, g.FloorID(in.ID))
		return gate.WithTag(gate.TagOf(p.Spots(), p), p), err
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/floors/{id}/spots",
		ID:       "put-spots",
		Tag:      tag,
		Perm:     g.DevicesWrite,
		Max:      2 << 20,
		Matching: true,
		Summary:  "Place devices and rooms on a floor's plan",
		Doc:      "Replaces all positions of the floor.",
	}, s.putSpots)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/floors/{id}/drawing",
		ID:          "get-drawing",
		Screen:      true,
		Tag:         tag,
		Perm:        g.DevicesRead,
		Unavailable: true,
		Raw:         "image/*",
		Summary:     "The drawing of a floor",
	}, s.drawing)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "PUT",
		Path:        "/v1/floors/{id}/drawing",
		ID:          "put-drawing",
		Tag:         tag,
		Perm:        g.DevicesWrite,
		Max:         maxDrawing,
		Unavailable: true,
		Summary:     "Send the drawing of a floor",
		Doc: "SVG, PNG or JPEG, at most 4 MB, 24 million pixels and 200,000 shapes. Of an SVG only " +
			"shapes, texts, styles and pictures within it are kept; left names the rest. Positions " +
			"on the plan stay.",
	}, s.putDrawing)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/floors/{id}/drawing",
		ID:      "delete-drawing",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Summary: "Take the drawing of a floor away",
		Doc:     "It is destroyed within two hours.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		_, err := s.View(ctx).Places.SetPlan(ctx, g.FloorID(in.ID), nil)
		return &gate.None{}, err
	})
	sent := s.OpenAPI().Paths["/v1/floors/{id}/drawing"].Put.RequestBody.Content
	sent["image/png"], sent["image/jpeg"] = sent["image/svg+xml"], sent["image/svg+xml"]
}

func (s *area) putSpots(
	ctx context.Context, in *spotsInput,
) (*gate.Tagged[views.FloorPlan], error) {
	id := g.FloorID(in.ID)
	var to places.Spots
	for _, d := range in.Body.Devices {
		to.Devices = append(to.Devices, places.DeviceSpot{
			Device: d.Device,
			Point: g.Point{
				X: d.X,
				Y: d.Y,
			},
		})
	}
	for _, r := range in.Body.Rooms {
		to.Zones = append(to.Zones, places.ZoneArea{
			Zone: r.Zone,
			Area: g.Area{
				X: r.X,
				Y: r.Y,
				W: r.W,
				H: r.H,
			},
		})
	}
	on := gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
		p, err := s.View(ctx).Views.FloorPlan(ctx, id)
		return gate.TagOf(p.Spots()), err
	})
	if err := s.View(on).Deeds.PlaceOnFloor(on, id, to); err != nil {
		return nil, err
	}
	p, err := s.View(ctx).Views.FloorPlan(ctx, id)
	return gate.WithTag(gate.TagOf(p.Spots(), p), p), err
}

func (s *area) drawing(ctx context.Context, in *gate.ByID) (*drawn, error) {
	if s.needs.Drawings == nil {
		return nil, gate.Missing("a media store")
	}
	f, err := s.View(ctx).Places.Floor(ctx, g.FloorID(in.ID))
	if err != nil {
		return nil, err
	}
	if f.Plan == nil {
		return nil, g.Errorf(g.NotFound, "the floor has no plan: send its drawing")
	}
	b, err := s.needs.Drawings.Drawing(ctx, f.School, f.Plan.Picture)
	if err != nil {
		return nil, err
	}
	return &drawn{f.Plan.Type, "private, no-store", drawnPolicy, b}, nil
}

func (s *area) putDrawing(ctx context.Context, in *drawingInput) (*gate.Body[PlanSent], error) {
	if s.needs.Drawings == nil {
		return nil, gate.Missing("a media store")
	}
	f, err := s.View(ctx).Places.Floor(ctx, g.FloorID(in.ID))
	if err != nil {
		return nil, err
	}
	plan, left, err := s.needs.Drawings.PutDrawing(f.School, in.RawBody)
	if err != nil {
		return nil, err
	}
	f, err = s.View(ctx).Places.SetPlan(ctx, f.ID, &plan)
	return gate.Answer(PlanSent{f, gate.Some(left)}, err)
}
