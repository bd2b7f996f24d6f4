package gatehouse

import "time"

// Severity of a rule and its alerts.
type Severity string

// The severities, rising.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Major    Severity = "major"
	Critical Severity = "critical"
)

// Severities lists them, rising.
func Severities() []Severity { return []Severity{Info, Warning, Major, Critical} }

// AlertState sums up an alert for readers that want one word. It follows from the alert's facts:
// closed, else resolved, else acknowledged, else open. Whether the condition holds is a fact of its
// own, as in ISA-18.2 (section 5.6, alarm states): see Firing.
type AlertState string

// The alert states. The gateway closes a resolved alert after a grace period, or a person does.
const (
	AlertOpen         AlertState = "open"
	AlertAcknowledged AlertState = "acknowledged"
	AlertResolved     AlertState = "resolved"
	AlertClosed       AlertState = "closed"
)

// GatewayRule is the prefix of the rule IDs of the gateway's alerts about itself, e.g.
// "gateway:disk". Rules of a school cannot have it.
const GatewayRule = "gateway:"

// Alert is a rule's finding and how it is handled.
type Alert struct {
	ID       AlertID    `json:"id"`
	School   SchoolID   `json:"school"`
	Rule     RuleID     `json:"rule"`
	Severity Severity   `json:"severity"`
	State    AlertState `json:"state"`
	Title    string     `json:"title"`
	TitleZH  string     `json:"title_zh,omitempty"`
	// what it means and what to do; set in the gateway's own alerts
	Text     string           `json:"text,omitempty"`
	TextZH   string           `json:"text_zh,omitempty"`
	Device   DeviceID         `json:"device,omitempty"`
	Zone     ZoneID           `json:"zone,omitempty"`
	Person   PersonID         `json:"person,omitempty"`
	Sighting SightingID       `json:"sighting,omitempty"`
	Media    MediaID          `json:"media,omitempty"`  // snapshot, if any
	Values   map[string]Value `json:"values,omitempty"` // what was measured when it fired
	// it is about the device itself (a fault, silence, its battery) and not about what it watches
	Own    bool `json:"own,omitempty"`
	Firing bool `json:"firing"` // the condition still holds
	// the condition comes and goes: the alert goes on until it has been over for a while
	Flapping bool `json:"flapping,omitempty"`
	// since when the condition is over; zero while it holds, and for a finding of a moment
	Ended time.Time `json:"ended,omitzero"`
	// the rule asks for a sound on the live wall
	Audible      bool       `json:"audible,omitempty"`
	Count        int        `json:"count"`  // how often it fired while open
	Opened       time.Time  `json:"opened"` // when the condition was met
	LastFired    time.Time  `json:"last_fired"`
	Incident     IncidentID `json:"incident,omitempty"`
	Handler      UserID     `json:"handler,omitempty"` // who acknowledged it
	HandlerName  string     `json:"handler_name,omitempty"`
	Acknowledged time.Time  `json:"acknowledged,omitzero"`
	// when it is told again unless it is over by then; zero: nobody has it in hand
	AckUntil time.Time `json:"ack_until,omitzero"`
	// how often it was told again, and why the last time
	Retold    int       `json:"retold,omitempty"`
	RetoldAt  time.Time `json:"retold_at,omitzero"`
	RetoldWhy Retelling `json:"retold_why,omitempty"`
	// what keeps it off the wall; zero: nothing
	Hidden Hiding `json:"hidden,omitzero"`
	// when it came back to the wall from what had hidden it last
	Returned time.Time `json:"returned,omitzero"`
	// who shall see to it, which may be another than who acknowledged it
	Assignee     UserID    `json:"assignee,omitempty"`
	AssigneeName string    `json:"assignee_name,omitempty"`
	Assigned     time.Time `json:"assigned,omitzero"`
	// who resolved it; empty if the condition ended by itself
	Resolver     UserID    `json:"resolver,omitempty"`
	ResolverName string    `json:"resolver_name,omitempty"`
	Resolved     time.Time `json:"resolved,omitzero"`
	// who closed it; empty if the gateway did
	Closer     UserID    `json:"closer,omitempty"`
	CloserName string    `json:"closer_name,omitempty"`
	Closed     time.Time `json:"closed,omitzero"`
	Comment    string    `json:"comment,omitempty"` // by the person who resolved it
	Drill      bool      `json:"drill,omitempty"`   // it is part of a drill
	// the journal sequence of the event that raised it
	Seq uint64 `json:"event_seq"`
	// incremented by every change, to detect conflicting writes
	Version int `json:"version"`
}

// AlertStates are the states of an alert, in the order of its life.
func AlertStates() []AlertState {
	return []AlertState{AlertOpen, AlertAcknowledged, AlertResolved, AlertClosed}
}
