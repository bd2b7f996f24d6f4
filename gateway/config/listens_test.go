package config

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestDefaultListenersOfDriversAreLookedAt: a driver's default address is
// checked like a configured one.
func TestDefaultListenersOfDriversAreLookedAt(t *testing.T) {
	fields := []drivers.Field{{Key: "door", Kind: drivers.FieldListen}, {Key: "cert"}}
	for _, c := range []struct {
		name     string
		settings map[string]string
		plain    bool
		refused  bool
	}{
		{"all addresses", map[string]string{"door": "0.0.0.0:8081"}, false, true},
		{"no address at all", map[string]string{"door": ":8081"}, false, true},
		{"this machine", map[string]string{"door": "127.0.0.1:8081"}, false, false},
		{"with TLS", map[string]string{"door": ":8081", "cert": "c.pem"}, false, false},
		{"asked for", map[string]string{"door": ":8081"}, true, false},
		{"nothing", map[string]string{}, false, false},
	} {
		cfg := Default()
		cfg.PlainText = c.plain
		err := cfg.DriverListens("acme", fields, c.settings)
		if (err != nil) != c.refused ||
			err != nil && !strings.Contains(err.Error(), "plain_text: true") {
			t.Errorf("%s: got %v, want it refused: %v", c.name, err, c.refused)
		}
	}
}
