package directory_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
)

// TestARoomsNewNameIsToldToItsDevices: when a zone is renamed the watchers are called for its
// devices only, since each call goes on to a driver.
func TestARoomsNewNameIsToldToItsDevices(t *testing.T) {
	h := newHouse(t)
	h.zone(t, "attic")
	_, _, err := h.view.Fleet.CreateDevice(t.Context(),
		g.Device{
			ID:      "lamp-2",
			School:  "sch",
			Zone:    "attic",
			Profile: "lamp",
			Driver:  g.DriverMQTTFront,
			Name:    "lamp-2",
			Enabled: true,
		},
		nil)
	must(t, err)
	d, err := directory.New(t.Context(), h.reg, slog.New(slog.DiscardHandler))
	must(t, err)
	told := make(chan g.DeviceID, 100)
	d.Watch(func(id g.DeviceID, e directory.Entry, _ bool) { told <- id })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	first := []g.DeviceID{<-told, <-told}
	slices.Sort(first)
	if !slices.Equal(first, []g.DeviceID{"lamp-1", "lamp-2"}) {
		t.Fatalf("told at the start: %v, want both", first)
	}
	_, err = h.view.Deeds.PutZone(t.Context(),
		g.Zone{ID: "attic", School: "sch", Building: "bld", Name: "Loft", Kind: g.ZoneOther})
	must(t, err)
	h.device(t, "lamp-3") // comes after it
	got := []g.DeviceID{<-told, <-told}
	slices.Sort(got) // both may come with the room's change
	if !slices.Equal(got, []g.DeviceID{"lamp-2", "lamp-3"}) {
		t.Errorf("told after the attic has another name: %v, want the attic's lamp, and the new one",
			got)
	}
}

// TestAnEmptyRoomsNewName: when an empty zone is renamed the watchers are called for no device;
// after a change of a profile they are, for its devices.
func TestAnEmptyRoomsNewName(t *testing.T) {
	h := newHouse(t)
	h.zone(t, "attic")
	d, err := directory.New(t.Context(), h.reg, slog.New(slog.DiscardHandler))
	must(t, err)
	told := make(chan string, 100)
	d.Watch(func(id g.DeviceID, e directory.Entry, _ bool) {
		told <- string(id) + " " + e.Profile.Title
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	first := <-told
	p, err := h.view.Fleet.Profile(t.Context(), "lamp")
	must(t, err)
	_, err = h.view.Deeds.PutZone(t.Context(),
		g.Zone{ID: "attic", School: "sch", Building: "bld", Name: "Loft", Kind: g.ZoneOther})
	must(t, err)
	p.Title = "Another title"
	must(t, h.view.Fleet.PutProfile(t.Context(), p))
	if got, want := <-told, "lamp-1 Another title"; got != want {
		t.Errorf("told after %q: %q, want %q and nothing of the attic", first, got, want)
	}
	if z, ok := d.Zone("attic"); !ok || z.Name != "Loft" {
		t.Errorf("the attic is known as %+v, %v", z, ok)
	}
}

// TestANewDeviceWithANewProfile is known whole at its first message, before the directory has
// heard of either.
func TestANewDeviceWithANewProfile(t *testing.T) {
	h := newHouse(t)
	d, err := directory.New(t.Context(), h.reg, slog.New(slog.DiscardHandler))
	must(t, err)
	must(t,
		h.view.Fleet.PutProfile(t.Context(),
			g.Profile{
				ID:         "new",
				Title:      "New",
				Type:       g.TypeSensor,
				Properties: map[string]g.Property{"co2": {Type: "number"}},
			}))
	h.zone(t, "cellar")
	_, _, err = h.view.Fleet.CreateDevice(t.Context(),
		g.Device{
			ID:      "first",
			School:  "sch",
			Zone:    "cellar",
			Profile: "new",
			Driver:  g.DriverMQTTFront,
			Name:    "First",
			Enabled: true,
		},
		nil)
	must(t, err)
	e, ok, err := d.Device(t.Context(), "first")
	must(t, err)
	if !ok || e.Profile.ID != "new" || e.Zone.ID != "cellar" {
		t.Errorf("got %+v, %v; want the device with its profile and its zone", e, ok)
	}
}
