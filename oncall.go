package gatehouse

import "time"

// Rota is who is on duty: lines whose people take turns. Whoever is on a line at a time is on duty;
// overrides are kept beside it.
type Rota struct {
	ID       RotaID     `json:"id"`
	School   SchoolID   `json:"school"`
	Name     string     `json:"name"`
	NameZH   string     `json:"name_zh,omitempty"`
	Lines    []RotaLine `json:"lines"`
	Holidays []Holiday  `json:"holidays,omitempty"` // days that lines treat apart
	// Calendar: days off by the school's calendar are holidays, too.
	Calendar bool `json:"calendar,omitempty"`
	Demo     bool `json:"demo,omitempty"` // shown with a label
}

// RotaLine is one row of a rota: on which days and between which hours somebody is on duty, and who
// in turn. Times are local in the school's time zone. A shift begins at Start of one of the Days
// and ends at End, which is on the next day where it is not after Start: 24 hours where both are
// the same. A turn changes at Start, at a hand-over.
type RotaLine struct {
	Name     string       `json:"name,omitempty"`
	Days     []Weekday    `json:"days,omitempty"` // on which shifts begin; empty: each
	Start    string       `json:"start"`          // HH:MM
	End      string       `json:"end"`            // HH:MM
	First    string       `json:"first"`          // YYYY-MM-DD: the day on which the first turn begins
	Last     string       `json:"last,omitempty"` // the last day on which a shift begins
	Each     TurnUnit     `json:"each"`           // what a turn is counted in
	Every    int          `json:"every,omitempty"`
	Turns    [][]UserID   `json:"turns"` // who is on duty together; an empty turn is nobody's
	Holidays HolidayShift `json:"holidays,omitempty"`
}

// TurnUnit is what a turn's length is counted in.
type TurnUnit string

// The units. Weeks and days are counted by the calendar; shifts are those that take place, so that
// in a line of weekdays nobody's turn falls on a weekend.
const (
	TurnWeek  TurnUnit = "week"
	TurnDay   TurnUnit = "day"
	TurnShift TurnUnit = "shift"
)

// TurnUnits lists every unit.
func TurnUnits() []TurnUnit { return []TurnUnit{TurnWeek, TurnDay, TurnShift} }

// HolidayShift says what a line does on the rota's holidays.
type HolidayShift string

// A line goes on, rests, or is for holidays alone.
const (
	HolidayOn   HolidayShift = ""
	HolidayOff  HolidayShift = "off"
	HolidayOnly HolidayShift = "only"
)

// HolidayShifts lists every one.
func HolidayShifts() []HolidayShift { return []HolidayShift{HolidayOn, HolidayOff, HolidayOnly} }

// Weekday is a day of the week.
type Weekday string

// Weekdays lists them, Monday first.
func Weekdays() []Weekday {
	return []Weekday{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
}

// Holiday is a range of days, both included.
type Holiday struct {
	Name string `json:"name,omitempty"`
	From string `json:"from"` // YYYY-MM-DD
	To   string `json:"to"`   // YYYY-MM-DD
}

// Override changes who is on duty for a time: Who instead of For. Without For the people of Who
// come in addition; without Who nobody stands in.
type Override struct {
	ID      OverrideID `json:"id"`
	Rota    RotaID     `json:"rota"`
	School  SchoolID   `json:"school"`
	From    time.Time  `json:"from"`
	To      time.Time  `json:"to"`
	For     UserID     `json:"for,omitempty"`
	Who     UserID     `json:"who,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	By      string     `json:"by"` // who entered it
	Created time.Time  `json:"created"`
}

// Escalation is a chain: who is told of an alert that nobody answers, one step after the other.
type Escalation struct {
	ID         EscalationID     `json:"id"`
	School     SchoolID         `json:"school"`
	Name       string           `json:"name"`
	NameZH     string           `json:"name_zh,omitempty"`
	Severities []Severity       `json:"severities,omitempty"` // empty: each
	Buildings  []BuildingID     `json:"buildings,omitempty"`  // with Zones both empty: everywhere
	Zones      []ZoneID         `json:"zones,omitempty"`
	Steps      []EscalationStep `json:"steps"`
	// minutes after the last step until the steps are gone through again, or the head is told
	Wait     int  `json:"wait_minutes"`
	Repeat   int  `json:"repeat,omitempty"` // how often all steps are gone through again
	Disabled bool `json:"disabled,omitempty"`
	Demo     bool `json:"demo,omitempty"` // shown with a label
}

// EscalationStep is whom a step tells. After counts from the step before, of the first from when
// the alert opened; where a step finds nobody to tell, the next one follows at once.
type EscalationStep struct {
	After    int      `json:"after_minutes"`
	Rotas    []RotaID `json:"rotas,omitempty"`
	Users    []UserID `json:"users,omitempty"`
	Roles    []Role   `json:"roles,omitempty"`
	Channels []string `json:"channels,omitempty"` // such as the robot of a group
	Tries    []Try    `json:"tries,omitempty"`    // how people are told; empty: as of every alarm
}

// Way is how somebody is reached: what kind of address it takes.
type Way string

// Try is one of the tries to tell a person: by all of its ways at once. The next one follows where
// nothing of it could be sent, and, with Unread, where it was not read in so many minutes.
type Try struct {
	Ways   []Way `json:"ways"`
	Unread int   `json:"unread_minutes,omitempty"`
}

// UnansweredRule is the rule of the alert that tells the head of alerts that nobody answered. No
// rule of a school can have this id, and the alert is never escalated itself.
const UnansweredRule RuleID = "oncall:unanswered"
