package main

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

// TestBrokersAreDialledWithinBounds: a broker outside the allowed reach is never dialled, over any
// transport.
func TestBrokersAreDialledWithinBounds(t *testing.T) {
	untouched := drivertest.Untouched(t)
	for _, scheme := range []string{"tcp", "mqtt", "ssl", "tls", "mqtts", "ws", "wss"} {
		dev := drivers.Device{
			ID:      "d",
			Profile: newDriver().Describe().Profiles[0],
			Address: map[string]string{"broker": scheme + "://" + untouched, "topic": "x"},
			Reach:   drivers.Reach{Bounded: true},
		}
		_, err := newDriver().Probe(t.Context(), dev)
		if err == nil || !strings.Contains(err.Error(), "reach.this_machine") {
			t.Errorf("%s: got %v, want the mend", scheme, err)
		}
	}
}
