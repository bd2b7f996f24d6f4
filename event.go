package gatehouse

import (
	"strings"
	"time"
)

// EventKind says which part of an Event is set.
type EventKind string

// The kinds of event. The first five are admitted or rejected observations; the others are changes
// made by the gateway itself.
const (
	EventReading    EventKind = "reading"
	EventSighting   EventKind = "sighting"
	EventStatus     EventKind = "status"
	EventOccurrence EventKind = "occurrence" // something happened at a device
	EventDecision   EventKind = "decision"   // a device asked whether somebody may pass
	// an observation that was not admitted, with the reason
	EventRejected   EventKind = "rejected"
	EventAlert      EventKind = "alert"      // an alert changed
	EventIncident   EventKind = "incident"   // an incident changed
	EventAttendance EventKind = "attendance" // somebody's attendance changed
	EventCommand    EventKind = "command"    // a command to a device came to another state
	EventLockdown   EventKind = "lockdown"   // a threat level was raised or ended
	EventRule       EventKind = "rule"       // a school changed a rule of its own
	// a shelf or maintenance window was planned or changed, began or ended
	EventSuppression EventKind = "suppression"
)

// kinds is the table of the kinds of event. A new kind needs a line here, a field in Event, and a
// line in package gateway/event, which encodes it.
var kinds = [...]struct {
	kind EventKind
	sees Permission // permission required to see events of the kind; "": being signed in
}{
	{EventReading, TelemetryRead},
	{EventSighting, SightingsRead},
	{EventStatus, DevicesRead},
	{EventOccurrence, DevicesRead},
	{EventDecision, SightingsRead},
	{EventRejected, DevicesRead},
	{EventAlert, AlertsRead},
	{EventIncident, AlertsRead},
	{EventAttendance, AttendanceRead},
	{EventCommand, DevicesRead},
	{EventLockdown, ""}, // concerns everybody in the school
	{EventRule, AlertsRead},
	{EventSuppression, AlertsRead},
}

// EventKinds lists every kind.
func EventKinds() []EventKind {
	out := make([]EventKind, len(kinds))
	for i, k := range kinds {
		out[i] = k.kind
	}
	return out
}

// WebhookPermission is the permission that a webhook's maker needs for events of the kind. What
// everybody sees who is signed in goes to programs that may read alerts.
func (k EventKind) WebhookPermission() Permission {
	if need := k.Permission(); need != "" {
		return need
	}
	return AlertsRead
}

// Permission is the permission required to see events of the kind, "" for such as everybody sees who
// is signed in; for unknown kinds it is that of a device's status.
func (k EventKind) Permission() Permission {
	for _, x := range kinds {
		if x.kind == k {
			return x.sees
		}
	}
	return DevicesRead
}

// Event is a fact recorded by the gateway: sequenced and durable. Exactly the field that Kind names
// is set.
type Event struct {
	// journal sequence, from 1: a total order within a gateway; it skips numbers after a restore
	Seq uint64 `json:"seq"`
	// "evt_" + Seq for observations; deterministic for alerts and attendance, so that repeats are
	// detected
	ID     string     `json:"id"`
	Kind   EventKind  `json:"kind"`
	School SchoolID   `json:"school"`
	Device DeviceID   `json:"device,omitempty"`
	Zone   ZoneID     `json:"zone,omitempty"`
	Driver DriverName `json:"driver,omitempty"`
	// when it happened: the device's clock if it has one
	Time     time.Time `json:"time"`
	Received time.Time `json:"received"`           // when the gateway received it
	Replayed bool      `json:"replayed,omitempty"` // history: recorded, but raises no alerts
	// Late: the gateway classified it as history for its age; its source sent it as live.
	Late bool `json:"late,omitempty"`

	Reading    *Reading    `json:"reading,omitempty"`
	Sighting   *Sighting   `json:"sighting,omitempty"`
	Status     *Status     `json:"status,omitempty"`
	Occurrence *Occurrence `json:"occurrence,omitempty"`
	Decision   *Decision   `json:"decision,omitempty"`
	Rejection  *Rejection  `json:"rejection,omitempty"`
	Alert      *Alert      `json:"alert,omitempty"`
	Incident   *Incident   `json:"incident,omitempty"`
	Attendance *Attendance `json:"attendance,omitempty"`

	Command  *DeviceCommand `json:"command,omitempty"`
	Lockdown *Lockdown      `json:"lockdown,omitempty"`
	Rule     *RuleChange    `json:"rule,omitempty"`

	Suppression *SuppressionChange `json:"suppression,omitempty"`

	// Extra holds what a newer version has recorded and this one does not know. It is preserved on
	// re-encoding and not interpreted. An event of an unknown kind has an empty Kind.
	Extra []byte `json:"-"`
}

// Prefixes of the IDs of the gateway's own events about a device that became silent, and that was
// heard again.
const (
	SilentID = "evt_silent_"
	HeardID  = "evt_heard_"
)

// OfSilence reports whether the event is one of those.
func (e *Event) OfSilence() bool {
	return strings.HasPrefix(e.ID, SilentID) || strings.HasPrefix(e.ID, HeardID)
}

// Outdated reports whether the event is the gateway's own about a device's silence and is obsolete
// for a reader that last heard the device at heard (Unix nanoseconds, 0: never). After a crash such
// an event may be journalled again, much later. A heard event is always obsolete, since the event
// by which the device was heard comes first. A silence event is obsolete if the device was heard 1
// s or more after it began; 1 s is the shortest silence.
func (e *Event) Outdated(heard int64) bool {
	return strings.HasPrefix(e.ID, HeardID) ||
		strings.HasPrefix(e.ID, SilentID) && heard-e.Time.UnixNano() >= int64(time.Second)
}

// SignOfLife reports whether the device itself was connected when the gateway received the event.
// History from a driver may come from the memory of a broker or terminal; on the gateway's own MQTT
// listener it comes over the device's connection, however wrong its clock is.
func (e *Event) SignOfLife() bool {
	return !e.Replayed || e.Late && e.Driver == DriverMQTTFront
}

// Dated returns the event with the time of receipt if the device gave none. Events are shared, so
// it returns a copy in that case.
func (e *Event) Dated() *Event {
	if !e.Time.IsZero() {
		return e
	}
	copied := *e
	copied.Time = e.Received
	return &copied
}
