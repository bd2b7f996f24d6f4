package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/intake"
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
		{
			"telemetry",
			`{"t": 21.5, "smoke": false, "mode": "自动", "gone": null}`,
			read(time.Time{},
				map[string]g.Value{
					"t":     g.NumberValue(21.5),
					"smoke": g.BoolValue(false),
					"mode":  g.StringValue("自动"),
				}),
			"",
		},
		{
			"telemetry",
			`{"values": {"t": 1}, "time": "2026-09-01T08:00:00+08:00"}`,
			read(at, map[string]g.Value{"t": g.NumberValue(1)}),
			"",
		},
		{
			"telemetry",
			`{"t": 1, "time": 1788220800000}`,
			read(at, map[string]g.Value{"t": g.NumberValue(1)}),
			"",
		},
		{
			"telemetry",
			`[1]`,
			g.Observation{},
			"the payload is not a JSON object of properties: json: cannot unmarshal array into " +
				"Go value of type map[string]json.RawMessage",
		},
		{
			"telemetry",
			`{"t": 1, "time": "soon"}`,
			g.Observation{},
			`time: "soon" is no time` + mend,
		},
		{
			"telemetry",
			`{"t": 1, "time": 1788220800}`,
			read(at, map[string]g.Value{"t": g.NumberValue(1)}),
			"",
		},
		{
			"telemetry",
			`{"t": 1, "time": 1788220800.0}`,
			read(at, map[string]g.Value{"t": g.NumberValue(1)}),
			"",
		},
		{
			"telemetry",
			`{"t": 1, "time": 1788220800000000}`,
			read(at, map[string]g.Value{"t": g.NumberValue(1)}),
			"",
		},
		{
			"telemetry",
			`{"t": 1, "time": 1788220800000000000}`,
			read(at, map[string]g.Value{"t": g.NumberValue(1)}),
			"",
		},
		{
			"telemetry",
			`{"t": null, "time": 1788220800.25}`,
			read(at.Add(250*time.Millisecond), map[string]g.Value{}),
			"",
		},
		{
			"telemetry",
			`{"t": 1, "time": 20260901}`,
			g.Observation{},
			`time: 20260901 is no time` + mend,
		},
		{
			"telemetry",
			`{"t": 1, "time": -1788220800}`,
			g.Observation{},
			`time: -1788220800 is no time` + mend,
		},
		{
			"telemetry",
			`{"t": 1, "time": 17882208000}`,
			g.Observation{},
			`time: 17882208000 is no time` + mend,
		},
		{
			"telemetry",
			`{"t": 1, "time": "2026-09-01 08:00:00"}`,
			g.Observation{},
			`time: "2026-09-01 08:00:00" is no time` + mend,
		},
		{
			"status",
			`{"state": "fault", "time": "soon"}`,
			g.Observation{},
			`time: "soon" is no time` + mend,
		},
		{
			"sighting",
			`{"method": "card", "credential": "0815", "direction": "in", "sequence": 7}`,
			g.Observation{
				Sequence: 7,
				Sighting: &g.Sighting{Method: g.ByCard, Credential: "0815", Direction: g.In},
			},
			"",
		},
		{
			"sighting",
			`{"methd": "card"}`,
			g.Observation{},
			fmt.Sprintf(`method: is missing: say how somebody was seen, one of %v; "methd" is not understood`,
				g.Methods()),
		},
		{
			"status",
			`{"stat": "fault"}`,
			g.Observation{},
			`state: is missing: say online, offline or fault; "stat" is not understood`,
		},
		{
			"status",
			`{"state": "fault", "reason": "lens dirty"}`,
			g.Observation{Status: &g.Status{State: g.StateFault, Reason: "lens dirty"}},
			"",
		},
		{
			"occurrence",
			`{"kind": "door", "data": {"what": "forced", "gone": null}, "time": 1788220800,` +
				` "sequence": 17}`,
			g.Observation{
				Time:     at,
				Sequence: 17,
				Occurrence: &g.Occurrence{
					Kind: g.OccurrenceDoor,
					Data: map[string]g.Value{"what": g.StringValue("forced")},
				},
			},
			"",
		},
		{
			"occurrence",
			`{"kind": "tamper", "replayed": true}`,
			g.Observation{
				Replayed:   true,
				Occurrence: &g.Occurrence{Kind: g.OccurrenceTamper},
			},
			"",
		},
		{
			"occurrence",
			`{"event": "door"}`,
			g.Observation{},
			`kind: is missing: say which event of the profile it is; "event" is not understood`,
		},
		{
			"occurrence",
			`{"kind": "door", "data": {"what": ["forced"]}}`,
			g.Observation{},
			`data.what: a []interface {} is no value: give a number, true, false or a text`,
		},
		{
			"weather",
			`{}`,
			g.Observation{},
			`"weather" is no kind of message; publish to telemetry, sighting, status or occurrence`,
		},
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
		} else if d := cmp.Diff(got.Observation, c.want, values); d != "" {
			t.Errorf("%s %s: got, want:\n%s", c.kind, c.payload, d)
		}
	}
}

const mend = `: write RFC 3339 with the zone (2026-09-01T08:00:00+08:00), or seconds, milliseconds or microseconds since 1970`

// TestDecodeKeepsWhatIsRight: a field that cannot be used does not cost the others.
func TestDecodeKeepsWhatIsRight(t *testing.T) {
	long := strings.Repeat("x", g.MaxStringValue+1)
	for payload, want := range map[string]string{
		`{"smoke": true, "link": {"rssi": -60}, "list": [1]}`: "link list",
		`{"smoke": true, "note": "` + long + `"}`:             "note",
		`{"smoke": true, "big": 1e999}`:                       "big",
		`{"values": {"smoke": true}, "rssi": -60}`:            "rssi",
	} {
		m, err := intake.Decode("telemetry", []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range m.Misfits {
			got = append(got, x.Property)
		}
		if on, ok := m.Observation.Reading.Values["smoke"].Bool(); !on || !ok ||
			strings.Join(got, " ") != want {
			t.Errorf("%.60s: got %+v and misfits %v, want smoke and misfits %s", payload,
				m.Observation.Reading, got, want)
		}
	}
	m, err := intake.Decode("sighting", []byte(`{"method":"card","Credential":"1","rssi":-60}`))
	if err != nil || m.Observation.Sighting.Credential != "1" || len(m.Misfits) != 1 ||
		m.Misfits[0].Property != "rssi" {
		t.Errorf("got %+v, %v; want the sighting, and rssi as the one misfit", m, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("telemetry", []byte(`{"values":{"t":1},"time":"2026-09-01T08:00:00Z"}`))
	f.Add("sighting", []byte(`{"method":"card","credential":"1"}`))
	f.Add("status", []byte(`{"state":"online"}{}`))
	f.Add("occurrence", []byte(`{"kind":"sale","data":{"amount":1.5},"sequence":3}`))
	f.Add("telemetry", []byte(`{"values":{"a":{}},"b":[],"time":1788220800.5}`))
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		m, err := intake.Decode(kind, payload)
		if err != nil {
			return
		}
		o := m.Observation
		if y := o.Time.Year(); !o.Time.IsZero() && kind != "" && (y < 0 || y > 9999) {
			t.Errorf("%q has the year %d", payload, y)
		}
		e := g.Event{Kind: g.EventReading, Reading: o.Reading}
		if o.Occurrence != nil {
			e = g.Event{Kind: g.EventOccurrence, Occurrence: o.Occurrence}
		} else if o.Reading == nil {
			return
		}
		b, err := event.Append(nil, &e)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := event.Decode(1, b); err != nil {
			t.Errorf("%q decodes to what the journal cannot hold: %v", payload, err)
		}
	})
}
