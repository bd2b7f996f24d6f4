package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse-iot/gatehouse"
)

// The kinds of equipment.
const (
	KindModbus = "modbus" // a Modbus TCP server
	KindRTSP   = "rtsp"   // cameras: one RTSP server with a path for each
	KindZKTeco = "zkteco" // a PUSH terminal, which calls its server by HTTP
	KindMQTT   = "mqtt"   // a client of an MQTT broker: class board, point of sale, sensor
)

// Scenario lists the equipment and a script of events.
type Scenario struct {
	Equipment []Equipment `yaml:"equipment"`
	Script    []Step      `yaml:"script,omitempty"`
}

// Equipment is one simulated thing. Comments name the kinds that a field applies to; without, all.
type Equipment struct {
	ID   string `yaml:"id"`
	Kind string `yaml:"kind"`
	Off  bool   `yaml:"off,omitempty"` // starts without power
	Odd  Odd    `yaml:"odd,omitempty"` // faults

	// modbus, rtsp: host:port; port 0 picks one, kept through power cycles
	Listen  string `yaml:"listen,omitempty"`
	Connect string `yaml:"connect,omitempty"` // mqtt: broker URL; zkteco: server URL

	Values map[string]Generator `yaml:"values,omitempty"` // modbus, zkteco, mqtt: what it measures

	Unit int `yaml:"unit,omitempty"` // modbus: unit id, 1 to 247; 0 is 1
	// modbus: id of the equipment whose connection it shares, instead of listen
	Behind    string              `yaml:"behind,omitempty"`
	Registers map[string]Register `yaml:"registers,omitempty"` // modbus: where each value is

	// rtsp: path -> MP4 file with H.264 video, relative to the scenario
	Paths    map[string]string `yaml:"paths,omitempty"`
	Username string            `yaml:"username,omitempty"` // rtsp, mqtt
	Password string            `yaml:"password,omitempty"` // rtsp, mqtt

	Serial   string `yaml:"serial,omitempty"`   // zkteco: serial number
	Timezone string `yaml:"timezone,omitempty"` // zkteco: time zone of its clock; default UTC

	ClientID string `yaml:"client_id,omitempty"` // mqtt; default: the ID
	// mqtt: prefix of its topics, without a slash at the end
	Topic string `yaml:"topic,omitempty"`
	// mqtt over ssl://: PEM file of the authority to trust
	CA string `yaml:"ca,omitempty"`
	// zkteco, mqtt: between polls or readings; default 3s and 5s
	Interval time.Duration `yaml:"interval,omitempty"`
}

// Register says where a value lives in a Modbus unit, and in what form.
type Register struct {
	Register string `yaml:"register"` // holding:100, input:0, coil:7, discrete:3
	// int16 (default), uint16, int32, uint32, float32, bit:0 … bit:15
	As     string  `yaml:"as,omitempty"`
	Order  string  `yaml:"order,omitempty"`  // byte order: ABCD (default), CDAB, BADC, DCBA
	Scale  float64 `yaml:"scale,omitempty"`  // value = raw * scale + offset; 0 is 1
	Offset float64 `yaml:"offset,omitempty"` // see Scale
}

// Step is an event of the script, at a time after the start, once or repeatedly.
type Step struct {
	At        time.Duration `yaml:"at"`
	Every     time.Duration `yaml:"every,omitempty"` // repeat interval; at least 100ms
	Equipment string        `yaml:"equipment"`

	Set      map[string]any `yaml:"set,omitempty"`
	For      time.Duration  `yaml:"for,omitempty"` // afterwards the values are generated again
	Sighting *Sighting      `yaml:"sighting,omitempty"`
	Power    string         `yaml:"power,omitempty"` // off or on

	Occurrence *Occurrence `yaml:"occurrence,omitempty"`
}

// Sighting is somebody who shows a card, types a number or looks into a terminal.
type Sighting struct {
	Method     gatehouse.Method    `yaml:"method" json:"method"`
	Credential string              `yaml:"credential" json:"credential"`
	Direction  gatehouse.Direction `yaml:"direction,omitempty" json:"direction,omitempty"`
	Time       time.Time           `yaml:"time,omitempty" json:"time,omitzero"` // zero: now
}

// Parse reads a scenario strictly. Relative file names are relative to dir. The error names the
// place and the fix.
func Parse(b []byte, dir string) (Scenario, error) {
	var s Scenario
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&s); err != nil {
		if errors.Is(err, io.EOF) {
			return Scenario{}, gatehouse.FieldErrorf("equipment",
				"the scenario is empty; list at least one piece of equipment")
		}
		return Scenario{}, gatehouse.Errorf(gatehouse.Invalid, "%s", plainYAML(err))
	}
	for i := range s.Equipment {
		e := &s.Equipment[i]
		for p, f := range e.Paths {
			if !filepath.IsAbs(f) {
				e.Paths[p] = filepath.Join(dir, f)
			}
		}
		if e.CA != "" && !filepath.IsAbs(e.CA) {
			e.CA = filepath.Join(dir, e.CA)
		}
	}
	if err := s.Validate(); err != nil {
		return Scenario{}, err
	}
	return s, nil
}

var unknownKey = regexp.MustCompile(`field (\S+) not found in type sim\.(\w+)`)

// plainYAML rewrites the decoder's errors for the author of the file.
func plainYAML(err error) string {
	s := unknownKey.ReplaceAllStringFunc(err.Error(), func(m string) string {
		p := unknownKey.FindStringSubmatch(m)
		return fmt.Sprintf("%q is no key of %s; see the sample scenario for those there are", p[1],
			strings.ToLower(p[2]))
	})
	return strings.TrimPrefix(strings.TrimPrefix(s, "yaml: "), "unmarshal errors:\n  ")
}

// Validate checks the scenario as a whole.
func (s Scenario) Validate() error {
	if len(s.Equipment) == 0 {
		return gatehouse.FieldErrorf("equipment", "list at least one piece of equipment")
	}
	byID := make(map[string]Equipment, len(s.Equipment))
	for i, e := range s.Equipment {
		at := fmt.Sprintf("equipment[%d]", i)
		if !gatehouse.ValidID(e.ID) {
			return gatehouse.FieldErrorf(at+".id",
				"%q is no id; give 1 to 64 letters, digits, '-', '_' or '.'", e.ID)
		}
		if _, ok := byID[e.ID]; ok {
			return gatehouse.FieldErrorf(at+".id", "%q stands here a second time", e.ID)
		}
		byID[e.ID] = e
		if err := e.validate(fmt.Sprintf("equipment %s", e.ID)); err != nil {
			return err
		}
	}
	for _, e := range s.Equipment {
		if h, ok := byID[e.Behind]; e.Behind != "" &&
			(!ok || h.Kind != KindModbus || h.Behind != "") {
			return gatehouse.FieldErrorf("equipment "+e.ID+".behind",
				"%q is no modbus equipment with a listen address of its own", e.Behind)
		}
	}
	for i, st := range s.Script {
		if err := st.validate(fmt.Sprintf("script[%d]", i), byID); err != nil {
			return err
		}
	}
	return nil
}

func (e Equipment) validate(at string) error {
	if err := e.validateOdd(at + ".odd"); err != nil {
		return err
	}
	switch e.Kind {
	case KindModbus:
		return e.validateModbus(at)
	case KindRTSP:
		if len(e.Paths) == 0 {
			return gatehouse.FieldErrorf(at+".paths",
				"name at least one path and the video it plays, e.g. gate: gate.mp4")
		}
		return checkListen(at+".listen", e.Listen)
	case KindZKTeco:
		if e.Serial == "" {
			return gatehouse.FieldErrorf(at+".serial", "give the terminal's serial number")
		}
		if _, err := time.LoadLocation(e.Timezone); err != nil {
			return gatehouse.FieldErrorf(at+".timezone",
				"%q is no time zone; give a name such as Asia/Shanghai", e.Timezone)
		}
		return checkURL(at+".connect", e.Connect, "http", "https")
	case KindMQTT:
		if e.Topic == "" || strings.HasSuffix(e.Topic, "/") || strings.ContainsAny(e.Topic, "+#") {
			return gatehouse.FieldErrorf(at+".topic",
				"%q is no topic prefix; give one without wildcards and without a slash at the end",
				e.Topic)
		}
		return checkURL(
			at+".connect",
			e.Connect,
			"tcp",
			"ssl",
			"mqtt",
			"mqtts",
		)
	}
	return gatehouse.FieldErrorf(at+".kind", "%q is no kind; use %s, %s, %s or %s", e.Kind,
		KindModbus, KindRTSP, KindZKTeco, KindMQTT)
}

func (e Equipment) validateModbus(at string) error {
	if e.Unit < 0 || e.Unit > 247 {
		return gatehouse.FieldErrorf(at+".unit", "%d is no unit id; use 1 to 247", e.Unit)
	}
	if _, err := newBank(e.Registers, newState(e.ID, e.Values)); err != nil {
		return gatehouse.FieldErrorf(at+".registers", "%v", err)
	}
	if e.Behind != "" {
		if e.Listen != "" {
			return gatehouse.FieldErrorf(at+".listen",
				"leave it out: the equipment answers behind %q", e.Behind)
		}
		return nil
	}
	return checkListen(at+".listen", e.Listen)
}

func (st Step) validate(at string, byID map[string]Equipment) error {
	e, ok := byID[st.Equipment]
	if !ok {
		return gatehouse.FieldErrorf(at+".equipment", "there is no equipment %q", st.Equipment)
	}
	if st.At < 0 {
		return gatehouse.FieldErrorf(at+".at", "%s lies before the start", st.At)
	}
	if st.Every != 0 && st.Every < 100*time.Millisecond {
		return gatehouse.FieldErrorf(at+".every", "%s is too often; at least 100ms", st.Every)
	}
	if st.Power != "" && st.Power != "on" && st.Power != "off" {
		return gatehouse.FieldErrorf(at+".power", "%q is neither on nor off", st.Power)
	}
	n := 0
	for _, b := range []bool{st.Set != nil, st.Sighting != nil, st.Occurrence != nil, st.Power != ""} {
		if b {
			n++
		}
	}
	if n != 1 {
		return gatehouse.FieldErrorf(at, "say one of set, sighting, occurrence and power; there are %d", n)
	}
	if st.Sighting != nil {
		if e.Kind != KindZKTeco && e.Kind != KindMQTT {
			return gatehouse.FieldErrorf(at+".sighting", "%s equipment sees nobody", e.Kind)
		}
		return st.Sighting.validate(at + ".sighting")
	}
	if st.Occurrence != nil {
		return st.Occurrence.validate(at+".occurrence", e.Kind)
	}
	if st.Set != nil {
		v, err := toValues(st.Set)
		if err != nil {
			return gatehouse.FieldErrorf(at+".set", "%v", err)
		}
		if err := newState(e.ID, e.Values).set(v); err != nil {
			return gatehouse.FieldErrorf(at+".set", "%v", err)
		}
	}
	return nil
}

func (s Sighting) validate(at string) error {
	if !slices.Contains(gatehouse.Methods(), s.Method) {
		return gatehouse.FieldErrorf(at+".method", "%q is no method; use one of %v", s.Method,
			gatehouse.Methods())
	}
	if s.Credential == "" || strings.ContainsAny(s.Credential, "\t\r\n") {
		return gatehouse.FieldErrorf(at+".credential",
			"say what is shown: a card's number, a QR text or a user number")
	}
	if s.Direction != "" && s.Direction != gatehouse.In && s.Direction != gatehouse.Out {
		return gatehouse.FieldErrorf(at+".direction", "%q is no direction; use in or out",
			s.Direction)
	}
	return nil
}

func checkListen(at, s string) error {
	if _, _, err := net.SplitHostPort(s); err != nil {
		return gatehouse.FieldErrorf(at,
			"%q is no address to listen on; give host:port, e.g. 127.0.0.1:0", s)
	}
	return nil
}

func checkURL(at, s string, schemes ...string) error {
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" {
		return gatehouse.FieldErrorf(at, "%q is no address to connect to; give %s://host:port", s,
			schemes[0])
	}
	return nil
}
