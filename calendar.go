package gatehouse

// CalendarEntry says what some days of a school are: the days of a term, days off, or working days
// that stand in for a day off.
type CalendarEntry struct {
	ID     CalendarEntryID `json:"id"`
	School SchoolID        `json:"school"`
	Kind   CalendarKind    `json:"kind"`
	Name   string          `json:"name"`
	NameZH string          `json:"name_zh,omitempty"`
	From   string          `json:"from"` // YYYY-MM-DD
	To     string          `json:"to"`   // YYYY-MM-DD, included
	// RunsAs is the weekday whose timetable a working day has; "": the day's own.
	RunsAs Weekday `json:"runs_as,omitempty"`
	// Classes are those for which it holds; none: the whole school.
	Classes []string `json:"classes,omitempty"`
}

// CalendarKind says what the days of an entry are.
type CalendarKind string

// The kinds of entry.
const (
	CalendarTerm    CalendarKind = "term"    // its weekdays are school days; days outside of all terms are not
	CalendarDayOff  CalendarKind = "day_off" // no school: a holiday, a day of weather
	CalendarWorkday CalendarKind = "workday" // school, whatever the weekday: 调休
)

// CalendarKinds lists every kind.
func CalendarKinds() []CalendarKind {
	return []CalendarKind{CalendarTerm, CalendarDayOff, CalendarWorkday}
}
