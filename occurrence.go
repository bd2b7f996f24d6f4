package gatehouse

import (
	"slices"
	"sort"
	"time"
)

// Occurrence is something that happened at a device: a door was forced, a meal was sold, a cover
// was opened. Its kind is one of the events of the device's profile.
type Occurrence struct {
	// assigned by the gateway; "" in an observation and in older events
	ID   OccurrenceID     `json:"id,omitempty"`
	Kind OccurrenceKind   `json:"kind"`
	Data map[string]Value `json:"data,omitempty"` // as the profile's event says
}

// NewOccurrenceID returns the id of an occurrence. If the device numbers its messages (sequence is
// not 0), a repeated occurrence has the same id. Otherwise every one gets a new id: two meals sold
// in the same second are two. at is the device's own time; zero: it has none.
func NewOccurrenceID(
	d DeviceID, at time.Time, sequence uint64, kind OccurrenceKind,
) OccurrenceID {
	if sequence == 0 {
		return OccurrenceID(NewID("occ"))
	}
	var when string
	if !at.IsZero() {
		when = bytesOf(uint64(at.UnixMicro()))
	}
	return OccurrenceID("occ_" + hashed(string(d), bytesOf(sequence), when, string(kind)))
}

// OccurrenceKind names an event of a profile.
type OccurrenceKind string

// The kinds that mean the same in every profile. Profiles may define others.
const (
	OccurrenceAlarm  OccurrenceKind = "alarm"  // raised by the device itself
	OccurrenceDoor   OccurrenceKind = "door"   // it was opened, closed, forced, held open
	OccurrenceSale   OccurrenceKind = "sale"   // something was sold or handed out
	OccurrenceTamper OccurrenceKind = "tamper" // the device itself is being tampered with
	// somebody passed without an answer from the gateway, as the profile's no_answer rule allows
	OccurrenceUnanswered OccurrenceKind = "unanswered"
)

// What an OccurrenceAlarm says in its data where somebody is made to pass.
const (
	DuressAlarm  = "duress" // of "what"
	DuressPerson = "person" // the name under which the gateway adds who it is
)

// Duress reports whether an occurrence says that somebody was made to pass, and who, if that is
// known.
func (o Occurrence) Duress() (person PersonID, is bool) {
	if o.Kind != OccurrenceAlarm || o.Data["what"] != StringValue(DuressAlarm) {
		return "", false
	}
	who, _ := o.Data[DuressPerson].Text()
	return PersonID(who), true
}

// Affordance is one event that a device can report, as in a W3C WoT Thing Model (Thing
// Description 1.1, section 5.3.1.5), with its data cut down to scalars.
type Affordance struct {
	Title   string              `json:"title,omitempty" yaml:"title,omitempty"`
	TitleZH string              `json:"title_zh,omitempty" yaml:"title_zh,omitempty"`
	Data    map[string]Property `json:"data,omitempty" yaml:"data,omitempty"`
}

// EventNames lists the profile's events in alphabetical order.
func (p Profile) EventNames() []string {
	names := make([]string, 0, len(p.Events))
	for n := range p.Events {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// admitOccurrence checks an occurrence against the profile. If any of its data does not fit, all of
// it is refused.
func admitOccurrence(p Profile, o Occurrence) error {
	event, ok := p.Events[string(o.Kind)]
	if !ok {
		return Errorf(Invalid, "profile %q has no event %q; it has %v", p.ID, o.Kind,
			p.EventNames())
	}
	known := make([]string, 0, len(event.Data))
	for n := range event.Data {
		known = append(known, n)
	}
	sort.Strings(known)
	given := make([]string, 0, len(o.Data))
	for n := range o.Data {
		given = append(given, n)
	}
	sort.Strings(given)
	for _, n := range given {
		if !slices.Contains(known, n) {
			return Errorf(Invalid, "event %q of profile %q has no data %q; it has %v", o.Kind,
				p.ID, n, known)
		}
		if err := event.Data[n].Check(o.Data[n]); err != nil {
			return Errorf(Invalid, "data %q of event %q: %v", n, o.Kind, err)
		}
	}
	return nil
}
