package history

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// SightingFilter selects sightings, newest first. Unknown selects unknown persons only.
type SightingFilter struct {
	store.Page
	School   g.SchoolID
	Device   g.DeviceID
	Person   g.PersonID
	Zone     g.ZoneID
	From, To time.Time // From inclusive, To exclusive
	Unknown  bool
}

// SightingRow is one sighting. Name is empty without people:read.
type SightingRow struct {
	Seq       uint64       `json:"seq"`
	ID        g.SightingID `json:"id"`
	School    g.SchoolID   `json:"school"`
	Device    g.DeviceID   `json:"device"`
	Zone      g.ZoneID     `json:"zone,omitempty"`
	Person    g.PersonID   `json:"person,omitempty"`
	Name      string       `json:"name,omitempty"`
	Method    g.Method     `json:"method"`
	Direction g.Direction  `json:"direction,omitempty"`
	Time      time.Time    `json:"time"`
	Received  time.Time    `json:"received"`
	Match     *g.Match     `json:"match,omitempty"`
	Media     g.MediaID    `json:"media,omitempty"`
	Replayed  bool         `json:"replayed,omitempty"`
	// history for its age only: its device sent it as live
	Late bool `json:"late,omitempty"`
	// Resolved is when an unresolved sighting was assigned to this person.
	Resolved time.Time `json:"resolved,omitzero"`
}

// RejectionFilter selects rejected observations, newest first.
type RejectionFilter struct {
	store.Page
	School g.SchoolID
	Device g.DeviceID
}

// RejectionRow is one rejected observation.
type RejectionRow struct {
	Seq     uint64     `json:"seq"`
	School  g.SchoolID `json:"school,omitempty"`
	Device  g.DeviceID `json:"device,omitempty"`
	Time    time.Time  `json:"time"` // when the gateway received it
	Reason  string     `json:"reason"`
	Source  string     `json:"source"`
	Excerpt string     `json:"excerpt,omitempty"`
	// Properties are the values that did not fit; empty if it was rejected as a whole.
	Properties []string `json:"properties,omitempty"`
	Partial    bool     `json:"partial,omitempty"` // the rest of the message was admitted
	// bytes stored encrypted, for RejectionContent
	Kept int `json:"kept,omitempty"`

	// Code is the reason for programs; "" for older rejections.
	Code g.RejectionCode `json:"code,omitempty"`
	// Clock is the device's time if that is the reason.
	Clock time.Time `json:"clock,omitzero"`
	// Said is Reason as a translatable text: see Text.Keep.
	Said []byte `json:"-"`
}

// StatusRow is one change of a device's state.
type StatusRow struct {
	Seq    uint64        `json:"seq"`
	Device g.DeviceID    `json:"device"`
	Time   time.Time     `json:"time"`
	State  g.DeviceState `json:"state"`
	Reason string        `json:"reason,omitempty"`
	Causes []g.Reason    `json:"causes,omitempty"`
}
