package main

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/drivertest"
)

// TestEquipmentIsDialledWithinBounds: an address outside the allowed reach is never dialled, in any
// framing, and the error says so.
func TestEquipmentIsDialledWithinBounds(t *testing.T) {
	untouched := drivertest.Untouched(t)
	p := gatehouse.Profile{
		ID:    "p",
		Title: "P", Type: gatehouse.TypeSensor, Properties: map[string]gatehouse.Property{
			"heat": {
				Title: "Heat",
				Type:  "number",
				Forms: map[string]string{"register": "holding:0"},
			},
		},
	}
	for _, at := range []string{untouched, "rtu+tcp://" + untouched} {
		dev := drivers.Device{
			ID:      "d",
			Profile: p,
			Address: map[string]string{"address": at},
			Reach:   drivers.Reach{Bounded: true},
		}
		_, err := newDriver().Probe(t.Context(), dev)
		if err == nil || !strings.Contains(err.Error(), "reach.this_machine") ||
			gatehouse.ErrorCode(err) != gatehouse.Invalid {
			t.Errorf("%s: got %v, want the mend", at, err)
		}
	}
}
