package sim_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

// TestOddIsChecked: invalid faults are refused, and the error names the place.
func TestOddIsChecked(t *testing.T) {
	modbus := "equipment: [{id: lab, kind: modbus, listen: '127.0.0.1:0', values: {n: 1}, " +
		"registers: {n: {register: 'input:0'}}, odd: {"
	client := "equipment: [{id: lab, kind: mqtt, connect: 'tcp://127.0.0.1:1', topic: x, values: " +
		"{n: 1}, odd: {"
	gate := "equipment: [{id: lab, kind: zkteco, connect: 'http://127.0.0.1:1', serial: S, " +
		"timezone: UTC, odd: {"
	for text, want := range map[string]string{
		modbus +
			"hang_up: true, idle: 2s, busy: 3, mute: ['input:9'], zero_id: true, write_many: " +
			"true, slow: 1s}}]": "",
		client + "age: 168h}}]": "",

		gate + "kept: 25000, age: 960h, letters: true, forms: true}}]": "",

		gate + "kept: -1}}]":              "equipment lab.odd.kept",
		gate + "kept: 300000}}]":          "equipment lab.odd.kept",
		modbus + "kept: 5}}]":             "equipment lab.odd",
		client + "forms: true}}]":         "equipment lab.odd",
		modbus + "busy: 1}}]":             "equipment lab.odd.busy",
		modbus + "mute: ['input:x']}}]":   "equipment lab.odd.mute[0]",
		modbus + "slow: 2m}}]":            "equipment lab.odd.slow",
		modbus + "idle: -1s}}]":           "equipment lab.odd.idle",
		modbus + "age: 1h}}]":             "equipment lab.odd.age",
		client + "age: -1h}}]":            "equipment lab.odd.age",
		client + "busy: 3}}]":             "equipment lab.odd",
		modbus + "hangs_up: true}}]":      "hangs_up",
		modbus + "hang_up: perhaps}}]":    "perhaps",
		client + "age: 1h, nothing: 1}}]": "nothing",
	} {
		_, err := sim.Parse([]byte(text), ".")
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
