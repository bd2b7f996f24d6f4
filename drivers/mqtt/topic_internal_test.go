package main

import "testing"

func TestTopicStandsOnTheDevices(t *testing.T) {
	for _, c := range []struct{ topic, base, want string }{
		{"~", "z/window", "z/window"},
		{"~/tamper", "z/window", "z/window/tamper"},
		{"home/~", "lamp", "home/lamp"},
		{"tele/~/SENSOR", "tasmota_A1", "tele/tasmota_A1/SENSOR"}, // Tasmota's default order
		{"stat/~/RESULT", "hall/plug", "stat/hall/plug/RESULT"},
		{"in/full", "", "in/full"},
		{"tele/x~y/SENSOR", "a", ""},
		{"tele/~/SENSOR", "", ""},
		{"tele/+/SENSOR", "a", ""},
	} {
		got, err := topic(c.topic, c.base)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q of %q: got %q, %v; want %q", c.topic, c.base, got, err, c.want)
		}
	}
}
