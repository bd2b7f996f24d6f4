package gatehouse_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
)

var compareValues = cmp.Comparer(func(a, b g.Value) bool { return a == b })

func sampleEvents() []g.Event {
	at := time.Date(2026, 9, 1, 7, 55, 0, 123e6, time.UTC)
	head := g.Event{School: "sch_1", Device: "dev_1", Zone: "zon_1", Driver: "modbus", Time: at, Received: at.Add(time.Second)}
	with := func(f func(*g.Event)) g.Event { e := head; f(&e); return e }
	return []g.Event{
		with(func(e *g.Event) {
			e.Kind, e.Time = g.EventReading, time.Time{}
			e.Reading = &g.Reading{Values: map[string]g.Value{"t": g.NumberValue(-3.25), "smoke": g.BoolValue(true), "mode": g.StringValue("自动"), "gone": {}}}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Replayed = g.EventSighting, true
			e.Sighting = &g.Sighting{ID: "sgt_1", Method: g.ByFace, Direction: g.In, Zone: "zon_1", Person: "per_1", Track: "7", Media: "med_1",
				Match: &g.Match{Score: 0.71, RunnerUp: -1, Margin: 1.71, Quality: 0.9, Frames: 5, Reason: "matched"}}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Sighting = g.EventSighting, &g.Sighting{ID: "sgt_2", Method: g.ByCard, Credential: "…4711"}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Status = g.EventStatus, &g.Status{State: g.StateOffline, Reason: "no route", Weak: g.WeakSerialOnly}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Rejection = g.EventRejected, &g.Rejection{Reason: "r", Source: "s", Excerpt: "x"}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Rejection = g.EventRejected, &g.Rejection{Reason: "r", Source: "s", Properties: []string{"rssi", "温度"}, Partial: true}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Sighting = g.EventSighting, &g.Sighting{ID: "sgt_3", Method: g.ByPIN, Credential: "…12", Sealed: []byte{1, 0, 2}}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Rejection = g.EventRejected, &g.Rejection{Reason: "r", Source: "s", Sealed: []byte("sealed")}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Replayed, e.Late = g.EventReading, true, true
			e.Reading = &g.Reading{Values: map[string]g.Value{"smoke": g.BoolValue(true)}}
		}),
		with(func(e *g.Event) {
			e.Kind, e.ID = g.EventAlert, "alt_1-2"
			e.Alert = &g.Alert{ID: "alt_1", Rule: "smoke", Severity: g.Critical, State: g.AlertOpen, Opened: at, Values: map[string]g.Value{"t": g.NumberValue(61)}}
		}),
		with(func(e *g.Event) {
			e.Kind, e.ID, e.Incident = g.EventIncident, "inc_1-1", &g.Incident{ID: "inc_1", Opened: at}
		}),
		with(func(e *g.Event) {
			e.Kind, e.ID, e.Attendance = g.EventAttendance, "att_1", &g.Attendance{Person: "per_1", State: g.Arrived, At: at}
		}),
	}
}

func TestEventRoundTrip(t *testing.T) {
	for i, want := range sampleEvents() {
		b, err := g.AppendEvent(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		want.Seq = uint64(i + 1)
		got, err := g.DecodeEvent(want.Seq, b)
		if err != nil {
			t.Fatalf("%s: %v", want.Kind, err)
		}
		if want.ID == "" {
			want.ID = got.ID
			if got.ID == "" {
				t.Errorf("%s: no id", want.Kind)
			}
		}
		if d := cmp.Diff(got, want, compareValues); d != "" {
			t.Errorf("%s: got, want:\n%s", want.Kind, d)
		}
		for cut := range b {
			if e, err := g.DecodeEvent(1, b[:cut]); err == nil && cut < len(b) {
				t.Errorf("%s cut to %d of %d bytes decoded as %+v", want.Kind, cut, len(b), e)
			} else if err != nil && !errors.Is(err, g.ErrNoEvent) {
				t.Errorf("got %v, want ErrNoEvent", err)
			}
		}
	}
}

func TestAppendEventRefusesHalfEvents(t *testing.T) {
	for _, e := range []g.Event{{}, {Kind: "weather"}, {Kind: g.EventReading}, {Kind: g.EventSighting, Status: &g.Status{}}} {
		if b, err := g.AppendEvent(nil, &e); err == nil {
			t.Errorf("kind %q without its part encoded to %d bytes, want an error", e.Kind, len(b))
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, e := range sampleEvents() {
		b, _ := g.AppendEvent(nil, &e)
		f.Add(b)
	}
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := g.DecodeEvent(9, b)
		if err != nil {
			return
		}
		again, err := g.AppendEvent(nil, &e)
		if err != nil {
			t.Fatalf("decoded but does not encode: %v", err)
		}
		back, err := g.DecodeEvent(9, again)
		if err != nil {
			t.Fatalf("its own encoding does not decode: %v", err)
		}
		if d := cmp.Diff(back, e, compareValues); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
	})
}

func TestValueOf(t *testing.T) {
	for _, x := range []any{math.NaN(), math.Inf(1), []int{1}, map[string]any{}, string(make([]byte, g.MaxStringValue+1))} {
		if v, err := g.ValueOf(x); err == nil {
			t.Errorf("ValueOf(%T) = %v, want an error", x, v)
		}
	}
	if v, err := g.ValueOf(21); err != nil || v != g.NumberValue(21) {
		t.Errorf("ValueOf(21) = %v, %v; want 21", v, err)
	}
}

func TestAdmit(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	lo, hi := -40.0, 125.0
	p := g.Profile{ID: "lab", Title: "Lab sensor", Type: g.TypeSensor, Sightings: []g.Method{g.ByCard},
		Properties: map[string]g.Property{"temperature": {Type: "number", Minimum: &lo, Maximum: &hi}, "smoke": {Type: "boolean"}, "mode": {Type: "string", Enum: []string{"on", "off"}}}}
	d := g.Device{ID: "dev_1", Profile: "lab", Enabled: true}
	read := func(name string, v g.Value) g.Observation {
		return g.Observation{Device: "dev_1", Reading: &g.Reading{Values: map[string]g.Value{name: v}}}
	}
	see := func(s g.Sighting) g.Observation { return g.Observation{Device: "dev_1", Sighting: &s} }
	for _, c := range []struct {
		name, want string
		o          g.Observation
	}{
		{"a value", "", read("temperature", g.NumberValue(21))},
		{"too cold", "temperature: -41 is below the minimum -40", read("temperature", g.NumberValue(-41))},
		{"wrong type", `smoke: should be a boolean, got "1"`, read("smoke", g.NumberValue(1))},
		{"outside the enum", `mode: "auto" is not one of [on off]`, read("mode", g.StringValue("auto"))},
		{"unknown property", `humidity: profile "lab" has no such property; it has [mode smoke temperature]`, read("humidity", g.NumberValue(1))},
		{"nothing", "the reading holds no values", g.Observation{Device: "dev_1", Reading: &g.Reading{}}},
		{"empty", "an observation holds one of a reading, a sighting and a status; this one holds 0", g.Observation{Device: "dev_1"}},
		{"foreign", `the observation is of device "dev_2", not "dev_1"`, g.Observation{Device: "dev_2"}},
		{"a clock ahead", "the time 2026-09-01T09:00:00Z is 1h0m0s ahead of the gateway's clock: set the device's clock", func() g.Observation {
			o := read("smoke", g.BoolValue(true))
			o.Time = now.Add(time.Hour)
			return o
		}()},
		{"a card", "", see(g.Sighting{Method: g.ByCard, Credential: "0815", Direction: g.In})},
		{"a card without number", "a sighting by card needs the credential that was shown", see(g.Sighting{Method: g.ByCard})},
		{"a face where none is seen", `profile "lab" sees nobody by "face"; it allows [card]`, see(g.Sighting{Method: g.ByFace, Embedding: []float32{1}})},
		{"sideways", `direction: "up" is no direction; use in or out`, see(g.Sighting{Method: g.ByCard, Credential: "1", Direction: "up"})},
		{"a state", "", g.Observation{Device: "dev_1", Status: &g.Status{State: g.StateOnline}}},
		{"no state", `"fine" is no state; use online, offline or fault`, g.Observation{Device: "dev_1", Status: &g.Status{State: "fine"}}},
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
