package api_test

import (
	"maps"
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/fleet"
)

// A driver's description of its fields applies to the API as to the console's form.
func TestAddressesAreCheckedAndFilledIn(t *testing.T) {
	w := newWorld(t).schools()
	c := w.user(w.a, g.RoleAdmin)
	type m = map[string]any
	device := func(driver string, address, secret m) m {
		return m{
			"name":    "Meter",
			"profile": "smoke-heat-sensor",
			"driver":  driver,
			"address": address,
			"secret":  secret,
		}
	}
	for _, x := range []struct {
		name   string
		body   m
		status int
		field  string
	}{
		{"an unknown driver", device("modbuss", nil, nil), 422, "driver"},
		{"nothing of what is needed", device("modbus", m{}, nil), 422, "address.address"},
		{
			"a port that is none",
			device("modbus", m{"address": "10.0.0.9:99999"}, nil),
			422,
			"address.address",
		},
		{
			"another port that is none",
			device("modbus", m{"address": "10.0.0.9", "port": "99999"}, nil),
			422,
			"address.port",
		},
		{
			"a number out of bounds",
			device("modbus", m{"address": "10.0.0.9", "unit": "300"}, nil),
			422,
			"address.unit",
		},
		{
			"a time that is none",
			device("modbus", m{"address": "10.0.0.9", "interval": "5"}, nil),
			422,
			"address.interval",
		},
		{
			"nothing to choose",
			device("modbus", m{"address": "10.0.0.9", "way": "up"}, nil),
			422,
			"address.way",
		},
		{
			"a field that is none",
			device("modbus", m{"address": "10.0.0.9", "baud": "9600"}, nil),
			422,
			"address.baud",
		},
		{"another scheme", device("camera", m{"url": "http://10.0.0.9/"}, nil), 422, "address.url"},
		{
			"a secret in the address",
			device("camera", m{"url": "rtsp://10.0.0.9/", "password": "x"}, nil),
			422,
			"address.password",
		},
		{
			"a password in a URL",
			device("camera", m{"url": "rtsp://admin:x@10.0.0.9/"}, nil),
			422,
			"address.url",
		},
		{
			"a secret that is none",
			device("camera", m{"url": "rtsp://10.0.0.9/"}, m{"pin": "1"}),
			422,
			"secret.pin",
		},
		{"a driver that never spoke", device("silent", m{"host": "x"}, nil), 503, ""},
		{
			"a serial line",
			device("modbus", m{"address": "rtu:///dev/ttyUSB0?baud=9600"}, nil),
			201,
			"",
		},
		{
			"all that is needed",
			device("camera", m{"url": "rtsp://10.0.0.9:554/1", "username": "admin"},
				m{"password": "x"}),
			201,
			"",
		},
	} {
		r := c.do("POST", "/v1/devices", x.body)
		if r.status != x.status {
			t.Errorf("%s: got %d %s, want %d", x.name, r.status, r.body, x.status)
			continue
		}
		if x.field != "" &&
			(len(r.problem().Errors) == 0 || r.problem().Errors[0].Field != x.field) {
			t.Errorf("%s: got %+v, want the field %s", x.name, r.problem().Errors, x.field)
		}
		if x.status == 422 {
			delete(x.body, "name")
			if r := c.do("POST", "/v1/devices/probe", x.body); r.status != 422 {
				t.Errorf("%s, tried out: got %d %s, want 422", x.name, r.status, r.body)
			}
		}
	}
	var made fleet.NewDevice
	c.do("POST", "/v1/devices", device("modbus", m{"address": "10.0.0.9:502"}, nil)).want(201).into(&made)
	if want := map[string]string{
		"address":  "10.0.0.9:502",
		"unit":     "1",
		"interval": "5s",
		"way":      "in",
	}; !maps.Equal(made.Device.Address, want) {
		t.Errorf("got address %v, want what is left out filled in: %v", made.Device.Address, want)
	}
}
