// Package calendar is the API of what the days of a school are: terms, days off, the working days in
// their place, and files that hold them.
//
// What a day is, package rules/calendar decides; what a file says, registry/almanac.
package calendar

import (
	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	kept "github.com/gatehouse-iot/gatehouse/registry/calendar"
)

const tag = "Calendar"

// area is what the operations use.
type area struct{ *gate.Gate }

// Register adds the operations.
func Register(r *gate.Gate) {
	s := &area{r}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("CalendarEntry", "kind", gate.WordsOf(g.CalendarKinds())...)
		d.OneOf("CalendarEntry", "runs_as", append(gate.WordsOf(g.Weekdays()), "")...)
		d.Items("CalendarEntryInput", "classes", kept.MaxClass)
	})
	s.registerEntries()
	s.registerDays()
	s.registerFiles()
}
