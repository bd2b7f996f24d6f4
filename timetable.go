package gatehouse

// SessionPattern is what a school's sessions are made of: one lesson a week, every school day's
// arrival, a shift. It runs on the days that the school's calendar says, and holds from one day to
// another: a change of it is a new version from a day on, so that days before stay as they were.
type SessionPattern struct {
	ID      SessionPatternID `json:"id"`
	Version int              `json:"version"` // 1, 2, …; of one day's versions the last holds
	School  SchoolID         `json:"school"`
	Name    string           `json:"name"`
	NameZH  string           `json:"name_zh,omitempty"`
	Kind    SessionKind      `json:"kind"`
	From    string           `json:"from"`         // YYYY-MM-DD
	To      string           `json:"to,omitempty"` // YYYY-MM-DD, included; "": no end
	Days    PatternDays      `json:"days"`
	// Weekdays are those whose timetable has it, also where a Sunday runs as a Tuesday; none: all.
	Weekdays []Weekday `json:"weekdays,omitempty"`
	SessionTimes
	// Periods are those of the day's template in which it runs, instead of times of its own.
	Periods []string `json:"periods,omitempty"`

	// as in a Session
	Zones     []ZoneID     `json:"zones,omitempty"`
	ZoneKinds []ZoneKind   `json:"zone_kinds,omitempty"`
	Classes   []string     `json:"classes,omitempty"`
	Persons   []PersonID   `json:"persons,omitempty"`
	Who       []PersonKind `json:"who"`
	Boarders  bool         `json:"boarders,omitempty"`
}

// SessionTimes are times of day, HH:MM, by the school's clock. One that is not after the one before
// it is of the next day: a shift from 22:00 to 06:00.
type SessionTimes struct {
	Start string `json:"start,omitempty"`
	Due   string `json:"due,omitempty"` // "": at the start
	End   string `json:"end,omitempty"`
}

// PatternDays says on which days of the calendar a pattern runs.
type PatternDays string

// The days of a pattern.
const (
	OnSchoolDays PatternDays = "school_days"
	OnDaysOff    PatternDays = "days_off"
	OnEveryDay   PatternDays = "every_day"
)

// EachPatternDays lists them.
func EachPatternDays() []PatternDays { return []PatternDays{OnSchoolDays, OnDaysOff, OnEveryDay} }

// DayTemplate is when the periods of a day are: the usual day, a late start, an exam day.
type DayTemplate struct {
	ID     DayTemplateID `json:"id"`
	School SchoolID      `json:"school"`
	Name   string        `json:"name"`
	NameZH string        `json:"name_zh,omitempty"`
	Usual  bool          `json:"usual,omitempty"` // holds on days that name none
	// Periods are all of the day: one that is not among them does not take place. None: those of the
	// usual day, moved by Shift.
	Periods []Period `json:"periods,omitempty"`
	// Shift moves what has times of its own, in minutes: 60 is an hour later. Dorms, duties and the
	// staff's shifts stay.
	Shift int `json:"shift,omitempty"`
}

// Period is a part of the day.
type Period struct {
	Name string `json:"name"`
	SessionTimes
}

// TemplateDays say which template some days have. What names the class decides before what is for
// all; of those, what begins later.
type TemplateDays struct {
	Template DayTemplateID `json:"template"`
	From     string        `json:"from"`              // YYYY-MM-DD
	To       string        `json:"to"`                // YYYY-MM-DD, included
	Classes  []string      `json:"classes,omitempty"` // none: the whole school
}

// PatternChange changes what a pattern makes on one day: cancelled, at another time, in another
// room, or with other people.
type PatternChange struct {
	Pattern SessionPatternID `json:"pattern"`
	Date    string           `json:"date"`             // YYYY-MM-DD
	Period  string           `json:"period,omitempty"` // "": all of the day
	Cancel  bool             `json:"cancel,omitempty"`
	SessionTimes
	Zones     []ZoneID   `json:"zones,omitempty"`
	ZoneKinds []ZoneKind `json:"zone_kinds,omitempty"`
	Persons   []PersonID `json:"persons,omitempty"` // instead of the pattern's: a substitute
}
