package registry_test

import (
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

func TestDeviceBringsItsOwnPassword(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		make := func(id g.DeviceID, secret map[string]string) (g.Device, string, error) {
			return v.Fleet.CreateDevice(ctx,
				g.Device{
					ID:      id,
					School:  "a",
					Profile: "sensor",
					Driver:  g.DriverMQTTFront,
					Name:    "x",
					Enabled: true,
				},
				secret)
		}
		for name, secret := range map[string]map[string]string{
			"short":     {"password": "abc123def"},
			"one":       {"password": "aaaaaaaaaaaaaaaaaa"},
			"its id":    {"password": "weak-one-2026!"},
			"no secret": {"token": "x"},
		} {
			_, _, err := make("weak-one", secret)
			wantCode(t, err, g.Invalid)
			if err != nil && !strings.Contains(err.Error(), "secret.") {
				t.Errorf("%s: got %v, want the field named", name, err)
			}
		}
		dev, shown, err := make("own", map[string]string{"password": "already-in-device"})
		ok(t, err)
		if shown != "" {
			t.Errorf("got the password %q for one that the device has", shown)
		}
		must[g.Device](t)(d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte("already-in-device")))
		_, err = d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte("already-in-devicE"))
		wantCode(t, err, g.Unauthenticated)
		ok(t, v.Fleet.UpdateDevice(ctx, dev, map[string]string{"password": "another 1 of its own"}))
		must[g.Device](t)(d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte("another 1 of its own")))
		_, err = d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte("already-in-device"))
		wantCode(t, err, g.Unauthenticated)
		drawn := must[string](t)(v.Fleet.ResetDevicePassword(ctx, dev.ID))
		must[g.Device](t)(d.r.Fleet.VerifyDevice(ctx, dev.ID, []byte(drawn)))
	})
}

func TestOneThingIsOneDevice(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		a, b := d.as(d.a, g.RoleFacility), d.as(d.b, g.RoleFacility)
		make := func(
			v *registry.View, school g.SchoolID, driver g.DriverName, name string, address ...string,
		) (g.Device, error) {
			m := map[string]string{}
			for i := 0; i < len(address); i += 2 {
				m[address[i]] = address[i+1]
			}
			dev, _, err := v.Fleet.CreateDevice(ctx,
				g.Device{School: school, Profile: "sensor", Driver: driver, Name: name, Address: m},
				nil)
			return dev, err
		}
		meter, err := make(a, "a", "modbus", "Meter", "address", "10.0.0.7:502")
		ok(t, err)
		_, err = make(a, "a", "modbus", "Second", "address", "10.0.0.7:502", "unit", "1")
		wantCode(t, err, g.Conflict)
		if want := "\"Meter\" (" + string(meter.ID) + ") has the same address and unit already"; err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		_, err = make(b, "b", "modbus", "Theirs", "address", "10.0.0.7:502")
		wantCode(t, err, g.Conflict)
		if err != nil &&
			(strings.Contains(err.Error(), "Meter") ||
				strings.Contains(err.Error(), string(meter.ID))) {
			t.Errorf("got %v, which tells another school's device", err)
		}
		other, err := make(a, "a", "modbus", "Unit 2", "address", "10.0.0.7:502", "unit", "2")
		ok(t, err)
		other.Address["unit"] = "1"
		wantCode(t, a.Fleet.UpdateDevice(ctx, other, nil), g.Conflict)
		other.Address["unit"], other.Name = "2", "Renamed"
		ok(t, a.Fleet.UpdateDevice(ctx, other, nil))
		_, err = make(a, "a", "mqtt", "Window", "broker", "tcp://b:1883", "topic", "z/Win")
		ok(t, err)
		_, err = make(a, "a", "mqtt", "Window", "broker", "TCP://B:1883/", "topic", "z/Win")
		wantCode(t, err, g.Conflict)
		_, err = make(a, "a", "mqtt", "Window", "broker", "tcp://b:1883", "topic", "z/win")
		ok(t, err)
		_, err = make(a, "a", "vendor", "Any", "address", "10.0.0.7:502")
		ok(t, err)
		_, err = make(a, "a", "vendor", "Any", "address", "10.0.0.7:502")
		ok(t, err)
	})
}

func TestCertificatesAreBoundAndRevoked(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		v := d.as(d.a, g.RoleFacility)
		create := func() {
			t.Helper()
			_, _, err := v.Fleet.CreateDevice(ctx,
				g.Device{
					ID:      "dev",
					School:  "a",
					Profile: "sensor",
					Driver:  g.DriverMQTTFront,
					Name:    "x",
					Enabled: true,
				},
				nil)
			ok(t, err)
		}
		cert := func(name string) fleet.DeviceCertificate {
			return fleet.DeviceCertificate{
				Fingerprint: name,
				Serial:      name,
				Issuer:      "CN=ca",
				NotBefore:   c.now(),
				NotAfter:    c.now().Add(1000 * time.Hour),
			}
		}
		come := func(x fleet.DeviceCertificate) error {
			_, err := d.r.Fleet.CertifiedDevice(ctx, "dev", x)
			return err
		}
		create()
		one, two, unseen := cert("one"), cert("two"), cert("unseen")
		c.add(time.Hour)
		ok(t, come(one))
		ok(t, come(two))
		list := must[[]fleet.DeviceCertificate](t)(v.Fleet.Certificates(ctx, "dev"))
		if len(list) != 2 || list[0].Revoked || list[0].Issuer != "CN=ca" ||
			!list[0].Last.Equal(c.now()) {
			t.Errorf("got %+v, want both certificates", list)
		}
		_, err := d.as(d.b, g.RoleFacility).Fleet.Certificates(ctx, "dev")
		wantCode(t, err, g.NotFound)
		wantCode(t, v.Fleet.RevokeCertificate(ctx, "dev", "three"), g.NotFound)
		ok(t, v.Fleet.RevokeCertificate(ctx, "dev", "one"))
		wantCode(t, come(one), g.Unauthenticated)
		ok(t, come(two))

		c.add(time.Hour)
		ok(t, v.Fleet.RevokeCertificate(ctx, "dev", ""))
		wantCode(t, come(two), g.Unauthenticated)
		wantCode(t, come(unseen), g.Unauthenticated)
		c.add(time.Minute)
		three := cert("three")
		ok(t, come(three))

		c.add(time.Hour)
		issued := cert("issued before")
		c.add(time.Minute)
		ok(t, v.Fleet.DeleteDevice(ctx, "dev"))
		wantCode(t, come(three), g.Unauthenticated)
		create()
		wantCode(t, come(three), g.Unauthenticated)
		wantCode(t, come(issued), g.Unauthenticated)
		if list := must[[]fleet.DeviceCertificate](t)(v.Fleet.Certificates(ctx, "dev")); len(list) != 0 {
			t.Errorf("got %+v for the new device, want none of the old one's", list)
		}
		c.add(time.Minute)
		ok(t, come(cert("new")))
	})
}
