package sim_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gatehouse-iot/gatehouse/drivers/sim"
)

func TestParseNamesThePlaceAndTheMend(t *testing.T) {
	const good = "equipment:\n- {id: a, kind: mqtt, connect: 'tcp://127.0.0.1:1', topic: x, " +
		"values: {on: true, level: {walk: {from: 1, step: 1}}}}\n"
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", "list at least one"},
		{"no equipment", "equipment: []\n", "list at least one"},
		{
			"unknown key",
			"equipment:\n- {id: a, kind: mqtt, topik: x}\n",
			`line 2: "topik" is no key of equipment`,
		},
		{"unknown top key", "equipments: []\n", `line 1: "equipments" is no key of scenario`},
		{
			"no kind",
			"equipment:\n- {id: a}\n",
			`equipment a.kind: "" is no kind; use modbus, rtsp, zkteco or mqtt`,
		},
		{
			"twice",
			"equipment:\n- {id: a, kind: zkteco, serial: S, connect: 'http://h'}\n- {id: a, " +
				"kind: mqtt}\n",
			`equipment[1].id: "a" stands here a second time`,
		},
		{"listen", "equipment:\n- {id: a, kind: modbus, listen: '5020'}\n", "give host:port"},
		{
			"register",
			"equipment:\n- {id: a, kind: modbus, listen: ':0', values: {t: 1}, registers: {t: " +
				"{register: 'hold:1'}}}\n",
			`"hold:1" is no register`,
		},
		{
			"register of nothing",
			"equipment:\n- {id: a, kind: modbus, listen: ':0', registers: {t: {register: " +
				"'holding:1'}}}\n",
			"add it under values",
		},
		{
			"registers overlap",
			"equipment:\n- {id: a, kind: modbus, listen: ':0', values: {t: 1, u: 2}, registers: " +
				"{t: {register: 'holding:1', as: int32}, u: {register: 'holding:2'}}}\n",
			"is taken by",
		},
		{
			"behind nobody",
			"equipment:\n- {id: a, kind: modbus, behind: b}\n",
			`"b" is no modbus equipment`,
		},
		{"no video", "equipment:\n- {id: a, kind: rtsp, listen: ':0'}\n", "name at least one path"},
		{
			"zone",
			"equipment:\n- {id: a, kind: zkteco, serial: S, timezone: Mars/Base, connect: " +
				"'http://h'}\n",
			`"Mars/Base" is no time zone`,
		},
		{
			"generator",
			"equipment:\n- {id: a, kind: mqtt, values: {t: {wlak: {from: 1}}}}\n",
			`line 2: "wlak" is no generator`,
		},
		{
			"generator's key",
			"equipment:\n- {id: a, kind: mqtt, values: {t: {walk: {form: 1}}}}\n",
			`"form" is no key of walk`,
		},
		{
			"step for nobody",
			good + "script:\n- {at: 1s, equipment: b, power: off}\n",
			`script[0].equipment: there is no equipment "b"`,
		},
		{
			"step without a deed",
			good + "script:\n- {at: 1s, equipment: a}\n",
			"say one of set, sighting, occurrence and power",
		},
		{
			"step of an unknown value",
			good + "script:\n- {at: 1s, equipment: a, set: {off: true}}\n",
			"the equipment has no such value; it has [level on]",
		},
		{
			"step of a wrong type",
			good + "script:\n- {at: 1s, equipment: a, set: {on: 3}}\n",
			"of another type",
		},
		{
			"step too often",
			good + "script:\n- {at: 1s, every: 1ms, equipment: a, power: 'off'}\n",
			"at least 100ms",
		},
		{"bad time", good + "script:\n- {at: soon, equipment: a, power: 'off'}\n", "soon"},
		{
			"sighting",
			good + "script:\n- {at: 1s, equipment: a, sighting: {method: smell, credential: x}}\n",
			`"smell" is no method`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := sim.Parse([]byte(c.in), ".")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := sim.Parse([]byte(good), "."); err != nil {
		t.Errorf("good scenario: got %v, want nil", err)
	}
}

func TestSampleScenarioIsGood(t *testing.T) {
	b, err := os.ReadFile("sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.Parse(b, ".")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, e := range s.Equipment {
		kinds[e.Kind] = true
	}
	if len(kinds) != 4 {
		t.Errorf("kinds shown: got %v, want all four", kinds)
	}
}

func FuzzParse(f *testing.F) {
	b, err := os.ReadFile("sample.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("equipment: [{id: a, kind: modbus, listen: ':0', values: {t: {sine: {mean: 1, " +
		"period: 0s}}}}]"))
	f.Add([]byte("equipment: [{id: a, kind: mqtt, values: {t: {walk: }}}]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := sim.Parse(b, ".")
		if err != nil {
			return
		}
		if err := s.Validate(); err != nil {
			t.Errorf("parsed, but: %v", err)
		}
	})
}
