package intake

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

// maxProperties bounds the values of one message.
const maxProperties = 256

// Decode reads a device's MQTT message. Kind telemetry takes {"values": {property: scalar},
// "time": …} or the properties alone, with or without "time"; sighting takes {"method",
// "credential", "direction", "time"}; status takes {"state", "reason"}. A time is RFC 3339,
// or milliseconds since 1970. The error is for whoever programs the device.
func Decode(kind string, payload []byte) (g.Observation, error) {
	switch kind {
	case "telemetry":
		if o, ok := decodeFlat(payload); ok {
			return o, nil
		}
		return decodeTelemetry(payload)
	case "sighting":
		var m struct {
			Method     g.Method    `json:"method"`
			Credential string      `json:"credential"`
			Direction  g.Direction `json:"direction"`
			Track      string      `json:"track"`
			Sequence   uint64      `json:"sequence"`
			Replayed   bool        `json:"replayed"`
			Time       stamp       `json:"time"`
		}
		err := strict(payload, &m)
		return g.Observation{Time: m.Time.Time, Sequence: m.Sequence, Replayed: m.Replayed,
			Sighting: &g.Sighting{Method: m.Method, Credential: m.Credential, Direction: m.Direction, Track: m.Track}}, err
	case "status":
		var m struct {
			State  g.DeviceState `json:"state"`
			Reason string        `json:"reason"`
			Time   stamp         `json:"time"`
		}
		err := strict(payload, &m)
		return g.Observation{Time: m.Time.Time, Status: &g.Status{State: m.State, Reason: clip(m.Reason, 256)}}, err
	}
	return g.Observation{}, g.Errorf(g.Invalid, "%q is no kind of message; publish to telemetry, sighting or status", clip(kind, 64))
}

func decodeTelemetry(payload []byte) (g.Observation, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(payload, &m); err != nil {
		return g.Observation{}, g.Errorf(g.Invalid, "the payload is not a JSON object of properties: %v", err)
	}
	o := g.Observation{}
	if raw, ok := m["time"]; ok {
		var at stamp
		if err := json.Unmarshal(raw, &at); err != nil {
			return o, err
		}
		o.Time = at.Time
		delete(m, "time")
	}
	if raw, ok := m["values"]; ok && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		if len(m) > 1 {
			return o, g.Errorf(g.Invalid, `beside "values" only "time" may stand`)
		}
		m = nil
		if err := json.Unmarshal(raw, &m); err != nil {
			return o, g.FieldErrorf("values", "is not a JSON object of properties: %v", err)
		}
	}
	if len(m) > maxProperties {
		return o, g.Errorf(g.TooLarge, "%d values in one message; at most %d are taken", len(m), maxProperties)
	}
	o.Reading = &g.Reading{Values: make(map[string]g.Value, len(m))}
	for name, raw := range m {
		var v g.Value
		if err := v.UnmarshalJSON(raw); err != nil {
			return o, g.FieldErrorf(clip(name, 64), "%v", err)
		}
		if v.Kind() != g.None { // null: the device has no value just now
			o.Reading.Values[name] = v
		}
	}
	return o, nil
}

func strict(payload []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return g.Errorf(g.Invalid, "the payload does not parse: %v", err)
	}
	if d.More() {
		return g.Errorf(g.Invalid, "the payload holds more than one JSON object")
	}
	return nil
}

// stamp is a time as devices write it.
type stamp struct{ time.Time }

// UnmarshalJSON reads RFC 3339 text or milliseconds since 1970; null and 0 are no time.
func (s *stamp) UnmarshalJSON(b []byte) error {
	var ms int64
	if json.Unmarshal(b, &ms) == nil {
		if ms != 0 {
			s.Time = time.UnixMilli(ms).UTC()
		}
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			s.Time = t.UTC()
			return nil
		}
	}
	return g.FieldErrorf("time", "%s is neither RFC 3339 (2026-09-01T08:00:00+08:00) nor milliseconds since 1970", clip(string(b), 64))
}

// clip cuts s to at most n bytes at a character's border.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '.'
	}, string(b[:min(len(b), maxExcerpt)]))
}
