package gatehouse

import (
	"slices"
	"time"
)

// Session is something that people are expected at: the morning's arrival, a meal, the dorm
// at night. Times are of day in the school's time zone; Date fixes a session to one day.
type Session struct {
	ID     SessionID   `json:"id" yaml:"id"`
	School SchoolID    `json:"school" yaml:"-"`
	Kind   SessionKind `json:"kind" yaml:"kind"`
	Name   string      `json:"name" yaml:"name"`
	NameZH string      `json:"name_zh,omitempty" yaml:"name_zh,omitempty"`
	Start  time.Time   `json:"start" yaml:"start"` // sightings count from here
	Due    time.Time   `json:"due" yaml:"due"`     // later than this is late
	End    time.Time   `json:"end" yaml:"end"`     // sightings count until here
	Zones  []ZoneID    `json:"zones,omitempty" yaml:"zones,omitempty"`
	// instead of Zones
	ZoneKinds []ZoneKind `json:"zone_kinds,omitempty" yaml:"zone_kinds,omitempty"`
	// empty: everybody of the kinds in Who, unless Persons names them
	Classes []string `json:"classes,omitempty" yaml:"classes,omitempty"`
	// by name: expected whatever their class and kind
	Persons  []PersonID   `json:"persons,omitempty" yaml:"persons,omitempty"`
	Who      []PersonKind `json:"who" yaml:"who"`
	Boarders bool         `json:"boarders,omitempty" yaml:"boarders,omitempty"` // boarders only
	// The pattern of the timetable that made it, for a day of the school; "": somebody made it.
	Pattern SessionPatternID `json:"pattern,omitempty" yaml:"-"`
	Date    string           `json:"date,omitempty" yaml:"-"` // YYYY-MM-DD
	Period  string           `json:"period,omitempty" yaml:"-"`
	// Edited: somebody has changed what the timetable made, which leaves it alone from then on.
	Edited bool `json:"edited,omitempty" yaml:"-"`
	// shown with a label
	Demo bool `json:"demo,omitempty" yaml:"demo,omitempty"`
}

// MaxSessionPersons is the most people that a session names.
const MaxSessionPersons = 500

// Expects says whether a person of a kind and class is expected: somebody who is named, or one of
// the classes. A session that names people and no class expects nobody else.
func (s Session) Expects(p PersonID, k PersonKind, class string, boarder bool) bool {
	if slices.Contains(s.Persons, p) {
		return true
	}
	if len(s.Persons) > 0 && len(s.Classes) == 0 {
		return false
	}
	return (len(s.Who) == 0 || slices.Contains(s.Who, k)) &&
		(len(s.Classes) == 0 || slices.Contains(s.Classes, class)) && (!s.Boarders || boarder)
}

// SessionKind decides how a session is computed.
type SessionKind string

// The session kinds.
const (
	SessionArrival     SessionKind = "arrival"
	SessionMeal        SessionKind = "meal" // one per person, meal and day
	SessionDorm        SessionKind = "dorm" // operational day ends at 04:00
	SessionLesson      SessionKind = "lesson"
	SessionAfterSchool SessionKind = "after_school" // a course, or care, after the lessons
	SessionBus         SessionKind = "bus"
	SessionDuty        SessionKind = "duty"  // somebody's watch: of the playground, of the gate
	SessionStaff       SessionKind = "staff" // the staff's working day or shift
	SessionMeeting     SessionKind = "meeting"
	SessionExam        SessionKind = "exam"
)

// SessionKinds lists every kind.
func SessionKinds() []SessionKind {
	return []SessionKind{
		SessionArrival, SessionMeal, SessionDorm, SessionLesson, SessionAfterSchool, SessionBus,
		SessionDuty, SessionStaff, SessionMeeting, SessionExam,
	}
}

// UsualZone is where people are seen for a session of the kind that names no zones: where nothing
// better is known, the gate.
func (k SessionKind) UsualZone() ZoneKind {
	switch k {
	case SessionMeal:
		return ZoneCanteen
	case SessionDorm:
		return ZoneDorm
	case SessionLesson, SessionAfterSchool, SessionExam:
		return ZoneClassroom
	case SessionMeeting:
		return ZoneOffice
	}
	return ZoneGate
}

// AttendanceState is the result for one person and session.
type AttendanceState string

// The attendance states. If a gate was unreachable the state is Unknown, never Absent.
const (
	Expected        AttendanceState = "expected"
	Arrived         AttendanceState = "arrived"
	Late            AttendanceState = "late"
	LeftEarly       AttendanceState = "left_early"
	Absent          AttendanceState = "absent"
	Excused         AttendanceState = "excused"
	OffsiteApproved AttendanceState = "offsite_approved"
	Unknown         AttendanceState = "unknown"
	NotRequired     AttendanceState = "not_required"
)

// AttendanceStates lists every state.
func AttendanceStates() []AttendanceState {
	return []AttendanceState{
		Expected, Arrived, Late, LeftEarly, Absent, Excused, OffsiteApproved, Unknown, NotRequired,
	}
}

// Leave excuses a person for a time.
type Leave struct {
	ID      string    `json:"id"`
	Person  PersonID  `json:"person"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Offsite bool      `json:"offsite"` // approved to be elsewhere, e.g. a contest
	Reason  string    `json:"reason"`
	Actor   string    `json:"actor"`
	Version string    `json:"-"` // changes with every change; set only when one leave is read
}

// Attendance is the computed result for a person and a session. It can be recomputed at any time
// from the sightings and the versioned inputs, whose hash it stores.
type Attendance struct {
	Person  PersonID    `json:"person"`
	Session SessionID   `json:"session"`
	School  SchoolID    `json:"school"`
	Kind    SessionKind `json:"kind"`
	// operational day, YYYY-MM-DD in the school's time zone
	Date       string          `json:"date"`
	State      AttendanceState `json:"state"`
	At         time.Time       `json:"at,omitzero"` // the sighting that decided it
	Method     Method          `json:"method,omitempty"`
	Zone       ZoneID          `json:"zone,omitempty"`
	Final      bool            `json:"final"`
	Reasons    []string        `json:"reasons"`
	Sightings  []SightingID    `json:"sightings"`
	InputHash  string          `json:"input_hash"`
	Exceptions []string        `json:"exceptions,omitempty"` // double_dip, low_margin, clock_skew …
	// Was and Cause are set in the event of a change: the state before ("": none), and what changed.
	Was   AttendanceState `json:"was,omitempty"`
	Cause AttendanceCause `json:"cause,omitempty"`
	// Until is the end of the session, in the event of a change.
	Until time.Time `json:"until,omitzero"`
}

// DormRule is the rule ID of the alert that boarders are not in the dorm when a session is due.
// Rules of a school cannot have it.
func DormRule(s SessionID) RuleID { return "attendance:dorm-" + RuleID(s) }

// AttendanceCause says what has changed an answer.
type AttendanceCause string

// The causes of a changed answer.
const (
	CauseSighting   AttendanceCause = "sighting"   // somebody passed, or a passage became known
	CauseTime       AttendanceCause = "time"       // people were due, or the answer became final
	CauseLeave      AttendanceCause = "leave"      // a leave was entered, changed or taken back
	CauseCorrection AttendanceCause = "correction" // somebody corrected the answer
	CauseSession    AttendanceCause = "session"    // the session was changed
	CausePerson     AttendanceCause = "person"     // the person's class or membership changed
)

// AttendanceCauses lists every cause.
func AttendanceCauses() []AttendanceCause {
	return []AttendanceCause{
		CauseSighting, CauseTime, CauseLeave, CauseCorrection, CauseSession, CausePerson,
	}
}
