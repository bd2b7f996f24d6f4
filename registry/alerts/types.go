package alerts

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Effects are what the rules engine found at one position of the journal.
type Effects struct {
	Seq       uint64 // the journal position that made them
	Alerts    []g.Alert
	Incidents []g.Incident
	State     []byte // the engine's snapshot, saved in the same transaction; nil: keep the old one
	// of it, saved in place of a snapshot: they come after the snapshot and the changes that are
	// there
	Changes []byte
}

// Filter selects alerts, newest first.
type Filter struct {
	store.Page
	School   g.SchoolID
	States   []g.AlertState
	Severity g.Severity
	Rule     g.RuleID
	Zone     g.ZoneID
	Device   g.DeviceID
	Query    string // words, in any order; see searchAlerts

	RulePrefix string // of rules that begin so; no % and no _ in it
}

// AlertRow is an alert with the names of what it is about.
type AlertRow struct {
	g.Alert
	DeviceName string `json:"device_name,omitempty"`
	ZoneName   string `json:"zone_name,omitempty"`
	PersonName string `json:"person_name,omitempty"` // empty without people:read

	// MovedTo is where the device is now, where that is another zone than the alert was raised in.
	MovedTo     g.ZoneID `json:"moved_to,omitempty"`
	MovedToName string   `json:"moved_to_name,omitempty"`

	PictureUntil time.Time `json:"picture_until,omitzero"` // somebody keeps the picture until then
}

// IncidentFilter selects incidents, newest first.
type IncidentFilter struct {
	store.Page
	School g.SchoolID
	State  g.IncidentState
}
