package registry_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// storey is a floor of a's building with a plan, the gate and a second room on it.
type storey struct {
	*district
	floor g.Floor
	room  g.Zone
}

func newStorey(t *testing.T, o registry.Options, c *clock) *storey {
	t.Helper()
	ctx := t.Context()
	d := newDistrict(t, o, c)
	gate := d.gate["a"]
	f := must[g.Floor](t)(d.sys.Places.PutFloor(ctx,
		g.Floor{School: "a", Building: gate.Building, Name: "Ground floor"}))
	f = must[g.Floor](t)(d.sys.Places.SetPlan(ctx, f.ID,
		&g.Plan{Picture: "pln_1", Type: "image/svg+xml", Width: 800, Height: 400}))
	gate.Floor = f.ID
	d.gate["a"] = must[g.Zone](t)(d.sys.Deeds.PutZone(ctx, gate))
	room := must[g.Zone](t)(d.sys.Deeds.PutZone(ctx, g.Zone{
		School:   "a",
		Building: gate.Building,
		Name:     "Laboratory",
		Kind:     g.ZoneLaboratory,
		Floor:    f.ID,
	}))
	return &storey{d, f, room}
}

func (s *storey) camera(t *testing.T, id g.DeviceID, zone g.ZoneID) {
	t.Helper()
	_, _, err := s.sys.Fleet.CreateDevice(t.Context(), g.Device{
		ID:      id,
		School:  "a",
		Zone:    zone,
		Profile: "camera",
		Driver:  "camera",
		Name:    "Camera " + string(id),
		Enabled: true,
	}, nil)
	ok(t, err)
}

func TestFloors(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		s := newStorey(t, o, c)
		v := s.as(s.a, g.RoleFacility)
		p := must[places.Places](t)(v.Places.Of(ctx, "a"))
		if len(p.Floors) != 1 || p.Floors[0].Plan == nil || p.Floors[0].Plan.Width != 800 {
			t.Fatalf("got %+v, want the floor with its plan", p.Floors)
		}
		main := must[g.Building](t)(v.Places.Building(ctx, s.gate["a"].Building))
		_, err := v.Places.PutFloor(ctx, g.Floor{School: "a", Building: main.ID, Name: "x", Level: 201})
		wantCode(t, err, g.Invalid)
		other := must[g.Building](t)(v.Places.PutBuilding(ctx,
			g.Building{School: "a", Site: main.Site, Name: "Other"}))
		moved := s.floor
		moved.Building = other.ID
		_, err = v.Places.PutFloor(ctx, moved)
		wantCode(t, err, g.Invalid)
		_, err = v.Deeds.PutZone(ctx, g.Zone{
			School: "a", Building: other.ID, Name: "x", Kind: g.ZoneOther, Floor: s.floor.ID,
		})
		wantCode(t, err, g.Invalid)
		wantCode(t, v.Places.DeleteFloor(ctx, s.floor.ID), g.Conflict)
		renamed := must[g.Floor](t)(v.Places.PutFloor(ctx,
			g.Floor{ID: s.floor.ID, School: "a", Building: s.floor.Building, Name: "Level 0"}))
		if renamed.Plan == nil || renamed.Name != "Level 0" {
			t.Errorf("got %+v, want the plan kept under the new name", renamed)
		}
		empty := must[g.Floor](t)(v.Places.PutFloor(ctx,
			g.Floor{School: "a", Building: other.ID, Name: "Roof", Level: 9}))
		wantCode(t, v.Places.DeleteBuilding(ctx, other.ID), g.Conflict)
		ok(t, v.Places.DeleteFloor(ctx, empty.ID))
		ok(t, v.Places.DeleteBuilding(ctx, other.ID))
		drawings := must[map[g.MediaID]bool](t)(s.sys.Places.Drawings(ctx))
		if !cmp.Equal(drawings, map[g.MediaID]bool{"pln_1": true}) {
			t.Errorf("got %v, want the one drawing", drawings)
		}
	})
}

func TestPositionsOnAPlan(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		s := newStorey(t, o, c)
		v, device := s.as(s.a, g.RoleFacility), s.device["a"].ID
		at := places.Spots{
			Devices: []places.DeviceSpot{{Device: device, Point: g.Point{X: 0.25, Y: 0.5}}},
			Zones:   []places.ZoneArea{{Zone: s.room.ID, Area: g.Area{X: 0.5, Y: 0.1, W: 0.5, H: 0.4}}},
		}
		ok(t, v.Deeds.PlaceOnFloor(ctx, s.floor.ID, at))
		plan := must[views.FloorPlan](t)(s.as(s.a, g.RoleSecurity).Views.FloorPlan(ctx, s.floor.ID))
		if got := plan.Spots(); !cmp.Equal(got, at) {
			t.Errorf("got %+v, want %+v", got, at)
		}
		if len(plan.Rooms) != 2 || len(plan.Devices) != 1 || plan.Devices[0].State != g.StateUnknown {
			t.Errorf("got %+v, want both rooms and the device with its state", plan)
		}
		for name, wrong := range map[string]places.Spots{
			"beyond":     {Devices: []places.DeviceSpot{{Device: device, Point: g.Point{X: 1.2}}}},
			"elsewhere":  {Devices: []places.DeviceSpot{{Device: s.device["b"].ID}}},
			"twice":      {Devices: []places.DeviceSpot{{Device: device}, {Device: device}}},
			"too wide":   {Zones: []places.ZoneArea{{Zone: s.room.ID, Area: g.Area{X: 0.6, W: 0.5, H: 0.1}}}},
			"no area":    {Zones: []places.ZoneArea{{Zone: s.room.ID}}},
			"other room": {Zones: []places.ZoneArea{{Zone: s.gate["b"].ID, Area: g.Area{W: 1, H: 1}}}},
		} {
			if err := v.Deeds.PlaceOnFloor(ctx, s.floor.ID, wrong); g.ErrorCode(err) != g.Invalid {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		// A device that moves to a room without a floor leaves the plan.
		gate := s.gate["a"]
		gate.Floor = ""
		must[g.Zone](t)(v.Deeds.PutZone(ctx, gate))
		plan = must[views.FloorPlan](t)(v.Views.FloorPlan(ctx, s.floor.ID))
		if len(plan.Devices) != 0 {
			t.Errorf("got %+v, want no device left", plan.Devices)
		}
		ok(t, v.Deeds.PlaceOnFloor(ctx, s.floor.ID, places.Spots{}))
	})
}

func TestTheNearestCamera(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		s := newStorey(t, o, c)
		v, device := s.as(s.a, g.RoleAdmin), s.device["a"].ID
		look := func() string {
			t.Helper()
			w := must[views.Whereabouts](t)(v.Views.Whereabouts(ctx, "", device))
			if w.Camera == nil {
				return ""
			}
			return string(w.Camera.ID) + " " + string(w.Camera.Near)
		}
		want := func(camera string) {
			t.Helper()
			if got := look(); got != camera {
				t.Errorf("got %q, want %q", got, camera)
			}
		}
		want("")
		attic := must[g.Zone](t)(v.Deeds.PutZone(ctx, g.Zone{
			School: "a", Building: s.floor.Building, Name: "Attic", Kind: g.ZoneOther,
		}))
		s.camera(t, "attic", attic.ID)
		want("attic building")
		s.camera(t, "lab", s.room.ID)
		want("lab floor")
		s.camera(t, "gate", s.gate["a"].ID)
		want("gate room")
		// On a plan twice as wide as high, 0.3 of the height is nearer than 0.2 of the width.
		ok(t, v.Deeds.PlaceOnFloor(ctx, s.floor.ID, places.Spots{Devices: []places.DeviceSpot{
			{Device: device, Point: g.Point{X: 0.5, Y: 0.5}},
			{Device: "gate", Point: g.Point{X: 0.7, Y: 0.5}},
			{Device: "lab", Point: g.Point{X: 0.5, Y: 0.8}},
		}}))
		want("lab plan")
		ok(t, s.sys.Fleet.ApplyTwins(ctx, []g.Event{{
			Seq: 1, Kind: g.EventStatus, School: "a", Device: "lab", Time: c.now(),
			Status: &g.Status{State: g.StateOffline},
		}}))
		want("gate plan")
		w := must[views.Whereabouts](t)(v.Views.Whereabouts(ctx, s.room.ID, device))
		if w.Spot != nil || w.ZoneName != "Laboratory" || w.BuildingName != "Main" || w.Floor == nil {
			t.Errorf("got %+v, want the room without the device, which is elsewhere", w)
		}
		_, err := s.as(s.b, g.RoleAdmin).Views.Whereabouts(ctx, s.room.ID, "")
		wantCode(t, err, g.NotFound)
		_, err = v.Views.Whereabouts(ctx, "", "nothing")
		if err == nil || !strings.Contains(err.Error(), "zone") {
			t.Errorf("got %v, want that there is no zone", err)
		}
	})
}
