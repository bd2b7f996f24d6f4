package main

import (
	"net"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestEquipmentIsDialledWithinBounds: an address outside the allowed reach is never dialled, in any
// framing, and the error says so.
func TestEquipmentIsDialledWithinBounds(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	came := make(chan struct{}, 8)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			came <- struct{}{}
			c.Close()
		}
	}()
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
	for _, at := range []string{ln.Addr().String(), "rtu+tcp://" + ln.Addr().String()} {
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
	if len(came) > 0 {
		t.Error("somebody has connected")
	}
}
