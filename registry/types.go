package registry

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/roster"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Places are a school's sites, buildings and zones.
type Places struct {
	Sites     []g.Site     `json:"sites"`
	Buildings []g.Building `json:"buildings"`
	Zones     []g.Zone     `json:"zones"`
}

// DeviceFilter selects devices; empty fields select all. Query is searched for in the name,
// id and serial.
type DeviceFilter struct {
	store.Page
	School g.SchoolID
	Zone   g.ZoneID
	Type   g.DeviceType
	Driver g.DriverName
	State  g.DeviceState
	Weak   WeakFilter
	Query  string
}

// DeviceRow is a device with its profile's type and its twin.
type DeviceRow struct {
	g.Device
	Type g.DeviceType `json:"type"`
	Twin g.Twin       `json:"twin"`
}

// PersonFilter selects people; Query is searched for in name and number.
type PersonFilter struct {
	store.Page
	School g.SchoolID
	Kind   g.PersonKind
	Class  string
	Query  string // words, each of which is in name, number or class
	Left   bool   // those who have left, instead of those who are there

	// NotOfModel selects those whose face templates are all of other models than this one.
	NotOfModel string
}

// PersonRow is a line of the class list; looking at it needs no reason.
type PersonRow struct {
	ID      g.PersonID   `json:"id"`
	School  g.SchoolID   `json:"school"`
	Kind    g.PersonKind `json:"kind"`
	Name    string       `json:"name"`
	Number  string       `json:"number,omitempty"`
	Class   string       `json:"class,omitempty"`
	Boarder bool         `json:"boarder"`
	Left    time.Time    `json:"left,omitzero"`
	Face    bool         `json:"face"`    // a face template is enrolled
	Consent bool         `json:"consent"` // the use of the face is allowed
	Cards   int          `json:"cards"`   // cards, QR codes and PINs
}

// PersonPage is everything about one person.
type PersonPage struct {
	g.Person
	Consents []g.Consent `json:"consents"` // newest first
	Passes   []g.Pass    `json:"passes"`
}

// ImportLine is what an import did, or would do, with one line of the file or one leaver.
type ImportLine struct {
	Line     int               `json:"line,omitempty"` // 0 for a leaver, who is in none
	Action   string            `json:"action"`         // create, update, same, skip, error or leave
	Number   string            `json:"number"`
	Name     string            `json:"name"`
	Kind     g.PersonKind      `json:"kind,omitempty"`
	Class    string            `json:"class,omitempty"`
	Changes  []ImportChange    `json:"changes" nullable:"false"`
	Problems []roster.Remark   `json:"problems" nullable:"false"`
	Values   map[string]string `json:"values,omitempty"` // of the first lines: as they will be written
	Error    string            `json:"error,omitempty"`  // the first problem that is no note, in English
	Field    string            `json:"field,omitempty"`  // the column that the error or note is about
	Note     string            `json:"note,omitempty"`   // e.g. a manual correction that was kept
}

// ImportChange is one field of somebody who is known.
type ImportChange struct {
	Field roster.Field `json:"field"`
	From  string       `json:"from"` // of a telephone number the last digits
	To    string       `json:"to"`
}

// ImportBrake is the question that a mass change asks: Affected of Of people would leave, move
// to another class, or lose or change a name. Needed is whether it must be answered.
type ImportBrake struct {
	Affected int  `json:"affected"`
	Of       int  `json:"of"`
	Needed   bool `json:"needed"`
}

// ImportReport is the outcome of an import or of its preview.
type ImportReport struct {
	Lines       []ImportLine    `json:"lines" nullable:"false"`
	Leaving     []ImportLine    `json:"leaving" nullable:"false"`
	Created     int             `json:"created"`
	Updated     int             `json:"updated"`
	Same        int             `json:"same"`
	Skipped     int             `json:"skipped"`
	Errors      int             `json:"errors"`
	Unnumbered  int             `json:"unnumbered,omitempty"` // with a full roster: people without a number, who stay
	Mode        ImportMode      `json:"mode"`
	Format      string          `json:"format"`                     // csv or xlsx
	Encoding    string          `json:"encoding"`                   // of a CSV
	Encodings   []string        `json:"encodings" nullable:"false"` // under which it can be read
	Delimiter   string          `json:"delimiter,omitempty"`
	Sheet       string          `json:"sheet,omitempty"`
	Sheets      []string        `json:"sheets" nullable:"false"`
	HeadingLine int             `json:"heading_line"`              // 0: none
	Mapping     string          `json:"mapping"`                   // given, remembered or guessed
	Columns     []roster.Column `json:"columns" nullable:"false"`  // what each is read as
	Problems    []roster.Remark `json:"problems" nullable:"false"` // of the file as a whole
	Brake       ImportBrake     `json:"brake"`                     // whether so many are changed that a word is needed
	Token       string          `json:"token,omitempty"`           // names exactly this outcome; send it to apply that and nothing else
	Applied     bool            `json:"applied"`                   // false for a preview and where there is any error

	headings string // under which the columns are remembered
}

// Template is a face template for the matcher.
type Template struct {
	Pass      g.PassID
	Person    g.PersonID
	Model     string
	Embedding []float32
	Alike     []g.PersonID // who looks like the person, by what people answered at an enrolment
}

// Delivery is one event on its way to one webhook.
type Delivery struct {
	ID       int64       `json:"id"`
	Webhook  g.WebhookID `json:"webhook"`
	EventID  string      `json:"event_id"`
	Seq      uint64      `json:"seq"`
	Subject  string      `json:"subject,omitempty"` // those of one subject are posted in order; empty: in no order
	Body     []byte      `json:"-"`
	Attempt  int         `json:"attempt"`
	Next     time.Time   `json:"next,omitzero"`
	Status   int         `json:"status"` // HTTP status of the last attempt; 0: none came
	Error    string      `json:"error,omitempty"`
	Done     bool        `json:"done"`
	Created  time.Time   `json:"created"`
	Finished time.Time   `json:"finished,omitzero"`
}

// AuditFilter selects audit entries, newest first.
type AuditFilter struct {
	store.Page
	School g.SchoolID
	Actor  string // an id, a name or a part of either
	Deed   string // or what it begins with, up to a full stop
	Object string // or a part of it
	Query  string // words, in any order, of actor, deed or object

	From, To time.Time // zero: without an end
}

// RosterEntry is somebody who is expected at a session.
type RosterEntry struct {
	Person  g.PersonID
	Kind    g.PersonKind
	Class   string
	Boarder bool
}

// AttendanceFilter selects attendance. Date is an operational day, YYYY-MM-DD.
type AttendanceFilter struct {
	store.Page
	School  g.SchoolID
	Session g.SessionID
	Person  g.PersonID
	Date    string
	Class   string
	State   g.AttendanceState
	Query   string // words, in any order, of name and class; with a session only
}

// AttendanceRow is an answer with the person's name, which is empty without people:read.
type AttendanceRow struct {
	g.Attendance
	Name  string `json:"name"`
	Class string `json:"class"`
}

// Correction is a member of staff's word against the computed answer.
type Correction struct {
	Session g.SessionID       `json:"session"`
	Person  g.PersonID        `json:"person"`
	State   g.AttendanceState `json:"state"`
	Reason  string            `json:"reason"`
	Actor   string            `json:"actor"`
	At      time.Time         `json:"at"`
}

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
	Late      bool         `json:"late,omitempty"` // history for its age alone: its device called it news
	// Resolved is when a passage of nobody became this person's: their number or card came later.
	Resolved time.Time `json:"resolved,omitzero"`
}

// RejectionFilter selects refused observations, newest first.
type RejectionFilter struct {
	store.Page
	School g.SchoolID
	Device g.DeviceID
}

// RejectionRow is one refused observation.
type RejectionRow struct {
	Seq     uint64     `json:"seq"`
	School  g.SchoolID `json:"school,omitempty"`
	Device  g.DeviceID `json:"device,omitempty"`
	Time    time.Time  `json:"time"` // when the gateway had it
	Reason  string     `json:"reason"`
	Source  string     `json:"source"`
	Excerpt string     `json:"excerpt,omitempty"`
	// Properties are the values that did not fit; none where it was refused as a whole.
	Properties []string `json:"properties,omitempty"`
	Partial    bool     `json:"partial,omitempty"` // all else of the message was admitted
	Kept       int      `json:"kept,omitempty"`    // bytes of it that are kept sealed, for RejectionContent
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

// Effects are what the rules engine found at one position of the journal.
type Effects struct {
	Seq       uint64 // the journal position that made them
	Alerts    []g.Alert
	Incidents []g.Incident
	State     []byte // the engine's snapshot, saved in the same transaction; nil: keep the old one
	Changes   []byte // of it, saved in place of a snapshot: they come after the snapshot and the changes that are there
}

// AlertFilter selects alerts, newest first.
type AlertFilter struct {
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
