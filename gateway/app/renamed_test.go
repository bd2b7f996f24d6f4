package app_test

import (
	"errors"
	"io"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestARenamedDeviceStaysConnected: a new name or room ends no MQTT connection; another device
// under the same id, or another password, does.
func TestARenamedDeviceStaysConnected(t *testing.T) {
	s := newSchool(t)
	r := s.run(t)
	d, other := r.connect(t, "sensor-0"), r.connect(t, "sensor-1")
	row, err := r.view().Fleet.Device(t.Context(), "sensor-0")
	ok(t, err)
	row.Device.Name, row.Device.Zone = "A new name", ""
	ok(t, r.view().Fleet.UpdateDevice(t.Context(), row.Device, nil))
	_, err = r.view().Deeds.PutZone(t.Context(),
		g.Zone{
			ID:       "zone",
			School:   killSchool,
			Building: "building",
			Name:     "Another name",
			Kind:     g.ZoneLaboratory,
		})
	ok(t, err)

	// Changes are handled in order: once the later one has ended the other
	// connection, the first was handled.
	_, err = r.view().Fleet.ResetDevicePassword(t.Context(), "sensor-1")
	ok(t, err)
	ended(t, other)
	d.send(1)

	ok(t, r.view().Fleet.DeleteDevice(t.Context(), "sensor-0"))
	_, _, err = r.view().Fleet.CreateDevice(t.Context(), row.Device, nil)
	ok(t, err)
	ended(t, d)
}

func ended(t *testing.T, d device) {
	t.Helper()
	if _, err := io.Copy(io.Discard, d.conn); err != nil && !errors.Is(err, io.EOF) {
		t.Logf("the connection of %s: %v", d.name, err)
		if x := (interface{ Timeout() bool })(nil); errors.As(err, &x) && x.Timeout() {
			t.Fatalf("%s is still connected", d.name)
		}
	}
}
