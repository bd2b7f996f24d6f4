package main

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// observations converts one message; the result is empty if no property or topic matches.
func (s settings) observations(topic string, payload []byte) []gatehouse.Observation {
	var out []gatehouse.Observation
	x := parsePayload(payload)
	if topic == s.availability {
		out = append(out, s.status(x)...)
	}
	if topic == s.sightings {
		out = append(out, s.sighting(x))
	}
	if sources := s.sources[topic]; len(sources) > 0 {
		out = append(out, s.readings(x, sources)...)
	}
	return out
}

// readings returns one Reading with the values that fit, and one for each value that does not, so
// that the gateway rejects and shows only those.
func (s settings) readings(x any, sources []source) []gatehouse.Observation {
	var at time.Time
	if v, ok := walk(x, s.timePath); ok && s.timePath != nil {
		at = timeOf(v)
	}
	good := map[string]gatehouse.Value{}
	var out []gatehouse.Observation
	for _, src := range sources {
		found, ok := walk(x, src.path)
		if !ok {
			if _, isText := x.(string); !isText {
				continue // a message need not contain every property
			}
			found = x // plain text instead of JSON
		}
		if found == nil {
			continue // null: unknown to the device
		}
		v, ok := src.value(found)
		if ok {
			good[src.property] = v
			continue
		}
		out = append(out,
			gatehouse.Observation{
				Time:    at,
				Reading: &gatehouse.Reading{Values: map[string]gatehouse.Value{src.property: v}},
			})
	}
	if len(good) > 0 {
		out = append(out,
			gatehouse.Observation{
				Time:    at,
				Reading: &gatehouse.Reading{Values: good},
			})
	}
	return out
}

// remember marks what a broker has kept as history where its own time is not the present: a detector
// that is long gone does not report smoke each time that the broker is reached. What has no time is
// the present state.
func remember(kept []gatehouse.Observation, now time.Time) {
	for i := range kept {
		at := kept[i].Time
		if !at.IsZero() && now.Sub(at).Abs() > gatehouse.MaxFuture {
			kept[i].Replayed = true
		}
	}
}

// status parses a birth or last-will message, plain or {"state": …}.
func (s settings) status(x any) []gatehouse.Observation {
	if v, ok := walk(x, []string{"state"}); ok {
		x = v
	}
	var word string
	switch y := x.(type) {
	case string:
		word = strings.TrimSpace(y)
	case json.Number:
		word = y.String()
	case bool:
		word = "false"
		if y {
			word = "true"
		}
	}
	switch word {
	case s.up:
		return []gatehouse.Observation{{Status: &gatehouse.Status{State: gatehouse.StateOnline}}}
	case s.down:
		return said(gatehouse.StateOffline,
			gatehouse.Because(gatehouse.ReasonBrokerSaysAway, "word", s.down))
	}
	if len(word) > 40 {
		word = cut(word, 40)
	}
	odd := gatehouse.Because(gatehouse.ReasonAvailabilityOdd, "word", word, "up", s.up, "down",
		s.down)
	return said(gatehouse.StateFault, odd)
}

func said(state gatehouse.DeviceState, why gatehouse.Reason) []gatehouse.Observation {
	return []gatehouse.Observation{{Status: &gatehouse.Status{
		State:  state,
		Reason: why.String(),
		Causes: []gatehouse.Reason{why},
	}}}
}

// sighting parses {"method", "credential", "direction", "time"}; missing or invalid fields are left
// for the gateway to reject and show.
func (s settings) sighting(x any) gatehouse.Observation {
	text := func(key string) string {
		v, _ := walk(x, []string{key})
		switch y := v.(type) {
		case string:
			return y
		case json.Number:
			return y.String()
		}
		return ""
	}
	o := gatehouse.Observation{
		Sighting: &gatehouse.Sighting{
			Method:     gatehouse.Method(text("method")),
			Credential: text("credential"), Direction: gatehouse.Direction(text("direction"))},
	}
	path := s.timePath
	if path == nil {
		path = []string{"time"}
	}
	if v, ok := walk(x, path); ok {
		o.Time = timeOf(v)
	}
	return o
}
