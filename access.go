package gatehouse

import (
	"slices"
	"time"
)

// Role is what a signed-in person is to the gateway.
type Role string

// The roles.
const (
	RoleDistrict   Role = "district_admin"
	RoleAdmin      Role = "admin"      // of one school
	RoleSecurity   Role = "security"   // handles alerts
	RoleFacility   Role = "facility"   // manages devices
	RoleTeacher    Role = "teacher"    // attendance and people of the school
	RoleIntegrator Role = "integrator" // API keys only
	RoleVendor     Role = "vendor"     // drivers and their logs
)

// Roles lists every role.
func Roles() []Role {
	return []Role{
		RoleDistrict, RoleAdmin, RoleSecurity, RoleFacility, RoleTeacher, RoleIntegrator,
		RoleVendor,
	}
}

// Permission is one right. API keys carry permissions directly; roles imply them.
type Permission string

// The permissions.
const (
	DevicesRead      Permission = "devices:read"
	DevicesWrite     Permission = "devices:write"
	DriversRead      Permission = "drivers:read"
	PeopleRead       Permission = "people:read" // lists: name and class
	PeopleOpen       Permission = "people:open" // one person's page, with a reason, audited
	PeopleWrite      Permission = "people:write"
	FacesAdmin       Permission = "faces:admin"
	SightingsRead    Permission = "sightings:read"
	SightingsWrite   Permission = "sightings:write" // a manual pass
	AttendanceRead   Permission = "attendance:read"
	AttendanceWrite  Permission = "attendance:write"
	VisitsRead       Permission = "visits:read"
	VisitsWrite      Permission = "visits:write" // register, approve, let in and out
	AlertsRead       Permission = "alerts:read"
	AlertsWrite      Permission = "alerts:write"
	AlertsSuppress   Permission = "alerts:suppress" // to hide critical alerts for a time
	IncidentsApprove Permission = "incidents:approve"
	RulesWrite       Permission = "rules:write" // the school's own rules
	TelemetryRead    Permission = "telemetry:read"
	CameraView       Permission = "camera:view"
	MessagesSend     Permission = "messages:send"
	KeysAdmin        Permission = "keys:admin" // keys and webhooks
	UsersAdmin       Permission = "users:admin"
	SettingsWrite    Permission = "settings:write"
	AuditRead        Permission = "audit:read"
	StatusRead       Permission = "status:read"
	LockdownRaise    Permission = "lockdown:raise"
	LockdownClear    Permission = "lockdown:clear" // never what the same person raised
)

// Permissions lists the permissions that a role implies, in no particular order.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleDistrict, RoleAdmin:
		return []Permission{DevicesRead, DevicesWrite, DriversRead, PeopleRead, PeopleOpen,
			PeopleWrite, FacesAdmin, SightingsRead, SightingsWrite,
			AttendanceRead, AttendanceWrite, VisitsRead, VisitsWrite, AlertsRead, AlertsWrite, AlertsSuppress,
			IncidentsApprove, RulesWrite, TelemetryRead, CameraView, MessagesSend, KeysAdmin, UsersAdmin,
			SettingsWrite, AuditRead, StatusRead, LockdownRaise, LockdownClear}
	case RoleSecurity:
		return []Permission{
			DevicesRead, PeopleRead, PeopleOpen, SightingsRead, SightingsWrite, AttendanceRead,
			AlertsRead, AlertsWrite, TelemetryRead, CameraView, FacesAdmin, StatusRead,
			LockdownRaise, LockdownClear, VisitsRead, VisitsWrite,
		}
	case RoleFacility:
		return []Permission{
			DevicesRead, DevicesWrite, DriversRead, AlertsRead, AlertsWrite, RulesWrite,
			TelemetryRead, StatusRead, LockdownRaise,
		}
	case RoleTeacher:
		return []Permission{
			PeopleRead, PeopleOpen, AttendanceRead, AttendanceWrite, SightingsRead, LockdownRaise,
		}
	case RoleVendor:
		return []Permission{DriversRead, DevicesRead, StatusRead}
	}
	return nil
}

// User is somebody who signs in to the console.
type User struct {
	ID       UserID    `json:"id"`
	School   SchoolID  `json:"school"` // sees this school; a district admin its whole subtree
	Name     string    `json:"name"`   // sign-in name
	FullName string    `json:"full_name"`
	Role     Role      `json:"role"`
	Language string    `json:"language"`
	Disabled bool      `json:"disabled"`
	Created  time.Time `json:"created"`
}

// Scope is what one caller may see: a school, its subtree or, for the gateway's own cursors,
// everything. Every read and write goes through one. The zero Scope sees nothing.
type Scope struct {
	School      SchoolID
	Subtree     bool
	System      string // gateway cursor, e.g. "rules"; sees all schools, audited by name
	Actor       string // who: user or key id and name, for the audit log
	Permissions []Permission
	Reason      string // why a child is looked up, if that is required
}

// SystemScope is the scope of one of the gateway's own cursors.
func SystemScope(name string) Scope {
	return Scope{
		System: name,
		Actor:  "gateway:" + name,
	}
}

// Can reports whether the scope has a permission; "" takes only a scope. System scopes have all.
func (s Scope) Can(p Permission) bool {
	return s.System != "" || p == "" && s.School != "" || slices.Contains(s.Permissions, p)
}

// APIKey is a program's credential; the secret is shown once and stored as a hash.
type APIKey struct {
	ID          KeyID        `json:"id"`
	School      SchoolID     `json:"school"`
	Name        string       `json:"name"`
	Permissions []Permission `json:"permissions"`
	Created     time.Time    `json:"created"`
	Expires     time.Time    `json:"expires"`
	LastUsed    time.Time    `json:"last_used,omitzero"`
	Revoked     bool         `json:"revoked"`
	// what it is for; "" for older keys
	Purpose string `json:"purpose"`
	// of a guard room's screen: it reads what that shows, and nothing else
	Screen bool `json:"screen,omitempty"`

	// A key never has more permissions than its maker, and stops working with its maker. Maker is
	// the ID of a user or a key; "" means unknown.
	Maker      string       `json:"maker,omitempty"`
	MakerName  string       `json:"maker_name,omitempty"`
	MakerState MakerState   `json:"maker_state,omitempty"`
	Effective  []Permission `json:"effective"` // the permissions that it has now
}

// MakerState says whether what somebody made still works.
type MakerState string

// The states. A key whose maker is known and not active does not work until somebody takes it over;
// a webhook gets nothing.
const (
	MakerActive   MakerState = "active"
	MakerDisabled MakerState = "disabled" // the user is disabled
	MakerEnded    MakerState = "ended"    // the key that made it has expired or was revoked
	MakerGone     MakerState = "gone"     // the user or key no longer exists
	MakerUnknown  MakerState = "unknown"  // older, or made by the gateway
)

// Webhook sends events to a school's own server, signed as Standard Webhooks asks.
type Webhook struct {
	ID       WebhookID   `json:"id"`
	School   SchoolID    `json:"school"`
	URL      string      `json:"url"`
	Kinds    []EventKind `json:"kinds"` // empty: all but readings
	Created  time.Time   `json:"created"`
	Disabled bool        `json:"disabled"`
	Reason   string      `json:"reason,omitempty"` // why it was disabled

	// A webhook only gets what its maker may read.
	Maker      string      `json:"maker,omitempty"`
	MakerName  string      `json:"maker_name,omitempty"`
	MakerState MakerState  `json:"maker_state,omitempty"`
	Effective  []EventKind `json:"effective"` // kinds that it gets now
}

// AuditEntry is one line of the hash-chained audit log.
type AuditEntry struct {
	Seq    uint64    `json:"seq"`
	Time   time.Time `json:"time"`
	School SchoolID  `json:"school"`
	Actor  string    `json:"actor"`
	Deed   string    `json:"deed"` // e.g. person.open, device.create, alert.acknowledge
	Object string    `json:"object"`
	Reason string    `json:"reason,omitempty"`
	Hash   string    `json:"hash"` // SHA-256 over the previous hash and this entry

	Changes []AuditChange `json:"changes,omitempty"`

	// People are the names of the people whose IDs are in braces in Reason, for callers who may see
	// them; not part of the log.
	People map[PersonID]string `json:"people,omitempty"`
}
