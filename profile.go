package gatehouse

import (
	"maps"
	"math"
	"slices"
	"sort"
	"time"
	"unicode/utf8"
)

// Profile describes what a kind of device reports and accepts, in the shape of a W3C WoT Thing
// Model (Thing Description 1.1, section 10) reduced to scalars: properties, actions, events.
type Profile struct {
	ID         ProfileID           `json:"id" yaml:"id"`
	Title      string              `json:"title" yaml:"title"`
	TitleZH    string              `json:"title_zh,omitempty" yaml:"title_zh,omitempty"`
	Type       DeviceType          `json:"type" yaml:"type"`
	Vendor     string              `json:"vendor,omitempty" yaml:"vendor,omitempty"`
	Properties map[string]Property `json:"properties,omitempty" yaml:"properties,omitempty"`
	Actions    map[string]Action   `json:"actions,omitempty" yaml:"actions,omitempty"`
	// events that it reports
	Events map[string]Affordance `json:"events,omitempty" yaml:"events,omitempty"`
	// methods by which it recognises people; empty: none
	Sightings []Method `json:"sightings,omitempty" yaml:"sightings,omitempty"`
	// what the device does if its Ask is not answered in time; "" is deny
	NoAnswer NoAnswer `json:"no_answer,omitempty" yaml:"no_answer,omitempty"`
	// telemetry retention class; "" is the default class
	Retention string `json:"retention,omitempty" yaml:"retention,omitempty"`
	// OfflineAfter is the silence, in seconds, after which a device counts as offline; 0 means
	// DefaultOfflineAfter.
	OfflineAfter int `json:"offline_after,omitempty" yaml:"offline_after,omitempty"`
}

// DefaultOfflineAfter is the default of OfflineAfter, in seconds.
const DefaultOfflineAfter = 120

// Silence is how long a device may be silent before it counts as offline.
func (p *Profile) Silence() time.Duration {
	if p.OfflineAfter > 0 {
		return time.Duration(p.OfflineAfter) * time.Second
	}
	return DefaultOfflineAfter * time.Second
}

// DeviceType groups profiles for people.
type DeviceType string

// The device types.
const (
	TypeCamera     DeviceType = "camera"
	TypeTerminal   DeviceType = "terminal" // face terminal or turnstile
	TypeClassBoard DeviceType = "class_board"
	TypePOS        DeviceType = "pos"    // canteen point of sale
	TypeSensor     DeviceType = "sensor" // environment, safety, meter
	TypeOther      DeviceType = "other"
)

// DeviceTypes lists every type.
func DeviceTypes() []DeviceType {
	return []DeviceType{TypeCamera, TypeTerminal, TypeClassBoard, TypePOS, TypeSensor, TypeOther}
}

// Property is one named value of a device.
type Property struct {
	Title   string `json:"title,omitempty" yaml:"title,omitempty"`
	TitleZH string `json:"title_zh,omitempty" yaml:"title_zh,omitempty"`
	Type    string `json:"type" yaml:"type"` // number, boolean or string
	// UCUM or a plain word: Cel, %, lx, kW.h
	Unit     string   `json:"unit,omitempty" yaml:"unit,omitempty"`
	Minimum  *float64 `json:"minimum,omitempty" yaml:"minimum,omitempty"`
	Maximum  *float64 `json:"maximum,omitempty" yaml:"maximum,omitempty"`
	Enum     []string `json:"enum,omitempty" yaml:"enum,omitempty"`
	Writable bool     `json:"writable,omitempty" yaml:"writable,omitempty"` // may have a desired value
	// Reports says when the device reports the property: ReportsPeriodic, also if "", or
	// ReportsChange.
	Reports string `json:"reports,omitempty" yaml:"reports,omitempty"`
	// Own: it tells of the device itself, as its battery does, and not of what the device watches.
	Own bool `json:"own,omitempty" yaml:"own,omitempty"`
	// Forms tells drivers where to find the value, e.g. {"register": "holding:100", "as": "int16",
	// "scale": "0.1"}.
	Forms map[string]string `json:"forms,omitempty" yaml:"forms,omitempty"`
}

// When a device reports a property.
const (
	ReportsPeriodic = "periodic" // repeatedly, whether it has changed or not
	// once, when it changes: a reported value stays true until the next one, or until the device is
	// out of reach
	ReportsChange = "change"
)

// Action is a command that a device accepts.
type Action struct {
	Title   string              `json:"title,omitempty" yaml:"title,omitempty"`
	TitleZH string              `json:"title_zh,omitempty" yaml:"title_zh,omitempty"`
	Input   map[string]Property `json:"input,omitempty" yaml:"input,omitempty"`
	// Idempotent: doing it twice is as doing it once, so that it is sent again when its answer was
	// lost (Thing Description 1.1, section 5.3.1.4).
	Idempotent bool `json:"idempotent,omitempty" yaml:"idempotent,omitempty"`
	// Irreversible: no other command takes it back, e.g. releasing an extinguishing gas. Drills do
	// not send it unless told to.
	Irreversible bool `json:"irreversible,omitempty" yaml:"irreversible,omitempty"`
}

// CheckAction checks a command against the profile; the error names the field at fault.
func (p Profile) CheckAction(action string, values map[string]Value) error {
	a, ok := p.Actions[action]
	if !ok {
		return FieldErrorf("action", "profile %q has no action %q; it has %v", p.ID, action,
			slices.Sorted(maps.Keys(p.Actions)))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		prop, ok := a.Input[name]
		if !ok {
			return FieldErrorf("values."+name, "the action %q takes no such value; it takes %v",
				action, slices.Sorted(maps.Keys(a.Input)))
		}
		if err := prop.Check(values[name]); err != nil {
			return FieldErrorf("values."+name, "%v", err)
		}
	}
	return nil
}

// Validate checks the profile as a whole; the error names the key and the fix.
func (p Profile) Validate() error {
	if !ValidID(string(p.ID)) {
		return FieldErrorf("id", "give an id of 1 to 64 letters, digits, '-', '_' or '.'")
	}
	if p.Title == "" {
		return FieldErrorf("title", "give a title that people will read")
	}
	if !slices.Contains(DeviceTypes(), p.Type) {
		return FieldErrorf("type", "%q is no device type; use one of %v", p.Type, DeviceTypes())
	}
	for i, m := range p.Sightings {
		if !slices.Contains(Methods(), m) {
			return FieldErrorf("sightings", "entry %d, %q, is no method; use one of %v", i+1, m,
				Methods())
		}
	}
	for _, name := range p.PropertyNames() {
		if err := p.Properties[name].validate("properties." + name); err != nil {
			return err
		}
	}
	for _, name := range p.EventNames() {
		if !ValidID(name) {
			return FieldErrorf("events",
				"%q is no name of an event; give 1 to 64 letters, digits, '-', '_' or '.'", name)
		}
		for data, property := range p.Events[name].Data {
			if err := property.validate("events." + name + ".data." + data); err != nil {
				return err
			}
		}
	}
	if err := p.validateNoAnswer(); err != nil {
		return err
	}
	return p.bound()
}

// PropertyNames lists the properties in alphabetical order.
func (p Profile) PropertyNames() []string {
	names := make([]string, 0, len(p.Properties))
	for n := range p.Properties {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (p Property) validate(at string) error {
	switch p.Type {
	case "number", "boolean", "string":
	default:
		return FieldErrorf(at+".type", "%q is no type; use number, boolean or string", p.Type)
	}
	switch p.Reports {
	case "", ReportsPeriodic, ReportsChange:
	default:
		return FieldErrorf(at+".reports", "%q is not known here; use periodic or change", p.Reports)
	}
	if p.Minimum != nil && p.Maximum != nil && *p.Minimum > *p.Maximum {
		return FieldErrorf(at+".minimum", "the minimum %v is above the maximum %v", *p.Minimum,
			*p.Maximum)
	}
	return nil
}

// Check reports whether v fits the property; the error is shown to people.
func (p Property) Check(v Value) error {
	switch {
	case p.Type == "number" && v.Kind() != Number, p.Type == "boolean" && v.Kind() != Bool,
		p.Type == "string" && v.Kind() != String:
		return Errorf(Invalid, "should be a %s, got %q", p.Type, v.String())
	case p.Type == "number" && (math.IsNaN(v.num) || math.IsInf(v.num, 0)):
		return Errorf(Invalid, "%v is not a finite number", v)
	case !FitsValue(v.str):
		return Errorf(TooLarge, "the text has %d characters; at most %d are kept",
			utf8.RuneCountInString(v.str), MaxStringValue)
	case p.Type == "number" && p.Minimum != nil && v.num < *p.Minimum:
		return Errorf(Invalid, "%v is below the minimum %v", v, *p.Minimum)
	case p.Type == "number" && p.Maximum != nil && v.num > *p.Maximum:
		return Errorf(Invalid, "%v is above the maximum %v", v, *p.Maximum)
	case len(p.Enum) > 0 && !slices.Contains(p.Enum, v.str):
		return Errorf(Invalid, "%q is not one of %v", v.str, p.Enum)
	}
	return nil
}
