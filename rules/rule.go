package rules

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Bounds and defaults of the rule language.
const (
	DefaultFresh = 15 * time.Minute // a value older than this does not count
	MaxDuration  = 7 * 24 * time.Hour
	MaxRules     = 1000    // in one file
	MaxFileBytes = 1 << 20 // of one file
	MaxDepth     = 8       // of nested all, any and not
	MaxCount     = 1000    // count.at_least
)

// Rule says when, for how long, how severe, and what then. Parse makes valid ones.
type Rule struct {
	ID       g.RuleID
	Title    string // for people, English
	TitleZH  string
	Severity g.Severity
	Where    Where
	Per      Subject
	When     Condition
	For      time.Duration // When must hold this long
	Fresh    time.Duration // values older than this do not count
	Clear    Clear
	Unless   *Unless
	Once     Once
	Then     []Action

	File string // where the rule was written
	Line int    // from 1
	YAML string // the rule's own text
}

// Subject is what a rule is about: one alert and one state per subject.
type Subject string

// The subjects. PerDriver is one subject per driver and school, so that a driver that stops
// raises one alert and not one per device. PerTrack is one face in one camera's view.
const (
	PerDevice Subject = "device"
	PerZone   Subject = "zone"
	PerPerson Subject = "person"
	PerTrack  Subject = "track"
	PerDriver Subject = "driver"
	PerSchool Subject = "school"
)

func subjects() []Subject {
	return []Subject{PerDevice, PerZone, PerPerson, PerTrack, PerDriver, PerSchool}
}

// Where limits a rule to some devices: every list that is given must contain the device's own.
type Where struct {
	School   []g.SchoolID
	Zone     []g.ZoneID
	ZoneKind []g.ZoneKind
	Device   []g.DeviceID
	Profile  []g.ProfileID
	Type     []g.DeviceType
	Driver   []g.DriverName
}

// Condition is a tree; exactly one field is set.
type Condition struct {
	All      []Condition
	Any      []Condition
	Not      *Condition
	Compare  *Compare
	Status   []g.DeviceState
	Absent   *Absent
	Count    *Count
	Sighting *SightingIs
	Change   *Change
}

// Compare holds while a property's newest value passes every test that is given.
type Compare struct {
	Property string
	Above    *float64
	Below    *float64
	AtLeast  *float64
	AtMost   *float64
	Is       *g.Value
	IsNot    *g.Value
	OneOf    []g.Value
}

// Absent holds once a property that was seen before has not been reported for that long.
type Absent struct {
	Property string
	For      time.Duration
}

// Count holds while at least AtLeast happenings of Of lie within the last Within. Of a
// comparison or a status it counts how often it began to hold, not how often it was reported.
type Count struct {
	Of      Condition
	AtLeast int
	Within  time.Duration
}

// SightingIs is true at the moment of a sighting that passes every filter that is given.
type SightingIs struct {
	Person    string // unknown, known or "" for both
	Method    []g.Method
	Direction g.Direction
	Reason    []string // of the face match
}

// Change is true at the moment at which a property's value differs from the one before.
type Change struct {
	Property string
	From, To *g.Value
	By       float64 // numbers: at least this much
}

// Clear says when a firing alert ends: once When (without it: the opposite of the rule's condition)
// has held for After; of several devices every one must pass. A condition that is no longer known,
// because its values are stale, counts as ended too.
type Clear struct {
	After time.Duration
	When  *Condition
}

// Unless explains a momentary finding away: a passage at the same place, not more than Before
// earlier or After later, explains at most Explains findings.
type Unless struct {
	Sighting SightingIs
	Same     Subject // zone, device or school
	Before   time.Duration
	After    time.Duration
	Explains int
}

// Once folds repeats within Every into the alert that is there already: its count rises, and
// nobody is called again.
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

// IncidentAction opens an incident with a procedure; Approver, where set, is the role whose
// approval a hand-over to the police waits for.
type IncidentAction struct {
	Procedure string
	Approver  g.Role
}

// CommandAction tells devices to do something. Device or Zone is an id, or "same" for the
// finding's own; with Zone, Type and Profile narrow the devices down.
type CommandAction struct {
	Device  g.DeviceID
	Zone    g.ZoneID
	Type    g.DeviceType
	Profile g.ProfileID
	Action  string
	Values  map[string]g.Value
}

// NotifyAction tells people of the finding's school who have one of the roles.
type NotifyAction struct{ Roles []g.Role }

// Properties lists the properties that the rule reads, each once, so that a caller can warn
// of one that no profile has.
func (r Rule) Properties() []string {
	var names []string
	seen := map[string]bool{}
	add := func(c Condition) {
		for _, p := range []string{c.property()} {
			if p != "" && !seen[p] {
				seen[p] = true
				names = append(names, p)
			}
		}
	}
	r.When.walk(add)
	if r.Clear.When != nil {
		r.Clear.When.walk(add)
	}
	return names
}

func (c Condition) property() string {
	switch {
	case c.Compare != nil:
		return c.Compare.Property
	case c.Absent != nil:
		return c.Absent.Property
	case c.Change != nil:
		return c.Change.Property
	}
	return ""
}

// walk visits the condition and everything below it.
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
}

// momentary says whether the condition is true for an instant only.
func (c Condition) momentary() bool {
	if c.Sighting != nil || c.Change != nil {
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

// Procedure is what people do about an incident, step by step.
type Procedure struct {
	ID      string
	Title   string
	TitleZH string
	Steps   []Step
}

// Step is one step of a procedure in both languages.
type Step struct{ Text, TextZH string }
