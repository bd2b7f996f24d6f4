package registry_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// Devices are found by words in name, zone and profile, in any order.
func TestDevicesAreFoundByWords(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		ok(t,
			d.sys.Fleet.PutProfile(t.Context(),
				g.Profile{
					ID:           "smoke",
					Title:        "Smoke 100%_detector",
					Type:         g.TypeSensor,
					OfflineAfter: 60,
					Properties:   map[string]g.Property{"smoke": {Type: "boolean"}},
				}))
		_, _, err := d.sys.Fleet.CreateDevice(t.Context(),
			g.Device{
				ID:      "lab-smoke",
				School:  "a",
				Zone:    d.gate["a"].ID,
				Profile: "smoke",
				Driver:  g.DriverMQTTFront,
				Name:    "Ceiling left",
				Enabled: true,
			},
			nil)
		ok(t, err)
		for q, want := range map[string]int{
			"left ceiling":   1,
			"detector gate":  1,
			"gate":           2,
			"GATE sensor":    1,
			"ceiling sensor": 0,
			"100%_":          1,
			"%":              1,
			"  ":             2,
			"sn-a":           1,
		} {
			rows, _, err := v.Fleet.Devices(t.Context(), fleet.DeviceFilter{School: "a", Query: q})
			ok(t, err)
			if len(rows) != want {
				t.Errorf("%q: got %d devices, want %d", q, len(rows), want)
			}
		}
	})
}
