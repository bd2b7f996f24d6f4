package main

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// source says where one property's value comes from.
type source struct {
	property string
	kind     string   // number, boolean or string
	path     []string // into the JSON payload; empty: the whole payload
	on, off  []string // payloads that mean true and false, in lower case
}

// settings is a device's parsed address.
type settings struct {
	broker       string
	clientID     string
	username     string
	password     string
	ca           string
	sources      map[string][]source // by topic
	availability string              // topic, "" if none
	up, down     string              // payloads of availability
	sightings    string              // topic, "" if none
	timePath     []string            // of the device's timestamp in a payload

	reach drivers.Reach
}

// topics lists what to subscribe to.
func (s settings) topics() []string {
	var out []string
	for t := range s.sources {
		out = append(out, t)
	}
	for _, t := range []string{s.availability, s.sightings} {
		if t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	sort.Strings(out)
	return out
}

func parseSettings(d drivers.Device) (settings, error) {
	field := func(key, fallback string) string {
		if v := strings.TrimSpace(d.Address[key]); v != "" {
			return v
		}
		return fallback
	}
	s := settings{
		broker:   field("broker", ""),
		clientID: field("client_id", "gatehouse-"+string(d.ID)),
		username: field("username", ""),
		password: d.Secret["password"],
		ca:       field("ca", ""),
		up:       field("available", "online"),
		down:     field("unavailable", "offline"),
		sources:  map[string][]source{},
		reach:    d.Reach,
	}
	if err := checkBroker(s.broker); err != nil {
		return s, err
	}
	base := field("topic", "")
	for _, f := range []struct {
		key  string
		into *string
	}{{"availability", &s.availability}, {"sightings", &s.sightings}} {
		t := field(f.key, "")
		if t == "" {
			continue
		}
		full, err := topic(t, base)
		if err != nil {
			return s, gatehouse.FieldErrorf(f.key, "%v", err)
		}
		*f.into = full
	}
	if p := field("time", ""); p != "" {
		s.timePath = strings.Split(p, ".")
	}
	if s.sightings != "" && len(d.Profile.Sightings) == 0 {
		return s, gatehouse.FieldErrorf("sightings",
			"profile %q sees nobody; leave the topic out, or name methods under sightings in the "+
				"profile",
			d.Profile.ID)
	}
	for _, name := range d.Profile.PropertyNames() {
		if err := s.add(name, d.Profile.Properties[name], base); err != nil {
			return s, err
		}
	}
	if len(s.sources) == 0 && s.sightings == "" {
		return s, gatehouse.FieldErrorf("profile",
			"no property of profile %q says where it comes from; add forms, e.g. topic: ~/state "+
				"and path: temperature",
			d.Profile.ID)
	}
	return s, nil
}

func checkBroker(s string) error {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || rest == "" ||
		!slices.Contains([]string{"tcp", "mqtt", "ssl", "tls", "mqtts", "ws", "wss"}, scheme) ||
		strings.Contains(rest, "@") {
		return gatehouse.FieldErrorf("broker",
			"%q is no broker; give e.g. tcp://10.1.4.9:1883 or ssl://host:8883, name and "+
				"password in fields of their own",
			s)
	}
	return nil
}

// topic replaces "~" by base: at either end, as Home Assistant does, and as a level of its own, as
// Tasmota's topics need it (tele/~/SENSOR). Any other "~" is an error, since otherwise the mistake
// would go unnoticed: no device publishes there.
func topic(t, base string) (string, error) {
	if strings.Contains(t, "~") && base == "" {
		return "", gatehouse.Errorf(gatehouse.Invalid,
			"%q stands on the device's topic, which is not given", t)
	}
	levels := strings.Split(t, "/")
	last := len(levels) - 1
	for i, l := range levels {
		switch {
		case !strings.Contains(l, "~"):
		case l == "~":
			levels[i] = base
		case i == 0 && strings.HasPrefix(l, "~"):
			levels[i] = base + l[1:]
		case i == last && strings.HasSuffix(l, "~"):
			levels[i] = l[:len(l)-1] + base
		default:
			return "", gatehouse.Errorf(gatehouse.Invalid,
				"%q: ~ stands for the device's topic at either end or as a level of its own, "+
					"e.g. tele/~/SENSOR",
				t)
		}
	}
	t = strings.Join(levels, "/")
	if t == "" || len(t) > 65535 || strings.ContainsAny(t, "+#\x00") {
		return "", gatehouse.Errorf(gatehouse.Invalid,
			"%q is no topic of one device; give it in full, without + and #", t)
	}
	return t, nil
}

func (s *settings) add(name string, p gatehouse.Property, base string) error {
	if p.Forms["topic"] == "" && p.Forms["path"] == "" {
		return nil
	}
	at := "properties." + name + ".forms."
	for key := range p.Forms {
		if !slices.Contains([]string{"topic", "path", "on", "off"}, key) {
			return gatehouse.FieldErrorf(at+key,
				"is no form of this driver; it knows topic, path, on and off")
		}
	}
	t := p.Forms["topic"]
	if t == "" {
		t = "~"
	}
	full, err := topic(t, base)
	if err != nil {
		return gatehouse.FieldErrorf(at+"topic", "%v", err)
	}
	src := source{
		property: name,
		kind:     p.Type,
		on:       []string{"true", "on", "1"},
		off:      []string{"false", "off", "0"},
	}
	if path := p.Forms["path"]; path != "" {
		src.path = strings.Split(path, ".")
	}
	if p.Forms["on"] != "" {
		src.on = []string{strings.ToLower(p.Forms["on"])}
	}
	if p.Forms["off"] != "" {
		src.off = []string{strings.ToLower(p.Forms["off"])}
	}
	s.sources[full] = append(s.sources[full], src)
	return nil
}

// parsePayload parses JSON; anything else is returned as a string.
func parsePayload(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err == nil && !d.More() {
		return x
	}
	return string(b)
}

// walk follows a path of keys and list indices; ok is false if the path does not exist.
func walk(x any, path []string) (any, bool) {
	for _, k := range path {
		switch y := x.(type) {
		case map[string]any:
			v, ok := y[k]
			if !ok {
				return nil, false
			}
			x = v
		case []any:
			i, err := strconv.Atoi(k)
			if err != nil || i < 0 || i >= len(y) {
				return nil, false
			}
			x = y[i]
		default:
			return nil, false
		}
	}
	return x, true
}

// value converts x to the property's type. If it cannot, ok is false and v is a string for the
// gateway to reject and show.
func (s source) value(x any) (v gatehouse.Value, ok bool) {
	text := ""
	switch y := x.(type) {
	case json.Number:
		text = y.String()
	case bool:
		text = strconv.FormatBool(y)
	case string:
		text = y
	default:
		return gatehouse.StringValue(kindOf(x)), false
	}
	if !gatehouse.FitsValue(text) {
		return gatehouse.StringValue(cut(text, 64)), false
	}
	switch s.kind {
	case "number":
		f, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if _, isBool := x.(bool); err != nil || math.IsNaN(f) || math.IsInf(f, 0) || isBool {
			return gatehouse.StringValue(text), false
		}
		return gatehouse.NumberValue(f), true
	case "boolean":
		low := strings.ToLower(strings.TrimSpace(text))
		switch {
		case slices.Contains(s.on, low):
			return gatehouse.BoolValue(true), true
		case slices.Contains(s.off, low):
			return gatehouse.BoolValue(false), true
		}
		return gatehouse.StringValue(text), false
	}
	return gatehouse.StringValue(text), true
}

func kindOf(x any) string {
	switch x.(type) {
	case map[string]any:
		return "a JSON object"
	case []any:
		return "a JSON list"
	}
	return "null"
}

// timeOf parses RFC 3339, or seconds or milliseconds since 1970; zero if x is neither.
func timeOf(x any) time.Time {
	switch y := x.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339Nano, y); err == nil {
			return t.UTC()
		}
	case json.Number:
		f, err := y.Float64()
		if err != nil || f < 1e8 || f > 1e14 {
			return time.Time{}
		}
		if f > 1e11 {
			return time.UnixMilli(int64(f)).UTC()
		}
		return time.UnixMicro(int64(f * 1e6)).UTC()
	}
	return time.Time{}
}

// cut shortens a text to at most n bytes and whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}
