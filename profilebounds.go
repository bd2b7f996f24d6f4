package gatehouse

import (
	"fmt"
	"unicode/utf8"
)

// Limits of a profile: characters of its texts, entries of its lists. They keep a profile readable
// for a person.
const (
	MaxProfileText  = 200  // titles, the vendor
	MaxProfileWord  = 64   // a unit, a retention class, the name of a property, an action or a form
	MaxProfileForm  = 2000 // a form's value, by which a driver finds a value
	MaxProperties   = 1000
	MaxActions      = 100
	MaxActionInputs = 100
	MaxEvents       = 100
	MaxEventData    = 100
	MaxForms        = 64
	MaxEnum         = 256
	MaxSightings    = 16
)

// bounded collects the first text or list that is too long.
type bounded struct{ err error }

func (b *bounded) text(at, s string, most int) {
	if n := utf8.RuneCountInString(s); n > most && b.err == nil {
		b.err = FieldErrorf(at, "the text has %d characters; at most %d are kept", n, most)
	}
}

func (b *bounded) count(at string, n, most int) {
	if n > most && b.err == nil {
		b.err = FieldErrorf(at, "%d entries; at most %d are kept", n, most)
	}
}

func (b *bounded) property(at string, p Property) {
	b.text(at+".title", p.Title, MaxProfileText)
	b.text(at+".title_zh", p.TitleZH, MaxProfileText)
	b.text(at+".unit", p.Unit, MaxProfileWord)
	b.count(at+".enum", len(p.Enum), MaxEnum)
	for i, s := range p.Enum {
		b.text(fmt.Sprintf("%s.enum[%d]", at, i), s, MaxStringValue)
	}
	b.count(at+".forms", len(p.Forms), MaxForms)
	for name, s := range p.Forms {
		b.text(at+".forms", name, MaxProfileWord)
		b.text(at+".forms."+name, s, MaxProfileForm)
	}
}

// bound refuses a profile that exceeds the limits.
func (p Profile) bound() error {
	var b bounded
	b.text("title", p.Title, MaxProfileText)
	b.text("title_zh", p.TitleZH, MaxProfileText)
	b.text("vendor", p.Vendor, MaxProfileText)
	b.text("retention", p.Retention, MaxProfileWord)
	b.count("sightings", len(p.Sightings), MaxSightings)
	b.count("properties", len(p.Properties), MaxProperties)
	b.count("actions", len(p.Actions), MaxActions)
	for name, property := range p.Properties {
		b.text("properties", name, MaxProfileWord)
		b.property("properties."+name, property)
	}
	for name, a := range p.Actions {
		b.text("actions", name, MaxProfileWord)
		b.text("actions."+name+".title", a.Title, MaxProfileText)
		b.text("actions."+name+".title_zh", a.TitleZH, MaxProfileText)
		b.count("actions."+name+".input", len(a.Input), MaxActionInputs)
		for input, property := range a.Input {
			b.text("actions."+name+".input", input, MaxProfileWord)
			b.property("actions."+name+".input."+input, property)
		}
	}
	b.count("events", len(p.Events), MaxEvents)
	for name, e := range p.Events {
		b.text("events."+name+".title", e.Title, MaxProfileText)
		b.text("events."+name+".title_zh", e.TitleZH, MaxProfileText)
		b.count("events."+name+".data", len(e.Data), MaxEventData)
		for data, property := range e.Data {
			b.text("events."+name+".data", data, MaxProfileWord)
			b.property("events."+name+".data."+data, property)
		}
	}
	return b.err
}
