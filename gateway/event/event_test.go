package event_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
)

var compareValues = cmp.Comparer(func(a, b g.Value) bool { return a == b })

// sampleEvents are events of every kind: those that the version before the tags could write, and
// what came later.
func sampleEvents() []g.Event {
	samples := untaggedSamples()
	head := samples[0]
	head.Kind, head.Reading = g.EventStatus, nil
	causes := head
	causes.Status = &g.Status{
		State:  g.StateFault,
		Reason: "the door is stuck",
		Causes: []g.Reason{g.Because(g.ReasonNoAnswer, "address", "门"), {Code: "stuck"}},
	}
	bare, whole := head, head
	bare.Kind, bare.Occurrence = g.EventOccurrence, &g.Occurrence{Kind: g.OccurrenceTamper}
	whole.Kind, whole.Occurrence = g.EventOccurrence, &g.Occurrence{
		ID:   "occ_1",
		Kind: g.OccurrenceSale,
		Data: map[string]g.Value{
			"amount": g.NumberValue(12.5),
			"what":   g.StringValue("午餐"),
			"paid":   g.BoolValue(true),
		},
	}
	refused := head
	refused.Kind, refused.Decision = g.EventDecision, &g.Decision{
		Method:     g.ByCard,
		Direction:  g.In,
		Credential: "…4711",
		Reason:     g.Because(g.ReasonNobody),
	}
	unfit := head
	unfit.Kind, unfit.Rejection = g.EventRejected, &g.Rejection{Source: "s"}
	unfit.Rejection.Explain(&g.ClockError{
		Clock: time.Date(2001, 1, 1, 0, 0, 0, 5000, time.UTC),
		Why:   g.Errorf(g.Invalid, "the clock is %d days slow", 3).Because("clock_behind"),
	})
	told := head
	told.Kind, told.Command = g.EventCommand, &g.DeviceCommand{
		ID:      "cmd_1",
		School:  "sch_1",
		Device:  "dev_1",
		Action:  "unlock",
		State:   g.CommandSent,
		By:      "rule fire",
		Made:    samples[0].Time,
		Due:     samples[0].Time.Add(time.Minute),
		Changed: samples[0].Time,
		Times:   []g.CommandTime{{State: g.CommandAccepted, At: samples[0].Time}},
		Alert:   "alt_1",
		Drill:   true,
		Tries:   1,
	}
	raised := head
	raised.Kind, raised.Lockdown = g.EventLockdown, &g.Lockdown{
		ID:      "lck_1",
		School:  "sch_1",
		Level:   g.LevelEvacuate,
		Title:   "Evacuate",
		TitleZH: "疏散",
		Drill:   true,
		Raised:  samples[0].Time,
		Alert:   "alt_1",
	}
	written := head
	written.Kind, written.Rule = g.EventRule, &g.RuleChange{
		Rule:    "warm@sch_1",
		Version: 3,
		Deed:    g.RuleEdited,
		Enabled: true,
		By:      "usr_1",
		ByName:  "Zhao Min 赵敏",
		Note:    "the old limit rang every morning",
	}
	shelved := head
	shelved.Kind, shelved.Suppression = g.EventSuppression, &g.SuppressionChange{
		Suppression: "sup_1",
		Kind:        g.Window,
		Deed:        g.SuppressionBegan,
		Reason:      "the UPS is serviced",
		By:          "usr_1",
		ByName:      "Zhao Min 赵敏",
		Version:     2,
	}
	return append(samples, causes, bare, whole, refused, unfit, told, raised, written, shelved)
}

func untaggedSamples() []g.Event {
	at := time.Date(2026, 9, 1, 7, 55, 0, 123e6, time.UTC)
	head := g.Event{
		School:   "sch_1",
		Device:   "dev_1",
		Zone:     "zon_1",
		Driver:   "modbus",
		Time:     at,
		Received: at.Add(time.Second),
	}
	with := func(f func(*g.Event)) g.Event { e := head; f(&e); return e }
	return []g.Event{
		with(func(e *g.Event) {
			e.Kind, e.Time = g.EventReading, time.Time{}
			e.Reading = &g.Reading{
				Values: map[string]g.Value{
					"t":     g.NumberValue(-3.25),
					"smoke": g.BoolValue(true),
					"mode":  g.StringValue("自动"),
					"gone":  {},
				},
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Replayed = g.EventSighting, true
			e.Sighting = &g.Sighting{
				ID:        "sgt_1",
				Method:    g.ByFace,
				Direction: g.In, Zone: "zon_1", Person: "per_1", Track: "7", Media: "med_1",
				Match: &g.Match{
					Score:    0.71,
					RunnerUp: -1,
					Margin:   1.71,
					Quality:  0.9,
					Frames:   5,
					Reason:   "matched",
				},
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Sighting = g.EventSighting, &g.Sighting{
				ID:         "sgt_2",
				Method:     g.ByCard,
				Credential: "…4711",
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Status = g.EventStatus, &g.Status{
				State:  g.StateOffline,
				Reason: "no route",
				Weak:   g.WeakSerialOnly,
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Rejection = g.EventRejected, &g.Rejection{
				Reason:  "r",
				Source:  "s",
				Excerpt: "x",
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Rejection = g.EventRejected, &g.Rejection{
				Reason:     "r",
				Source:     "s",
				Properties: []string{"rssi", "温度"},
				Partial:    true,
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Sighting = g.EventSighting, &g.Sighting{
				ID:         "sgt_3",
				Method:     g.ByPIN,
				Credential: "…12",
				Sealed:     []byte{1, 0, 2},
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.Rejection = g.EventRejected, &g.Rejection{
				Reason: "r",
				Source: "s",
				Sealed: []byte("sealed"),
			}
		}),
		with(func(e *g.Event) {
			e.Kind = g.EventReading
			e.Replayed = true
			e.Late = true
			e.Reading = &g.Reading{Values: map[string]g.Value{"smoke": g.BoolValue(true)}}
		}),
		with(func(e *g.Event) {
			e.Kind, e.ID = g.EventAlert, "alt_1-2"
			e.Alert = &g.Alert{
				ID:       "alt_1",
				Rule:     "smoke",
				Severity: g.Critical,
				State:    g.AlertOpen,
				Opened:   at,
				Values:   map[string]g.Value{"t": g.NumberValue(61)},
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.ID, e.Incident = g.EventIncident, "inc_1-1", &g.Incident{
				ID:     "inc_1",
				Opened: at,
			}
		}),
		with(func(e *g.Event) {
			e.Kind, e.ID, e.Attendance = g.EventAttendance, "att_1", &g.Attendance{
				Person: "per_1",
				State:  g.Arrived,
				At:     at,
			}
		}),
	}
}

// untaggedRecords are the samples as the last version before the tags wrote them.
func untaggedRecords(t testing.TB) [][]byte {
	t.Helper()
	text, err := os.ReadFile("testdata/untagged.hex")
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for line := range strings.Lines(string(text)) {
		b, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func TestEventRoundTrip(t *testing.T) {
	samples := sampleEvents()
	for i, want := range samples {
		b, err := event.Append(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		want.Seq = uint64(i + 1)
		got, err := event.Decode(want.Seq, b)
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
			if e, err := event.Decode(1, b[:cut]); err == nil && cut < len(b) {
				t.Errorf("%s cut to %d of %d bytes decoded as %+v", want.Kind, cut, len(b), e)
			} else if err != nil && !errors.Is(err, event.ErrNoEvent) {
				t.Errorf("got %v, want ErrNoEvent", err)
			}
		}
	}
	for _, k := range g.EventKinds() {
		if !slices.ContainsFunc(samples, func(e g.Event) bool { return e.Kind == k }) {
			t.Errorf("no sample of a %s: its line in the table of kinds is not tried", k)
		}
	}
}

// TestRecordsBeforeTheTags reads records of the last version before the tags;
// this version's are no larger.
func TestRecordsBeforeTheTags(t *testing.T) {
	records := untaggedRecords(t)
	samples := untaggedSamples()
	if len(records) != len(samples) {
		t.Fatalf("got %d records, want %d", len(records), len(samples))
	}
	for i, want := range samples {
		want.Seq = 7
		got, err := event.Decode(7, records[i])
		if err != nil {
			t.Fatalf("%s: %v", want.Kind, err)
		}
		if want.ID == "" {
			want.ID = "evt_7"
		}
		if d := cmp.Diff(got, want, compareValues); d != "" {
			t.Errorf("%s: got, want:\n%s", want.Kind, d)
		}
		for cut := range records[i] {
			if _, err := event.Decode(1, records[i][:cut]); !errors.Is(err, event.ErrNoEvent) {
				t.Errorf("%s cut to %d bytes: got %v, want ErrNoEvent", want.Kind, cut, err)
			}
		}
		tagged, err := event.Append(nil, &samples[i])
		most := len(records[i])
		if want.Kind == g.EventIncident {
			most++ // rare, so its field number takes two bytes
		}
		if err != nil || len(tagged) > most {
			t.Errorf("%s: %d bytes, %v; it was %d before", want.Kind, len(tagged), err,
				len(records[i]))
		}
	}
}

// field is a field of a newer version.
func field(number, wire uint64, payload ...byte) []byte {
	tag := number<<3 | wire
	b := []byte{byte(tag)}
	if tag >= 0x80 {
		b = []byte{byte(tag) | 0x80, byte(tag >> 7)}
	}
	if wire == 2 {
		b = append(b, byte(len(payload)))
	}
	return append(b, payload...)
}

// TestFieldsOfANewerVersionAreKept adds fields to the event and to its part: everything else is
// read as before, and they are there when it is written again.
func TestFieldsOfANewerVersionAreKept(t *testing.T) {
	for _, want := range sampleEvents() {
		b, err := event.Append(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		newer := [][]byte{
			field(40, 0, 5),
			field(41, 2, 'x', 'y'),
			field(42, 1, 1, 2, 3, 4, 5, 6, 7, 8),
			field(43, 5, 1, 2, 3, 4),
		}
		switch want.Kind {
		case g.EventReading:
			newer = append(newer, field(9, 2, field(30, 2, 'u', 'n', 'i', 't')...))
		case g.EventSighting:
			newer = append(newer, field(10, 2, field(30, 0, 9)...))
		case g.EventStatus:
			newer = append(newer, field(11, 2, field(30, 5, 1, 2, 3, 4)...))
		case g.EventRejected:
			newer = append(newer, field(12, 2, field(30, 1, 1, 2, 3, 4, 5, 6, 7, 8)...))
		}
		whole := slices.Concat(b, slices.Concat(newer...))
		got, err := event.Decode(1, whole)
		if err != nil {
			t.Fatalf("%s: %v", want.Kind, err)
		}
		if d := cmp.Diff(got.Extra, slices.Concat(newer...)); d != "" {
			t.Errorf("%s: kept (-), came (+):\n%s", want.Kind, d)
		}
		again, err := event.Append(nil, &got)
		if err != nil {
			t.Fatal(err)
		}
		back, err := event.Decode(1, again)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(back, got, compareValues); d != "" {
			t.Errorf("%s: written again and read (-), read (+):\n%s", want.Kind, d)
		}
		got.Extra, want.Seq = nil, 1
		if want.ID == "" {
			want.ID = "evt_1"
		}
		if d := cmp.Diff(got, want, compareValues); d != "" {
			t.Errorf("%s: got, want:\n%s", want.Kind, d)
		}
	}
}

// TestAKindOfANewerVersion: it is no error, has no part, and is written again as it came.
func TestAKindOfANewerVersion(t *testing.T) {
	b := slices.Concat(field(1, 2, 's'), field(2, 2, 'd'),
		field(99, 2, field(1, 2, 'a', 'l', 'a', 'r', 'm')...))
	e, err := event.Decode(3, b)
	if err != nil {
		t.Fatal(err)
	}
	if e.Kind != "" || e.School != "s" || e.Device != "d" || e.Seq != 3 {
		t.Errorf("got %+v, want an event without a kind", e)
	}
	h, err := event.DecodeHead(b)
	if err != nil || h.Kind != "" || string(h.Device) != "d" {
		t.Errorf("got the head %+v, %v", h, err)
	}
	again, err := event.Append(nil, &e)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again[:len(b)-1], b[:len(b)-1]) && !bytes.Contains(again, b[6:]) {
		t.Errorf("written again: %x, want the part of %x in it", again, b)
	}
}

func TestAppendEventRefusesHalfEvents(t *testing.T) {
	for _, e := range []g.Event{
		{},
		{Kind: "weather"},
		{Kind: g.EventReading},
		{Kind: g.EventSighting, Status: &g.Status{}},
	} {
		if b, err := event.Append(nil, &e); err == nil {
			t.Errorf("kind %q without its part encoded to %d bytes, want an error", e.Kind, len(b))
		}
	}
}

// TestBytesThatAreNoEvent: a known field with another type does not come from a newer version.
func TestBytesThatAreNoEvent(t *testing.T) {
	for _, b := range []string{
		"", "x", "xxxxxxxx", "\x08\x01", "\x00\x00", "\x0a", "\x8d\x01\x01",
		"{\"kind\":1}",
	} {
		if e, err := event.Decode(1, []byte(b)); !errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%q decodes as %+v, %v; want ErrNoEvent", b, e, err)
		}
		if h, err := event.DecodeHead([]byte(b)); !errors.Is(err, event.ErrNoEvent) {
			t.Errorf("%q has the head %+v, %v; want ErrNoEvent", b, h, err)
		}
	}
}

func seeds(f *testing.F) {
	for _, e := range sampleEvents() {
		b, err := event.Append(nil, &e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
		f.Add(append(b, field(40, 0, 5)...))
	}
	for _, b := range untaggedRecords(f) {
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
}

func FuzzDecodeEvent(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := event.Decode(9, b)
		if err != nil {
			return
		}
		again, err := event.Append(nil, &e)
		if err != nil {
			t.Fatalf("decoded but does not encode: %v", err)
		}
		back, err := event.Decode(9, again)
		if err != nil {
			t.Fatalf("its own encoding does not decode: %v", err)
		}
		if d := cmp.Diff(back, e, compareValues); d != "" {
			t.Errorf("got, want:\n%s", d)
		}
	})
}

// FuzzDecodeHead wants the head to say what the whole event says, wherever that decodes.
func FuzzDecodeHead(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, herr := event.DecodeHead(b)
		e, err := event.Decode(1, b)
		if err != nil {
			return
		}
		if herr != nil {
			t.Fatalf("the event decodes and its head does not: %v", herr)
		}
		if h.Kind != e.Kind || string(h.School) != string(e.School) ||
			string(h.Device) != string(e.Device) || h.Replayed != e.Replayed {
			t.Errorf("got %+v, want what is in %+v", h, e)
		}
		if !e.Time.IsZero() && h.Time != e.Time.UnixNano() ||
			!e.Received.IsZero() && h.Received != e.Received.UnixNano() {
			t.Errorf("got the times %d and %d, want %s and %s", h.Time, h.Received, e.Time,
				e.Received)
		}
		if h.SignOfLife() != e.SignOfLife() {
			t.Errorf("a sign of life: the head says %t, the event %t", h.SignOfLife(),
				e.SignOfLife())
		}
	})
}
