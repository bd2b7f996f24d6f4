package main

import (
	"fmt"
	"testing"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// TestOddEquipmentIsReadAndWritten runs the driver against each fault of the simulated equipment,
// and against all compatible ones together.
func TestOddEquipmentIsReadAndWritten(t *testing.T) {
	for _, odd := range []string{
		"hang_up: true",
		"idle: 30ms",
		"busy: 3",
		"mute: ['input:9']",
		"zero_id: true",
		"write_many: true",
		"slow: 20ms",
		"hang_up: true, zero_id: true, write_many: true, slow: 5ms, busy: 4",
		"hang_up: true, zero_id: true, mute: ['input:9'], slow: 5ms",
	} {
		t.Run(odd, func(t *testing.T) {
			t.Parallel()
			s := equip(t, fmt.Sprintf(`
equipment:
- id: lab
  kind: modbus
  listen: 127.0.0.1:0
  odd: {%s}
  values: {temperature: 23.1, near: 4, beside: 5, counter: 0}
  registers:
    temperature: {register: "input:0", scale: 0.1}
    near: {register: "input:8"}
    beside: {register: "input:9"}
    counter: {register: "holding:0", as: uint16}
`, odd))
			device := drivers.Device{
				ID: "lab",
				Address: map[string]string{
					"address":  s.Addr("lab"),
					"interval": "100ms",
					"timeout":  "300ms",
				},
				Profile: gatehouse.Profile{ID: "lab", Properties: map[string]gatehouse.Property{
					"temperature": property("input:0", "scale=0.1"),
					"near":        property("input:8"),
					"beside":      property("input:9"),
					"counter":     property("holding:0", "as=uint16", "writable"),
				}},
			}
			d, box := newDriver(), &inbox{}
			connect(t, d, device, box.emit)
			box.wait(t, "the temperature", reads("temperature", gatehouse.NumberValue(23.1)))
			box.wait(t, "what stands beside a mute register",
				reads("near", gatehouse.NumberValue(4)))
			write := drivers.Command{
				ID:     "1",
				Device: "lab",
				Action: "write",
				Values: map[string]gatehouse.Value{"counter": gatehouse.NumberValue(7)},
			}
			if _, err := d.Command(t.Context(), write); err != nil {
				t.Fatal(err)
			}
			box.wait(t, "what was written", reads("counter", gatehouse.NumberValue(7)))
			if box.has(func(o gatehouse.Observation) bool {
				return o.Status != nil && o.Status.State == gatehouse.StateOffline
			}) {
				t.Error("it was told to be offline, want that its ways are understood")
			}
		})
	}
}
