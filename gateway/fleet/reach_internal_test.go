package fleet

import (
	"strings"
	"testing"

	apifleet "github.com/gatehouse-iot/gatehouse/api/fleet"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// usual is what holds where the configuration says nothing.
func usual() Reach {
	return Reach{
		Serial: []string{"/dev/serial/", "/dev/tty"},
		Files:  []string{"/etc/gatehouse/", "/etc/ssl/"},
	}
}

// TestProbesLookNowhereOnTheGateway tries addresses that a person who registers devices must not
// probe, in every spelling that programs accept.
func TestProbesLookNowhereOnTheGateway(t *testing.T) {
	fields := []apifleet.Field{
		{Key: "address", Kind: drivers.FieldHost}, {Key: "url", Kind: drivers.FieldURL},
		{Key: "ca", Kind: drivers.FieldPath},
		{Key: "ip", Kind: drivers.FieldNetwork}, {Key: "topic"},
	}
	for _, c := range []struct {
		key, value string
		ok         bool
	}{
		{"address", "192.0.2.7:502", true},
		{"address", "tcp://192.0.2.7:502", true},
		{"address", "rtu:///dev/ttyUSB0", true},
		{"address", "rtu:///dev/serial/by-id/usb-1", true},
		{"topic", "zigbee2mqtt/1", true},
		{"ip", "127.0.0.1", true}, // where it calls from, not where we go
		{"ca", "/etc/ssl/certs/ca-certificates.crt", true},
		{"address", "rtu:///etc/shadow", false},
		{"address", "rtu:///dev/serial/../../etc/shadow", false},
		{"address", "/dev/mem", false},
		{"address", "127.0.0.1:8080", false},
		{"address", "tcp://127.0.0.1:22", false},
		{"address", "127.1:22", false},
		{"address", "0x7f000001:22", false},
		{"address", "2130706433", false},
		{"address", "localhost", false},
		{"address", "gate.localhost.:22", false},
		{"address", "[::1]:22", false},
		{"address", "[::ffff:127.0.0.1]:22", false},
		{"address", "0.0.0.0:22", false},
		{"url", "rtsp://169.254.169.254/", false},
		{"url", "rtsp://[fe80::1%25eth0]/", false},
		{"url", "rtsp://224.0.0.1/", false},
		{"nvr", "127.0.0.1:80", false}, // a field that the driver did not describe
		{"ca", "/var/lib/gatehouse/keys/master.key", false},
		{"ca", "/etc/ssl/../shadow", false},
	} {
		err := usual().allows(t.Context(), fields, map[string]string{c.key: c.value}, false)
		if (err == nil) != c.ok {
			t.Errorf("%s %q: got %v, want allowed: %v", c.key, c.value, err, c.ok)
		}
	}
	there, gone := usual(), usual()
	a := there.allows(t.Context(), fields, map[string]string{"address": "rtu:///etc/passwd"}, false)
	b := gone.allows(t.Context(), fields, map[string]string{"address": "rtu:///etc/nothing-here"},
		false)
	if a.Error() != b.Error() {
		t.Errorf("got %q and %q: they tell which file exists", a, b)
	}
	demo := usual()
	demo.ThisMachine = true
	if err := demo.allows(t.Context(), fields, map[string]string{"url": "rtsp://127.0.0.1:8554/1"},
		false); err != nil {
		t.Errorf("got %v where the configuration allows this machine", err)
	}
}

func FuzzReach(f *testing.F) {
	f.Add("host", "tcp://127.0.0.1:1")
	f.Add("url", "rtsp://[::1")
	f.Add("path", "../\x00")
	f.Fuzz(func(t *testing.T, kind, value string) {
		fields := []apifleet.Field{{Key: "k", Kind: kind}}
		err := usual().allows(t.Context(), fields, map[string]string{"k": value}, false)
		if err == nil && kind == drivers.FieldHost && strings.TrimSpace(value) == "127.0.0.1" {
			t.Error("loopback is allowed")
		}
	})
}
