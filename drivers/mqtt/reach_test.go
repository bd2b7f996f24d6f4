package main

import (
	"net"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestBrokersAreDialledWithinBounds: a broker outside the allowed reach is never dialled, over any
// transport.
func TestBrokersAreDialledWithinBounds(t *testing.T) {
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
	for _, scheme := range []string{"tcp", "mqtt", "ssl", "tls", "mqtts", "ws", "wss"} {
		dev := drivers.Device{
			ID:      "d",
			Profile: newDriver().Describe().Profiles[0],
			Address: map[string]string{"broker": scheme + "://" + ln.Addr().String(), "topic": "x"},
			Reach:   drivers.Reach{Bounded: true},
		}
		_, err := newDriver().Probe(t.Context(), dev)
		if err == nil || !strings.Contains(err.Error(), "reach.this_machine") {
			t.Errorf("%s: got %v, want the mend", scheme, err)
		}
	}
	if len(came) > 0 {
		t.Error("somebody has connected")
	}
}
