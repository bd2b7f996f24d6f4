package gatehouse_test

import (
	"errors"
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

// TestAdmitWithAWrongClock: a detector or a button whose clock is wrong counts when it is heard, and
// what it says of the time is told. What is late is history, but somebody may wait behind a button.
// What was buffered stays history, and what concerns people or money keeps its own time or none.
func TestAdmitWithAWrongClock(t *testing.T) {
	now, day := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), 24*time.Hour
	p := g.Profile{
		Properties: map[string]g.Property{"smoke": {Type: "boolean"}},
		Sightings:  []g.Method{g.ByCard},
		Events:     map[string]g.Affordance{"alarm": {}, "sale": {}, "unanswered": {}},
	}
	happens := func(k g.OccurrenceKind) g.Observation {
		return g.Observation{Occurrence: &g.Occurrence{Kind: k}}
	}
	said := map[string]g.Observation{
		"smoke": {Reading: &g.Reading{Values: map[string]g.Value{"smoke": g.BoolValue(true)}}},
		"card":  {Sighting: &g.Sighting{Method: g.ByCard, Credential: "1"}},
		"fault": {Status: &g.Status{State: g.StateFault}},
		"panic": happens(g.OccurrenceAlarm),
		"sale":  happens(g.OccurrenceSale),
		"pass":  happens(g.OccurrenceUnanswered),
	}
	in2020 := now.Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	in2030 := now.Sub(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		what, want string
		age        time.Duration
		replayed   bool
	}{
		{"smoke", "on arrival clock_behind", in2020, false},
		{"smoke", "on arrival clock_behind", 31 * day, false},
		{"smoke", "on arrival clock_ahead", in2030, false},
		{"smoke", "on arrival clock_ahead", -11 * time.Minute, false},
		{"smoke", "refused clock_behind", in2020, true},
		{"smoke", "refused clock_ahead", in2030, true},
		{"smoke", "history", 31 * day, true},
		{"smoke", "history", 16 * time.Minute, false},
		{"panic", "on arrival clock_behind", in2020, false},
		{"panic", "on arrival clock_ahead", in2030, false},
		{"panic", "refused clock_behind", in2020, true},
		{"panic", "live", 16 * time.Minute, false},
		{"panic", "live", 23 * time.Hour, false},
		{"panic", "history", 25 * time.Hour, false},
		{"panic", "history", 16 * time.Minute, true},
		{"sale", "history", 16 * time.Minute, false},
		{"sale", "refused clock_behind", in2020, false},
		{"pass", "refused clock_ahead", in2030, false},
		{"card", "history", 16 * time.Minute, false},
		{"card", "refused clock_behind", in2020, false},
		{"card", "refused clock_ahead", in2030, false},
		{"fault", "refused clock_behind", in2020, false},
	} {
		o := said[c.what]
		o.Device, o.Replayed, o.Time = "d", c.replayed, now.Add(-c.age)
		a, err := g.Admit(g.Device{ID: "d", Enabled: true}, p, o, now)
		got := "live"
		var wrong *g.ClockError
		switch {
		case errors.As(err, &wrong):
			got = "refused " + wrong.Why.Reason
		case err != nil:
			got = err.Error()
		case a.Clock != nil && a.Observation.Time.IsZero() && !a.Observation.Replayed &&
			a.Said().Equal(o.Time):
			got = "on arrival " + a.Clock.Why.Reason
		case a.Observation.Replayed:
			got = "history"
		}
		if got != c.want {
			t.Errorf("%s, %s old, replayed %t: got %s, want %s", c.what, c.age, c.replayed, got, c.want)
		}
	}
}

// TestFarthestTime: a time further ahead than a duration reaches is refused like any other.
func TestFarthestTime(t *testing.T) {
	o := g.Observation{
		Device: "d",
		Time:   time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		Status: &g.Status{State: g.StateOnline},
	}
	_, err := g.Admit(g.Device{ID: "d", Enabled: true}, g.Profile{}, o, time.Now())
	var wrong *g.ClockError
	if !errors.As(err, &wrong) || wrong.Why.Reason != string(g.RejectedClockAhead) {
		t.Errorf("got %v, want the clock ahead", err)
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
				o := see(g.Sighting{Method: g.ByCard, Credential: "0815"})
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
