package gatehouse

import (
	"strings"
	"time"
)

// EventKind says which part of an Event is set.
type EventKind string

// The kinds of event. The first five are admitted (or refused) observations; the others are
// facts that the gateway itself brought about.
const (
	EventReading    EventKind = "reading"
	EventSighting   EventKind = "sighting"
	EventStatus     EventKind = "status"
	EventOccurrence EventKind = "occurrence" // something happened at a device
	// an observation that was not admitted, with the reason
	EventRejected   EventKind = "rejected"
	EventAlert      EventKind = "alert"      // an alert changed
	EventIncident   EventKind = "incident"   // an incident changed
	EventAttendance EventKind = "attendance" // somebody's attendance changed
)

// kinds is the table of the kinds of event: a new one is a line here, a part of Event, and a line
// in package gateway/event, which writes it down.
var kinds = [...]struct {
	kind EventKind
	sees Permission // what seeing events of the kind takes
}{
	{EventReading, TelemetryRead},
	{EventSighting, SightingsRead},
	{EventStatus, DevicesRead},
	{EventOccurrence, DevicesRead},
	{EventRejected, DevicesRead},
	{EventAlert, AlertsRead},
	{EventIncident, AlertsRead},
	{EventAttendance, AttendanceRead},
}

// EventKinds lists every kind.
func EventKinds() []EventKind {
	out := make([]EventKind, len(kinds))
	for i, k := range kinds {
		out[i] = k.kind
	}
	return out
}

// Permission is what seeing events of the kind takes. One of a kind that nobody knows takes what a
// device's state does.
func (k EventKind) Permission() Permission {
	for _, x := range kinds {
		if x.kind == k {
			return x.sees
		}
	}
	return DevicesRead
}

// Event is a fact that the gateway vouches for: sequenced and durable. Exactly the part that
// Kind names is set.
type Event struct {
	// journal sequence, from 1; one total order in a gateway; leaps after a restore
	Seq uint64 `json:"seq"`
	// "evt_" + Seq for observations; deterministic for alerts and attendance, so twice is once
	ID     string     `json:"id"`
	Kind   EventKind  `json:"kind"`
	School SchoolID   `json:"school"`
	Device DeviceID   `json:"device,omitempty"`
	Zone   ZoneID     `json:"zone,omitempty"`
	Driver DriverName `json:"driver,omitempty"`
	// when it happened: the device's clock if it has one
	Time     time.Time `json:"time"`
	Received time.Time `json:"received"`           // when the gateway had it
	Replayed bool      `json:"replayed,omitempty"` // history: recorded, never alarmed on
	// Late says that the gateway called it history for its age; its source sent it as news.
	Late bool `json:"late,omitempty"`

	Reading    *Reading    `json:"reading,omitempty"`
	Sighting   *Sighting   `json:"sighting,omitempty"`
	Status     *Status     `json:"status,omitempty"`
	Occurrence *Occurrence `json:"occurrence,omitempty"`
	Rejection  *Rejection  `json:"rejection,omitempty"`
	Alert      *Alert      `json:"alert,omitempty"`
	Incident   *Incident   `json:"incident,omitempty"`
	Attendance *Attendance `json:"attendance,omitempty"`

	// Extra is what a newer version wrote of the event that this one does not know. It is written
	// again, and read by nobody. An event of a kind that this version does not know has no Kind.
	Extra []byte `json:"-"`
}

// The gateway's own events about a device that fell silent, and was heard again, have ids that
// begin so.
const (
	SilentID = "evt_silent_"
	HeardID  = "evt_heard_"
)

// OfSilence says whether the event is one of those.
func (e *Event) OfSilence() bool {
	return strings.HasPrefix(e.ID, SilentID) || strings.HasPrefix(e.ID, HeardID)
}

// Outdated says whether the event is the gateway's own about a device's silence, and tells
// nothing new to whoever last heard the device at a time (nanoseconds since 1970, 0: never). A
// kill can have such an event journalled twice, the second time long after. That the device is
// heard again, the event that it was heard by has told already; and one that is heard after a
// silence is so at least a second, the shortest that counts as one, after it began.
func (e *Event) Outdated(heard int64) bool {
	return strings.HasPrefix(e.ID, HeardID) ||
		strings.HasPrefix(e.ID, SilentID) && heard-e.Time.UnixNano() >= int64(time.Second)
}

// SignOfLife says whether the device itself was there when the gateway had the event. History
// that a driver hands on may come from a broker's or a terminal's memory; on the gateway's own
// MQTT listener it comes over the device's connection, be its clock as wrong as it may.
func (e *Event) SignOfLife() bool {
	return !e.Replayed || e.Late && e.Driver == DriverMQTTFront
}

// Dated is the event with the time at which the gateway had it, where its device told none.
// Events are shared, so that is a copy.
func (e *Event) Dated() *Event {
	if !e.Time.IsZero() {
		return e
	}
	copied := *e
	copied.Time = e.Received
	return &copied
}

// Rejection says what was not admitted, and why. Excerpt is at most 256 bytes of what arrived,
// never a credential, a face or a name.
type Rejection struct {
	Reason  string `json:"reason"`
	Source  string `json:"source"` // topic, driver or address it came from
	Excerpt string `json:"excerpt,omitempty"`
	// Properties are the values of a reading that did not fit; none where it was refused as a
	// whole.
	Properties []string `json:"properties,omitempty"`
	Partial    bool     `json:"partial,omitempty"` // all else of the message was admitted
	// Sealed is what was refused, where it may be about people: at most MaxRaw bytes of it, for
	// the registry alone to open.
	Sealed []byte `json:"-"`
}
