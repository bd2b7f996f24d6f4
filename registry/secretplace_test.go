package registry_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// TestStoredSecretGoesOnlyWhereItWasGivenFor: changing a device's address requires its secret
// again.
func TestStoredSecretGoesOnlyWhereItWasGivenFor(t *testing.T) {
	ask, keep := true, false
	for _, c := range []struct {
		name          string
		before, after map[string]string
		driver        g.DriverName
		want          bool
	}{
		{
			"another host",
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			map[string]string{"url": "rtsp://192.0.2.66/1"},
			"",
			ask,
		},
		{
			"another port",
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			map[string]string{"url": "rtsp://10.0.0.5:8554/1"},
			"",
			ask,
		},
		{
			"without TLS",
			map[string]string{"url": "rtsps://10.0.0.5:322/1"},
			map[string]string{"url": "rtsp://10.0.0.5:322/1"},
			"",
			ask,
		},
		{
			"another path",
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			map[string]string{"url": "rtsp://10.0.0.5:554/2"},
			"",
			keep,
		},
		{
			"a host after a user",
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			map[string]string{"url": "rtsp://10.0.0.5@192.0.2.66/1"},
			"",
			ask,
		},
		{
			"a backslash",
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			map[string]string{"url": `rtsp://192.0.2.66\@10.0.0.5/1`},
			"",
			ask,
		},
		{
			"another gateway",
			map[string]string{"address": "10.0.0.5:502"},
			map[string]string{"address": "10.0.0.6:502"},
			"",
			ask,
		},
		{"another unit", map[string]string{"unit": "1"}, map[string]string{"unit": "2"}, "", ask},
		{
			"another pace",
			map[string]string{"interval": "5s", "gap": "0"},
			map[string]string{"interval": "10s", "gap": "4"},
			"",
			keep,
		},
		{
			"another topic",
			map[string]string{"broker": "ssl://b:8883", "topic": "a"},
			map[string]string{"broker": "ssl://B", "topic": "b"},
			"",
			keep,
		},
		{
			"another broker",
			map[string]string{"broker": "ssl://b:8883"},
			map[string]string{"broker": "ssl://c:8883"},
			"",
			ask,
		},
		{
			"another authority",
			map[string]string{"broker": "ssl://b"},
			map[string]string{"broker": "ssl://b", "ca": "/tmp/x.pem"},
			"",
			ask,
		},
		{
			"a vendor's word for a place",
			map[string]string{"nvr": "attic"},
			map[string]string{"nvr": "evil"},
			"",
			ask,
		},
		{
			"another driver",
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			map[string]string{"url": "rtsp://10.0.0.5/1"},
			"mqtt",
			ask,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock := newClock()
			d := newDistrict(t,
				registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: clock.now}, clock)
			v := d.as(d.a, g.RoleFacility)
			secret := map[string]string{"password": "s3cret"}
			dev, _, err := v.Fleet.CreateDevice(t.Context(),
				g.Device{
					School:  "a",
					Profile: "camera",
					Driver:  "camera",
					Name:    "x",
					Address: c.before,
				},
				secret)
			ok(t, err)
			dev.Address = c.after
			if c.driver != "" {
				dev.Driver = c.driver
			}
			err = v.Fleet.UpdateDevice(t.Context(), dev, nil)
			if (err != nil) != c.want {
				t.Fatalf("got %v, want the secret asked for: %v", err, c.want)
			}
			if !c.want {
				return
			}
			wantCode(t, err, g.Invalid)
			row := must[fleet.DeviceRow](t)(v.Fleet.Device(t.Context(), dev.ID))
			if diff := cmp.Diff(c.before, row.Address); diff != "" {
				t.Errorf("the refused change was written, -want +got\n%s", diff)
			}
			again := map[string]string{"password": "of the new place"}
			ok(t, v.Fleet.UpdateDevice(t.Context(), dev, again))
			if diff := cmp.Diff(again,
				must[map[string]string](t)(d.sys.Fleet.DeviceSecret(t.Context(), dev.ID))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestDeviceWithoutSecretMovesFreely(t *testing.T) {
	clock := newClock()
	d := newDistrict(t, registry.Options{Dir: t.TempDir(), MasterKey: masterKey(), Now: clock.now},
		clock)
	v := d.as(d.a, g.RoleFacility)
	address := map[string]string{"url": "rtsp://10.0.0.5/1"}
	dev, _, err := v.Fleet.CreateDevice(t.Context(),
		g.Device{School: "a", Profile: "camera", Driver: "camera", Name: "x", Address: address},
		nil)
	ok(t, err)
	dev.Address = map[string]string{"url": "rtsp://10.0.0.6/1"}
	ok(t, v.Fleet.UpdateDevice(t.Context(), dev, nil))
}
