package rules

import (
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits and defaults of the rule language.
const (
	DefaultFresh = 15 * time.Minute // older values do not count; see freshFor
	MaxDuration  = 7 * 24 * time.Hour
	MaxRules     = 1000    // in one file
	MaxFileBytes = 1 << 20 // of one file
	MaxDepth     = 8       // of nested all, any and not
	MaxCount     = 1000    // count.at_least
	MaxSteps     = 8       // of a sequence
	MaxStages    = 8       // of rises

	DefaultEvery = 15 * time.Minute // once.every of a condition that lasts
	FlapsFrom    = 5                // as often as this: the alert is flapping
)

// Rule says when an alert is raised, after how long, how severe, and what else is done. Parse
// returns valid ones.
type Rule struct {
	ID       g.RuleID
	Title    string // for people, English
	TitleZH  string
	Severity g.Severity
	Where    Where
	Per      Subject
	When     Condition
	For      time.Duration // how long When must hold
	Fresh    time.Duration // older values do not count
	Clear    Clear
	Unless   *Unless
	Once     Once
	Rises    []Stage
	MutedBy  []Mute
	Then     []Action

	File string // file of the rule
	Line int    // from 1
	YAML string // the rule's own text
}

// Subject is what a rule is about: one alert and one state per subject.
type Subject string

// The subjects. PerDriver is one subject per driver and school, so that a stopped driver raises one
// alert instead of one per device. PerTrack is one face in one camera's view.
const (
	PerDevice Subject = "device"
	PerZone   Subject = "zone"
	PerPerson Subject = "person"
	PerTrack  Subject = "track"
	PerDriver Subject = "driver"
	PerSchool Subject = "school"
	// PerBuilding and PerFloor are one subject per building or floor: all devices in its rooms
	// together.
	PerBuilding Subject = "building"
	PerFloor    Subject = "floor"

	// SameBehind is no subject, but where another rule's alert mutes: at the devices that hang on its
	// device.
	SameBehind Subject = "behind"
)

func subjects() []Subject {
	return []Subject{PerDevice, PerZone, PerFloor, PerBuilding, PerPerson, PerTrack, PerDriver, PerSchool}
}

// Where restricts a rule to some devices: every list that is given must contain the device's value.
type Where struct {
	School   []g.SchoolID   `json:"school,omitempty"`
	Building []g.BuildingID `json:"building,omitempty"`
	Floor    []g.FloorID    `json:"floor,omitempty"`
	Zone     []g.ZoneID     `json:"zone,omitempty"`
	ZoneKind []g.ZoneKind   `json:"zone_kind,omitempty"`
	Device   []g.DeviceID   `json:"device,omitempty"`
	Profile  []g.ProfileID  `json:"profile,omitempty"`
	Type     []g.DeviceType `json:"type,omitempty"`
	Driver   []g.DriverName `json:"driver,omitempty"`

	// Only are the schools for which the rule holds, none: all; Except those that have a rule of
	// their own in its place. Neither is part of what the rule says.
	Only   []g.SchoolID `json:"-"`
	Except []g.SchoolID `json:"-"`
}

// OfSchool is the ID in the engine, and in alerts, of a rule that a school has written itself: two
// schools may use the same one.
func OfSchool(id g.RuleID, school g.SchoolID) g.RuleID { return id + "@" + g.RuleID(school) }

// Plain is the rule's ID as in its text, and the school that wrote it, "" for a rule of a file.
func Plain(id g.RuleID) (g.RuleID, g.SchoolID) {
	plain, school, _ := strings.Cut(string(id), "@")
	return g.RuleID(plain), g.SchoolID(school)
}

// Condition is a tree; exactly one field is set. The tags here and below are the words of the
// language: contentHash is computed from them.
type Condition struct {
	All        []Condition     `json:"all,omitempty"`
	Any        []Condition     `json:"any,omitempty"`
	Not        *Condition      `json:"not,omitempty"`
	Compare    *Compare        `json:"compare,omitempty"`
	Status     []g.DeviceState `json:"status,omitempty"`
	Absent     *Absent         `json:"absent,omitempty"`
	Count      *Count          `json:"count,omitempty"`
	Sighting   *SightingIs     `json:"sighting,omitempty"`
	Change     *Change         `json:"change,omitempty"`
	Occurrence *OccurrenceIs   `json:"occurrence,omitempty"`
	Time       *TimeIs         `json:"time,omitempty"`
	Share      *Share          `json:"share,omitempty"`
	Sequence   *Sequence       `json:"sequence,omitempty"`
	Rate       *Rate           `json:"rate,omitempty"`
	Baseline   *Baseline       `json:"baseline,omitempty"`
	Level      []g.LevelID     `json:"level,omitempty"` // one of them stands; AnyLevel: whichever
	Attendance *AttendanceIs   `json:"attendance,omitempty"`
	Presence   *PresenceIs     `json:"presence,omitempty"`
}

// newer reports whether the condition itself, without its children, is of a kind that states of
// version 2 did not have.
func (c Condition) newer() bool {
	return c.Occurrence != nil || c.Time != nil || c.Share != nil || c.Sequence != nil ||
		c.Sighting != nil && c.Sighting.newer() || c.Rate != nil || c.Baseline != nil ||
		c.Level != nil || c.Count != nil && c.Count.Distinct != "" || c.Attendance != nil || c.Presence != nil
}

// Compare holds while a property's newest value passes every given test.
type Compare struct {
	Property string    `json:"property"`
	Above    *float64  `json:"above,omitempty"`
	Below    *float64  `json:"below,omitempty"`
	AtLeast  *float64  `json:"at_least,omitempty"`
	AtMost   *float64  `json:"at_most,omitempty"`
	Is       *g.Value  `json:"is,omitempty"`
	IsNot    *g.Value  `json:"is_not,omitempty"`
	OneOf    []g.Value `json:"one_of,omitempty"`
}

// Absent holds once a property that was seen before has not been reported for this long.
type Absent struct {
	Property string        `json:"property"`
	For      time.Duration `json:"for"`
}

// Count holds while at least AtLeast happenings of Of are within the last Within. For a comparison
// or a status, it counts how often that started to hold, not how often it was reported. With
// Distinct, which is person, card or track, only the newest sighting of each counts.
type Count struct {
	Of       Condition     `json:"of"`
	AtLeast  int           `json:"at_least"`
	Within   time.Duration `json:"within"`
	Distinct string        `json:"distinct,omitempty"`
}

// SightingIs is true at the moment of a sighting that passes every given filter.
type SightingIs struct {
	Person    string       `json:"person,omitempty"` // unknown, known or "" for both
	Method    []g.Method   `json:"method,omitempty"`
	Direction g.Direction  `json:"direction,omitempty"`
	Reason    []string     `json:"reason,omitempty"` // of the face match
	Who       []g.PersonID `json:"who,omitempty"`    // one of these people
	// Card are the ends, of CardTail characters, of cards that belong to nobody.
	Card []string `json:"card,omitempty"`
}

// CardTail is how many characters are kept of a card or code that belongs to nobody.
const CardTail = 4

// newer reports whether states of version 2 did not have such a filter.
func (s SightingIs) newer() bool { return len(s.Who) > 0 || len(s.Card) > 0 }

// Change is true at the moment when a property's value differs from the previous one.
type Change struct {
	Property string   `json:"property"`
	From     *g.Value `json:"from,omitempty"`
	To       *g.Value `json:"to,omitempty"`
	By       float64  `json:"by,omitempty"` // numbers: at least this much
}

// OccurrenceIs is true at the moment of an occurrence of one of the kinds whose data passes.
type OccurrenceIs struct {
	Kind []g.OccurrenceKind `json:"kind"`
	Data []Compare          `json:"data,omitempty"` // Property is the name in the data
}

// TimeIs holds between two times of day in the school's time zone; if To is not after From it is on
// the next day. Days are those on which the span begins. Times are minutes since midnight.
type TimeIs struct {
	From int            `json:"from"`
	To   int            `json:"to"` // 1440: until midnight
	Days []time.Weekday `json:"days,omitempty"`
	// Calendar is SchoolDays or DaysOff, instead of Days: what the school's calendar says of the day
	// on which the span begins.
	Calendar string `json:"calendar,omitempty"`
}

// What TimeIs.Calendar may be.
const (
	SchoolDays = "school-days"
	DaysOff    = "days-off"
)

// Share holds while Of holds for enough devices of a group: for AtLeast of them, or for Percent of
// those for which it is known, if these are at least Devices.
type Share struct {
	Of      Condition `json:"of"`
	AtLeast int       `json:"at_least,omitempty"`
	Percent float64   `json:"percent,omitempty"`
	Devices int       `json:"devices,omitempty"`
}

// Sequence is true at the moment when the last step happens after all others in order, the first at
// most Within ago. Each happening is used once.
type Sequence struct {
	Steps  []Condition   `json:"steps"`
	Within time.Duration `json:"within"`
}

// Rate holds while a number has risen by more than Above within the last Over, or by less than
// Below, which is negative for a falling one. Rollover is the number at which a meter restarts at
// 0; 0: no such meter.
type Rate struct {
	Property string        `json:"property"`
	Over     time.Duration `json:"over"`
	Above    *float64      `json:"above,omitempty"`
	Below    *float64      `json:"below,omitempty"`
	Rollover float64       `json:"rollover,omitempty"`
}

// Baseline holds while a number is unlike what it usually is at this hour of this weekday, in the
// school's time zone: more than Above over the mean of the weeks before, or more than Below under
// it. With Over it is the number's rise over that time, as in Rate. It is unknown until the hour is
// known for so many Weeks.
type Baseline struct {
	Property string        `json:"property"`
	Over     time.Duration `json:"over,omitempty"`
	Rollover float64       `json:"rollover,omitempty"`
	Above    *Margin       `json:"above,omitempty"`
	Below    *Margin       `json:"below,omitempty"`
	Weeks    int           `json:"weeks"`
}

// Margin is how far a number may be from the usual: in its unit, or in percent of the usual.
type Margin struct {
	By      float64 `json:"by"`
	Percent bool    `json:"percent,omitempty"`
}

// Clear says when a firing alert ends: once When (default: the negation of the rule's condition)
// has held for After; in a group, for every device. A condition that is unknown, because its values
// are stale, ends the alert too, unless Unknown is "stays".
type Clear struct {
	After   time.Duration
	When    *Condition
	Unknown string
}

// Stage is a higher severity of a firing alert: once it has fired for After without being
// acknowledged, or while When holds, or both.
type Stage struct {
	Severity g.Severity
	After    time.Duration
	When     *Condition
}

// Mute prevents a rule from raising an alert while another rule's alert fires at the same place. If
// the condition still holds when that ends, the alert is raised then. With SameBehind the place is
// a device that this one hangs on, at any distance, and the other rule mutes as soon as its
// condition holds there: what hangs on a switch is often missed before the switch.
type Mute struct {
	Rule g.RuleID
	Same Subject // device, zone, floor, building, driver, school or behind
}

// freshFor is the default of Fresh: long enough that one report outlasts For.
func freshFor(hold time.Duration) time.Duration {
	if hold < DefaultFresh {
		return DefaultFresh
	}
	return min(hold+DefaultFresh, MaxDuration+DefaultFresh)
}

// Unless suppresses a momentary finding that a passage explains: at the same place, at most Before
// earlier or After later. A passage explains at most Explains findings.
type Unless struct {
	Sighting SightingIs    `json:"sighting"`
	Same     Subject       `json:"same"` // zone, device or school
	Before   time.Duration `json:"before"`
	After    time.Duration `json:"after"`
	Explains int           `json:"explains"`
}

// Once counts repeats within Every in the existing alert. For a finding of a moment the time counts
// from the alert's first finding, and repeats have no further actions. For a condition that lasts it
// counts from when the condition was over, and a repeat sends the commands anew.
type Once struct {
	Every time.Duration
	Per   Subject
}

// Action is what a rule does when it fires; exactly one field is set.
type Action struct {
	Alert    *AlertAction
	Incident *IncidentAction
	Command  *CommandAction
	Notify   *NotifyAction
}

// AlertAction raises an alert on the live wall.
type AlertAction struct{ Audible bool }

// IncidentAction opens an incident with a procedure. Approver, if set, is the role that must
// approve a hand-over to the police. A further alert at the same place (Gather: building, zone or
// school) within a time of the alert before is gathered in the same incident; GatherNone: never.
type IncidentAction struct {
	Procedure string
	Approver  g.Role
	Gather    Gathering
	Within    time.Duration
}

// Gathering is the place that alerts of one incident have in common.
type Gathering string

// The gatherings. Without a word it is the building where the condition lasts, and none where it
// is true for a moment only: another stranger is another stranger.
const (
	GatherNone     Gathering = "none"
	GatherZone     Gathering = "zone"
	GatherBuilding Gathering = "building"
	GatherSchool   Gathering = "school"
)

// gatherFor is how long after an alert a further one is gathered if a rule does not say it.
const gatherFor = time.Hour

// CommandAction sends a command to devices. Device or Zone is an ID, or "same" for the finding's
// own; with Zone, Type and Profile select the devices.
type CommandAction struct {
	Device  g.DeviceID
	Zone    g.ZoneID
	Type    g.DeviceType
	Profile g.ProfileID
	Action  string
	Values  map[string]g.Value
}

// NotifyAction notifies people of the school who have one of the roles.
type NotifyAction struct{ Roles []g.Role }

// Properties lists the properties that the rule reads, each once, so that callers can warn of
// unknown ones.
func (r Rule) Properties() []string {
	var names []string
	seen := map[string]bool{}
	r.walk(func(c Condition) {
		if p := c.property(); p != "" && !seen[p] && !c.ofPeople() {
			seen[p] = true
			names = append(names, p)
		}
	})
	return names
}

// Levels are the threat levels that the rule asks for.
func (r Rule) Levels() (out []g.LevelID) {
	r.walk(func(c Condition) { out = append(out, c.Level...) })
	return out
}

// walk visits every condition of the rule, in the order of compilation.
func (r Rule) walk(visit func(Condition)) {
	r.When.walk(visit)
	if r.Clear.When != nil {
		r.Clear.When.walk(visit)
	}
	for _, s := range r.Rises {
		if s.When != nil {
			s.When.walk(visit)
		}
	}
}

func (c Condition) property() string {
	switch {
	case c.Compare != nil:
		return c.Compare.Property
	case c.Absent != nil:
		return c.Absent.Property
	case c.Change != nil:
		return c.Change.Property
	case c.Rate != nil:
		return c.Rate.Property
	case c.Baseline != nil:
		return c.Baseline.Property
	case c.Attendance != nil:
		return answerOf(c.Attendance.Kind)
	case c.Presence != nil:
		return presenceName
	}
	return ""
}

// ofPeople reports whether the condition asks for what no device reports.
func (c Condition) ofPeople() bool { return c.Attendance != nil || c.Presence != nil }

// walk visits the condition and all its descendants.
func (c Condition) walk(visit func(Condition)) {
	visit(c)
	for _, l := range [][]Condition{c.All, c.Any} {
		for _, x := range l {
			x.walk(visit)
		}
	}
	if c.Not != nil {
		c.Not.walk(visit)
	}
	if c.Count != nil {
		c.Count.Of.walk(visit)
	}
	if c.Share != nil {
		c.Share.Of.walk(visit)
	}
	if c.Sequence != nil {
		for _, x := range c.Sequence.Steps {
			x.walk(visit)
		}
	}
}

// momentary reports whether the condition is true for an instant only.
func (c Condition) momentary() bool {
	if c.Sighting != nil || c.Change != nil || c.Occurrence != nil || c.Sequence != nil {
		return true
	}
	for _, l := range [][]Condition{c.All, c.Any} {
		for _, x := range l {
			if x.momentary() {
				return true
			}
		}
	}
	return c.Not != nil && c.Not.momentary()
}
