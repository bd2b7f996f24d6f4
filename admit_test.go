package gatehouse_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	g "github.com/gatehouse-iot/gatehouse"
)

// TestAdmitEachValueByItself: a broken probe or an unknown field does not suppress a smoke alarm.
func TestAdmitEachValueByItself(t *testing.T) {
	top := 125.0
	p := g.Profile{
		ID: "smoke-heat",
		Properties: map[string]g.Property{
			"smoke":       {Type: "boolean"},
			"temperature": {Type: "number", Maximum: &top},
		},
	}
	values := map[string]g.Value{
		"smoke":       g.BoolValue(true),
		"temperature": g.NumberValue(3276.7),
		"rssi":        g.NumberValue(-60),
	}
	o := g.Observation{Device: "d", Reading: &g.Reading{Values: values}}
	a, err := g.Admit(g.Device{ID: "d", Enabled: true}, p, o, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(maps.Keys(a.Observation.Reading.Values)); !slices.Equal(got,
		[]string{"smoke"}) {
		t.Errorf("got %v admitted, want smoke alone", got)
	}
	want := []g.Misfit{
		{Property: "rssi", Reason: "no such property", Unknown: true},
		{Property: "temperature", Reason: "3276.7 is above the maximum 125"},
	}
	if d := cmp.Diff(a.Misfits, want, cmpopts.IgnoreFields(g.Misfit{}, "Why")); d != "" {
		t.Errorf("misfits: got, want:\n%s", d)
	}
	if len(values) != 3 {
		t.Errorf("the driver's own reading was changed: %v", values)
	}
	text := `temperature: 3276.7 is above the maximum 125; rssi: profile "smoke-heat" has no such property; it has [smoke temperature]`
	if got := g.MisfitError(p, a.Misfits).Error(); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
}

// TestAdmitByAge: old observations are history, whether or not the source says so.
func TestAdmitByAge(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		age      time.Duration
		replayed bool
		want     string
	}{
		{-9 * time.Minute, false, "live"},
		{-11 * time.Minute, false, "refused"},
		{-11 * time.Minute, true, "refused"},
		{14 * time.Minute, false, "live"},
		{14 * time.Minute, true, "history"},
		{16 * time.Minute, false, "history late"},
		{7 * day, false, "history late"},
		{29 * day, true, "history"},
		{31 * day, false, "refused"},
		{31 * day, true, "history"},
		{399 * day, true, "history"},
		{401 * day, true, "refused"},
	} {
		o := g.Observation{
			Device:   "d",
			Time:     now.Add(-c.age),
			Replayed: c.replayed,
			Status:   &g.Status{State: g.StateOnline},
		}
		a, err := g.Admit(g.Device{ID: "d", Enabled: true}, g.Profile{}, o, now)
		got := "live"
		switch {
		case err != nil:
			got = "refused"
		case a.Late && a.Observation.Replayed:
			got = "history late"
		case a.Observation.Replayed:
			got = "history"
		}
		if got != c.want {
			t.Errorf("%s old, replayed %t: got %s, want %s", c.age, c.replayed, got, c.want)
		}
	}
}

func TestSignOfLife(t *testing.T) {
	for _, c := range []struct {
		replayed, late bool
		driver         g.DriverName
		want           bool
	}{
		{false, false, "modbus", true},
		{true, false, g.DriverMQTTFront, false}, // it buffers, and may deliver long afterwards
		{true, true, "mqtt", false},             // a broker's retained or queued messages
		{true, true, g.DriverMQTTFront, true},   // its clock is wrong
	} {
		e := g.Event{
			Replayed: c.replayed,
			Late:     c.late,
			Driver:   c.driver,
			Kind:     g.EventStatus,
			Status:   &g.Status{State: g.StateOnline},
		}
		head := g.EventHead{
			Replayed: c.replayed,
			Late:     c.late,
			Driver:   []byte(c.driver),
			Kind:     g.EventStatus,
		}
		if got := fmt.Sprint(e.SignOfLife(), head.SignOfLife()); got != fmt.Sprintf("%t %t",
			c.want, c.want) {
			t.Errorf("%+v: got %s, want %t", c, got, c.want)
		}
	}
}

func TestAdmit(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	lo, hi := -40.0, 125.0
	p := g.Profile{
		ID:    "lab",
		Title: "Lab sensor", Type: g.TypeSensor, Sightings: []g.Method{g.ByCard},
		Properties: map[string]g.Property{
			"temperature": {Type: "number", Minimum: &lo, Maximum: &hi},
			"smoke":       {Type: "boolean"},
			"mode":        {Type: "string", Enum: []string{"on", "off"}},
		},
	}
	d := g.Device{ID: "dev_1", Profile: "lab", Enabled: true}
	read := func(name string, v g.Value) g.Observation {
		return g.Observation{
			Device:  "dev_1",
			Reading: &g.Reading{Values: map[string]g.Value{name: v}},
		}
	}
	see := func(s g.Sighting) g.Observation { return g.Observation{Device: "dev_1", Sighting: &s} }
	for _, c := range []struct {
		name, want string
		o          g.Observation
	}{
		{"a value", "", read("temperature", g.NumberValue(21))},
		{
			"too cold",
			"temperature: -41 is below the minimum -40",
			read("temperature", g.NumberValue(-41)),
		},
		{"wrong type", `smoke: should be a boolean, got "1"`, read("smoke", g.NumberValue(1))},
		{
			"outside the enum",
			`mode: "auto" is not one of [on off]`,
			read("mode", g.StringValue("auto")),
		},
		{
			"unknown property",
			`humidity: profile "lab" has no such property; it has [mode smoke temperature]`,
			read("humidity", g.NumberValue(1)),
		},
		{
			"nothing",
			"the reading holds no values",
			g.Observation{Device: "dev_1", Reading: &g.Reading{}},
		},
		{
			"empty",
			"an observation holds one of a reading, a sighting, a status and an occurrence; this one holds 0",
			g.Observation{Device: "dev_1"},
		},
		{
			"foreign",
			`the observation is of device "dev_2", not "dev_1"`,
			g.Observation{Device: "dev_2"},
		},
		{"a clock ahead",
			"the time 2026-09-01T09:00:00Z is 1h0m0s ahead of the gateway's clock: set the " +
				"device's clock",
			func() g.Observation {
				o := read("smoke", g.BoolValue(true))
				o.Time = now.Add(time.Hour)
				return o
			}()},
		{"a card", "", see(g.Sighting{Method: g.ByCard, Credential: "0815", Direction: g.In})},
		{
			"a card without number",
			"a sighting by card needs the credential that was shown",
			see(g.Sighting{Method: g.ByCard}),
		},
		{
			"a face where none is seen",
			`profile "lab" sees nobody by "face"; it allows [card]`,
			see(g.Sighting{Method: g.ByFace, Embedding: []float32{1}}),
		},
		{
			"sideways",
			`direction: "up" is no direction; use in or out`,
			see(g.Sighting{Method: g.ByCard, Credential: "1", Direction: "up"}),
		},
		{"a state", "", g.Observation{Device: "dev_1", Status: &g.Status{State: g.StateOnline}}},
		{
			"no state",
			`"fine" is no state; use online, offline or fault`,
			g.Observation{Device: "dev_1", Status: &g.Status{State: "fine"}},
		},
	} {
		got := ""
		if _, err := g.Admit(d, p, c.o, now); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
