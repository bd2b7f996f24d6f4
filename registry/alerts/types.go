package alerts

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Effects are the results of the rules engine at one position of the journal.
type Effects struct {
	Seq       uint64 // the journal position that caused them
	Alerts    []g.Alert
	Incidents []g.Incident
	Commands  []fleet.Order
	State     []byte // snapshot, saved in the same transaction; nil: keep the old one
	// delta, saved instead of a snapshot: it follows the stored snapshot and deltas
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

	Drill *bool // of drills only, or of none; nil: both

	Hidden      HiddenBy        // "": whether something hides them or not
	Suppression g.SuppressionID // hidden by this one, now or at any time before

	RulePrefix string // prefix of rule IDs, without % and _
}

// HiddenBy selects alerts by what hides them.
type HiddenBy string

// What may hide an alert.
const (
	ByShelf    HiddenBy = "shelf"
	ByWindow   HiddenBy = "window"
	ByAnything HiddenBy = "any"
	ByNothing  HiddenBy = "none"
)

// HiddenBys lists them.
func HiddenBys() []HiddenBy { return []HiddenBy{ByShelf, ByWindow, ByAnything, ByNothing} }

// AlertRow is an alert with the names of its subjects.
type AlertRow struct {
	g.Alert
	DeviceName string `json:"device_name,omitempty"`
	ZoneName   string `json:"zone_name,omitempty"`
	PersonName string `json:"person_name,omitempty"` // empty without people:read

	// MovedTo is the device's current zone, if it differs from the alert's.
	MovedTo     g.ZoneID `json:"moved_to,omitempty"`
	MovedToName string   `json:"moved_to_name,omitempty"`

	// LastHeard is when the device was heard last, where the alert fires and the device is no longer
	// heard; else zero.
	LastHeard time.Time `json:"last_heard,omitzero"`

	PictureUntil time.Time `json:"picture_until,omitzero"` // the picture is kept until then

	// Commands were given to devices because of the alert; empty without devices:read.
	Commands []fleet.DeviceCommandRow `json:"commands,omitempty"`
}

// IncidentFilter selects incidents, newest first.
type IncidentFilter struct {
	store.Page
	School g.SchoolID
	States []g.IncidentState
	Drill  *bool // of drills only, or of none; nil: both
}
