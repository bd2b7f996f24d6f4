package gatehouse

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

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
	// Weeks are those that have it, counted from the one in which the term begins; "": all.
	Weeks PatternWeeks `json:"weeks,omitempty"`
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

	By   string    `json:"by,omitempty"` // who said so
	Said time.Time `json:"said,omitzero"`
}

// Ended says whether the version is the end of its pattern: it holds on no day.
func (p SessionPattern) Ended() bool { return p.To != "" && p.To < p.From }

// SessionTimes are times of day, HH:MM, by the school's clock. One that is not after the one before
// it is of the next day: a shift from 22:00 to 06:00.
type SessionTimes struct {
	Start string `json:"start,omitempty"`
	Due   string `json:"due,omitempty"` // "": at the start
	End   string `json:"end,omitempty"`
}

// longest is how long a session may be.
const longest = 36 * time.Hour

// Offsets are the times as distances from the beginning of the day, each after the one before it.
// Times that cannot be read are refused, and those of more than 36 hours.
func (t SessionTimes) Offsets() (start, due, end time.Duration, err error) {
	if start, err = clock("start", t.Start); err != nil {
		return 0, 0, 0, err
	}
	due = start
	if t.Due != "" {
		if due, err = clock("due", t.Due); err != nil {
			return 0, 0, 0, err
		}
	}
	if end, err = clock("end", t.End); err != nil {
		return 0, 0, 0, err
	}
	if due < start {
		due += 24 * time.Hour
	}
	for end < due || end <= start {
		end += 24 * time.Hour
	}
	if end-start > longest {
		return 0, 0, 0, FieldErrorf("end", "it would last %s: at most 36 hours", end-start)
	}
	return start, due, end, nil
}

// clock reads a time of day, HH:MM.
func clock(field, s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, FieldErrorf(field, "%q is no time of day; write it as HH:MM", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
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

// PatternWeeks says in which weeks a pattern runs: 单双周.
type PatternWeeks string

// The weeks of a pattern that has not all of them.
const (
	OddWeeks  PatternWeeks = "odd"
	EvenWeeks PatternWeeks = "even"
)

// EachPatternWeeks lists them.
func EachPatternWeeks() []PatternWeeks { return []PatternWeeks{OddWeeks, EvenWeeks} }

// Has says whether a week of the term is one of them.
func (w PatternWeeks) Has(week int) bool { return w == "" || (w == OddWeeks) == (week%2 == 1) }

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
	ID       TemplateDaysID `json:"id"`
	School   SchoolID       `json:"school"`
	Template DayTemplateID  `json:"template"`
	From     string         `json:"from"`              // YYYY-MM-DD
	To       string         `json:"to"`                // YYYY-MM-DD, included
	Classes  []string       `json:"classes,omitempty"` // none: the whole school
}

// PatternChange changes what a pattern makes on one day: cancelled, at another time, in another
// room, or with other people.
type PatternChange struct {
	ID      PatternChangeID  `json:"id"` // as Key makes it
	School  SchoolID         `json:"school"`
	Pattern SessionPatternID `json:"pattern"`
	Date    string           `json:"date"`             // YYYY-MM-DD
	Period  string           `json:"period,omitempty"` // "": all of the day
	Cancel  bool             `json:"cancel,omitempty"`
	SessionTimes
	Zones     []ZoneID   `json:"zones,omitempty"`
	ZoneKinds []ZoneKind `json:"zone_kinds,omitempty"`
	Persons   []PersonID `json:"persons,omitempty"` // instead of the pattern's: a substitute
	By        string     `json:"by,omitempty"`
}

// Key is the ID of a change: there is one for each pattern, day and period.
func (c PatternChange) Key() PatternChangeID {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(c.Pattern), c.Date, c.Period}, "\x00")))
	return PatternChangeID("chg_" + hex.EncodeToString(sum[:10]))
}
