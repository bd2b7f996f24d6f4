package intake_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/intake"
)

var values = cmp.Comparer(func(a, b g.Value) bool { return a == b })

func TestDecode(t *testing.T) {
	at := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	read := func(at time.Time, v map[string]g.Value) g.Observation {
		return g.Observation{Time: at, Reading: &g.Reading{Values: v}}
	}
	for _, c := range []struct {
		kind, payload string
		want          g.Observation
		err           string
	}{
		{"telemetry", `{"t": 21.5, "smoke": false, "mode": "自动", "gone": null}`, read(time.Time{}, map[string]g.Value{"t": g.NumberValue(21.5), "smoke": g.BoolValue(false), "mode": g.StringValue("自动")}), ""},
		{"telemetry", `{"values": {"t": 1}, "time": "2026-09-01T08:00:00+08:00"}`, read(at, map[string]g.Value{"t": g.NumberValue(1)}), ""},
		{"telemetry", `{"t": 1, "time": 1788220800000}`, read(at, map[string]g.Value{"t": g.NumberValue(1)}), ""},
		{"telemetry", `{"t": {"deep": 1}}`, g.Observation{}, "t: a map[string]interface {} is no value: give a number, true, false or a text"},
		{"telemetry", `[1]`, g.Observation{}, "the payload is not a JSON object of properties: json: cannot unmarshal array into Go value of type map[string]json.RawMessage"},
		{"telemetry", `{"t": 1, "time": "soon"}`, g.Observation{}, `time: "soon" is neither RFC 3339 (2026-09-01T08:00:00+08:00) nor milliseconds since 1970`},
		{"sighting", `{"method": "card", "credential": "0815", "direction": "in", "sequence": 7}`, g.Observation{Sequence: 7, Sighting: &g.Sighting{Method: g.ByCard, Credential: "0815", Direction: g.In}}, ""},
		{"sighting", `{"methd": "card"}`, g.Observation{}, `the payload does not parse: json: unknown field "methd"`},
		{"status", `{"state": "fault", "reason": "lens dirty"}`, g.Observation{Status: &g.Status{State: g.StateFault, Reason: "lens dirty"}}, ""},
		{"weather", `{}`, g.Observation{}, `"weather" is no kind of message; publish to telemetry, sighting or status`},
	} {
		got, err := intake.Decode(c.kind, []byte(c.payload))
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s %s: got %v, want %q", c.kind, c.payload, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.payload, err)
		} else if d := cmp.Diff(got, c.want, values); d != "" {
			t.Errorf("%s %s: got, want:\n%s", c.kind, c.payload, d)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("telemetry", []byte(`{"values":{"t":1},"time":"2026-09-01T08:00:00Z"}`))
	f.Add("sighting", []byte(`{"method":"card","credential":"1"}`))
	f.Add("status", []byte(`{"state":"online"}{}`))
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		o, err := intake.Decode(kind, payload)
		if err != nil {
			return
		}
		e := g.Event{Kind: g.EventReading, Reading: o.Reading}
		if o.Reading == nil {
			return
		}
		b, err := g.AppendEvent(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.DecodeEvent(1, b); err != nil {
			t.Errorf("%q decodes to a reading that the journal cannot hold: %v", payload, err)
		}
	})
}
