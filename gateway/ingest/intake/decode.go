package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
)

// maxProperties bounds the values of one message.
const maxProperties = 256

// maxValues bounds what a payload may hold before anything decodes it.
const maxValues = 4096

// Message is a decoded MQTT message of a device. Misfits are the fields whose value cannot be used,
// or that messages of this kind do not have; whether the profile knows them is not checked here.
type Message struct {
	Observation g.Observation
	Misfits     []g.Misfit
}

// Decode reads a device's MQTT message. Kind telemetry takes {"values": {property: scalar},
// "time": …} or the properties alone, with or without "time"; sighting takes {"method",
// "credential", "direction", "time"}; status takes {"state", "reason"}; occurrence takes {"kind",
// "data": {name: scalar}, "time"}. A time is RFC 3339, or a number since 1970: see stamp. The error
// is for whoever programs the device.
func Decode(kind string, payload []byte) (Message, error) {
	if kind == "telemetry" {
		if o, ok := decodeFlat(payload); ok {
			return Message{Observation: o}, nil
		}
	}
	if err := g.BoundJSON(payload, g.JSONDepth, maxValues); err != nil {
		return Message{}, err
	}
	switch kind {
	case "telemetry":
		return decodeTelemetry(payload)
	case "sighting":
		return decodeSighting(payload)
	case "status":
		return decodeStatus(payload)
	case "occurrence":
		return decodeOccurrence(payload)
	}
	return Message{}, g.Errorf(g.Invalid,
		"%q is no kind of message; publish to telemetry, sighting, status or occurrence",
		clip(kind, 64))
}

func decodeSighting(payload []byte) (Message, error) {
	var m struct {
		Method     g.Method    `json:"method"`
		Credential string      `json:"credential"`
		Direction  g.Direction `json:"direction"`
		Track      string      `json:"track"`
		Sequence   uint64      `json:"sequence"`
		Replayed   bool        `json:"replayed"`
		Time       stamp       `json:"time"`
	}
	misfits, err := decodeFields(payload, &m, "method", "credential", "direction", "track",
		"sequence", "replayed", "time")
	if err == nil && m.Method == "" {
		err = g.FieldErrorf("method", "is missing: say how somebody was seen, one of %v%s",
			g.Methods(), notUnderstood(misfits))
	}
	o := g.Observation{
		Time:     m.Time.Time,
		Sequence: m.Sequence,
		Replayed: m.Replayed,
		Sighting: &g.Sighting{
			Method:     m.Method,
			Credential: m.Credential,
			Direction:  m.Direction,
			Track:      m.Track,
		},
	}
	return Message{o, misfits}, err
}

func decodeStatus(payload []byte) (Message, error) {
	var m struct {
		State  g.DeviceState `json:"state"`
		Reason string        `json:"reason"`
		Time   stamp         `json:"time"`
	}
	misfits, err := decodeFields(
		payload,
		&m,
		"state",
		"reason",
		"time",
	)
	if err == nil && m.State == "" {
		err = g.FieldErrorf("state", "is missing: say online, offline or fault%s",
			notUnderstood(misfits))
	}
	return Message{
		g.Observation{
			Time: m.Time.Time,
			Status: &g.Status{
				State:  m.State,
				Reason: clip(m.Reason, 256),
			},
		},
		misfits,
	}, err
}

func decodeOccurrence(payload []byte) (Message, error) {
	var m struct {
		Kind     g.OccurrenceKind           `json:"kind"`
		Data     map[string]json.RawMessage `json:"data"`
		Sequence uint64                     `json:"sequence"`
		Replayed bool                       `json:"replayed"`
		Time     stamp                      `json:"time"`
	}
	misfits, err := decodeFields(
		payload,
		&m,
		"kind",
		"data",
		"sequence",
		"replayed",
		"time",
	)
	if err == nil && m.Kind == "" {
		err = g.FieldErrorf("kind", "is missing: say which event of the profile it is%s",
			notUnderstood(misfits))
	}
	if err == nil && len(m.Data) > maxProperties {
		err = g.Errorf(g.TooLarge, "%d values in one message; at most %d are taken", len(m.Data),
			maxProperties)
	}
	if err != nil {
		return Message{}, err
	}
	data, err := occurrenceData(m.Data)
	return Message{
		g.Observation{
			Time:     m.Time.Time,
			Sequence: m.Sequence,
			Replayed: m.Replayed,
			Occurrence: &g.Occurrence{
				Kind: m.Kind,
				Data: data,
			},
		},
		misfits,
	}, err
}

// occurrenceData reads the data of an occurrence, which is accepted whole or not at
// all. null means no value.
func occurrenceData(raw map[string]json.RawMessage) (map[string]g.Value, error) {
	var data map[string]g.Value
	for name, text := range raw {
		var v g.Value
		if err := v.UnmarshalJSON(text); err != nil {
			return nil, g.FieldErrorf("data."+clip(name, maxFieldName), "%s", reasonOf(err))
		}
		if v.Kind() == g.None {
			continue
		}
		if data == nil {
			data = map[string]g.Value{}
		}
		data[name] = v
	}
	return data, nil
}

func notUnderstood(misfits []g.Misfit) g.Text {
	if len(misfits) == 0 {
		return g.Text{}
	}
	return g.Textf("; %q is not understood", clip(misfits[0].Property, 64))
}

// decodeFields decodes one JSON object into m, whose fields have the given names, and returns the
// object's other fields as misfits.
func decodeFields(payload []byte, m any, fields ...string) ([]g.Misfit, error) {
	var all map[string]json.RawMessage
	err := json.Unmarshal(payload, &all)
	if err == nil {
		err = json.Unmarshal(payload, m)
	}
	if err != nil {
		var field *g.Error
		if errors.As(err, &field) {
			return nil, field
		}
		return nil, g.Errorf(g.Invalid, "the payload does not parse: %v", err)
	}
	if len(all) > maxProperties {
		return nil, g.Errorf(g.TooLarge, "%d fields in one message; at most %d are taken",
			len(all), maxProperties)
	}
	var misfits []g.Misfit
	for name := range all {
		if !slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }) {
			m := g.NewMisfit(name, g.Word("no field of such a message"))
			m.Unknown = true
			misfits = append(misfits, m)
		}
	}
	sortMisfits(misfits)
	return misfits, nil
}

func sortMisfits(misfits []g.Misfit) {
	slices.SortFunc(misfits, func(a, b g.Misfit) int {
		return strings.Compare(a.Property, b.Property)
	})
}

func decodeTelemetry(payload []byte) (Message, error) {
	var out Message
	var m map[string]json.RawMessage
	if err := json.Unmarshal(payload, &m); err != nil {
		return out, g.Errorf(g.Invalid, "the payload is not a JSON object of properties: %v", err)
	}
	if raw, ok := m["time"]; ok {
		var at stamp
		if err := json.Unmarshal(raw, &at); err != nil {
			return out, err
		}
		out.Observation.Time = at.Time
		delete(m, "time")
	}
	if raw, ok := m["values"]; ok && bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		delete(m, "values")
		for name := range m {
			out.Misfits = append(out.Misfits,
				g.NewMisfit(name, g.Word(`beside "values" only "time" may stand`)))
		}
		m = nil
		if err := json.Unmarshal(raw, &m); err != nil {
			return out, g.FieldErrorf("values", "is not a JSON object of properties: %v", err)
		}
	}
	if n := len(m) + len(out.Misfits); n > maxProperties {
		return out, g.Errorf(g.TooLarge, "%d values in one message; at most %d are taken", n,
			maxProperties)
	}
	out.Observation.Reading = &g.Reading{Values: make(map[string]g.Value, len(m))}
	for name, raw := range m {
		var v g.Value
		if err := v.UnmarshalJSON(raw); err != nil {
			out.Misfits = append(out.Misfits, g.NewMisfit(name, reasonOf(err)))
		} else if v.Kind() != g.None { // null: the device has no value just now
			out.Observation.Reading.Values[name] = v
		}
	}
	sortMisfits(out.Misfits)
	return out, nil
}

// reasonOf is an error's message for people, without a field.
func reasonOf(err error) g.Text {
	var e *g.Error
	if errors.As(err, &e) {
		return e.Say()
	}
	return g.Word("is no number, truth or text")
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
