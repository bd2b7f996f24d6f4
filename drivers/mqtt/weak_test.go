package main

import (
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

func TestBrokersThatAnybodyMayUse(t *testing.T) {
	var sample = newDriver().Describe().Profiles[0]
	for _, c := range []struct {
		broker, password string
		want             gatehouse.Weakness
	}{
		{"tcp://10.0.0.9:1883", "", gatehouse.WeakNoPassword},
		{"ssl://10.0.0.9:8883", "", gatehouse.WeakNoPassword},
		{"tcp://10.0.0.9:1883", "secret", gatehouse.WeakPlainText},
		{"mqtt://broker", "secret", gatehouse.WeakPlainText},
		{"ws://broker/mqtt", "secret", gatehouse.WeakPlainText},
		{"wss://broker/mqtt", "secret", gatehouse.WeakNone},
		{"ssl://10.0.0.9:8883", "secret", gatehouse.WeakNone},
		{"tcp://127.0.0.1:1883", "", gatehouse.WeakNone},
		{"no broker", "", ""},
	} {
		d := drivers.Device{
			ID:      "d",
			Profile: sample,
			Address: map[string]string{"broker": c.broker, "topic": "x"},
			Secret:  map[string]string{"password": c.password},
		}
		if got := newDriver().Assess(d); got != c.want {
			t.Errorf("%s with %q: got %q, want %q", c.broker, c.password, got, c.want)
		}
	}
}
