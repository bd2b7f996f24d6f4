// Package attendance is the API of sightings, sessions, the attendance computed for them,
// corrections and leave.
//
// It computes no attendance: package rules does, and the registry keeps it.
package attendance

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Intake takes what people enter by hand to the journal.
type Intake interface {
	// Manual journals that a member of staff vouched for somebody, and returns once it is on disk.
	Manual(
		ctx context.Context, school g.SchoolID, s g.Sighting,
	) (seq uint64, id g.SightingID, err error)
}

// maxClass limits the name of a class, in characters.
const maxClass = 40

// area is what the operations use.
type area struct {
	*gate.Gate
	intake    Intake
	exporting chan struct{} // full: a workbook is being made
}

// Register adds the operations. Without an intake nobody can be vouched for by hand.
func Register(r *gate.Gate, intake Intake) {
	s := &area{r, intake, make(chan struct{}, 1)}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.Items("SessionInput", "classes", maxClass)
		d.OneOf("Match", "reason", g.MatchReasons()...)
	})
	s.registerSightings()
	s.registerSessions()
	s.registerAttendance()
	s.registerMonth()
	s.registerPresence()
	s.registerMusters()
	s.registerLine()
	s.registerDesk()
	s.registerFigures()
	s.registerExceptions()
}
