package registry

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/history"
	"github.com/gatehouse-iot/gatehouse/registry/hooks"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

// What callers name of each aggregate.
type (
	Places = places.Places

	Enrolment     = people.Enrolment
	ImportMode    = people.ImportMode
	ImportOptions = people.ImportOptions
	ImportReport  = people.ImportReport
	PersonFilter  = people.PersonFilter
	PersonPage    = people.PersonPage
	PersonRow     = people.PersonRow
	Template      = people.Template

	Attempt      = access.Attempt
	Entry        = access.Entry
	FactorState  = access.FactorState
	KeptAnswer   = access.KeptAnswer
	RelyingParty = access.RelyingParty
	TooSoon      = access.TooSoon

	Delivery = hooks.Delivery

	DeviceCertificate = fleet.DeviceCertificate
	DeviceFilter      = fleet.DeviceFilter
	DeviceRow         = fleet.DeviceRow
	Namesake          = fleet.Namesake
	ProfileUse        = fleet.ProfileUse
	WeakFilter        = fleet.WeakFilter

	Passage         = history.Passage
	QualityDay      = history.QualityDay
	QualityFilter   = history.QualityFilter
	QualityRow      = history.QualityRow
	QualityTurn     = history.QualityTurn
	RejectionFilter = history.RejectionFilter
	RejectionRow    = history.RejectionRow
	SightingFilter  = history.SightingFilter
	SightingRow     = history.SightingRow
	StatusRow       = history.StatusRow
	Trimmed         = history.Trimmed

	AttendanceFilter = sessions.AttendanceFilter
	AttendanceRow    = sessions.AttendanceRow
	Correction       = sessions.Correction
	RosterEntry      = sessions.RosterEntry

	AlertFilter    = alerts.AlertFilter
	AlertRow       = alerts.AlertRow
	Effects        = alerts.Effects
	IncidentFilter = alerts.IncidentFilter
	KeptPicture    = alerts.KeptPicture
	RuleText       = alerts.RuleText

	AuditFilter = views.AuditFilter
	FaceCounts  = views.FaceCounts
)

// The same of constants.
const (
	PicturesSetting = places.PicturesSetting

	ImportAdd       = people.ImportAdd
	ImportFull      = people.ImportFull
	ImportOverwrite = people.ImportOverwrite
	ImportPromote   = people.ImportPromote
	ImportUpdate    = people.ImportUpdate

	FactorPasskey     = access.FactorPasskey
	FactorTOTP        = access.FactorTOTP
	PasskeysBadName   = access.PasskeysBadName
	PasskeysIPAddress = access.PasskeysIPAddress
	PasskeysNoAddress = access.PasskeysNoAddress
	PasskeysPlainHTTP = access.PasskeysPlainHTTP
	StepEnrol         = access.StepEnrol
	StepFactor        = access.StepFactor
	StepNone          = access.StepNone

	AnyWeak     = fleet.AnyWeak
	WeakUnknown = fleet.WeakUnknown

	RunningDay = history.RunningDay

	MaxKeepPicture = alerts.MaxKeepPicture
)

// NewRelyingParty: see [access.NewRelyingParty].
func NewRelyingParty(address string) *RelyingParty { return access.NewRelyingParty(address) }

// ParseProfile: see [fleet.ParseProfile].
func ParseProfile(name string, b []byte) (g.Profile, error) { return fleet.ParseProfile(name, b) }
