// Package places is the API of schools: their sites, buildings and zones, their settings, and what
// is recorded there of whom.
//
// It knows nothing of what stands in a zone.
package places

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Keeping says how long things are kept, and which model measures faces now.
type Keeping struct {
	Pictures  time.Duration // of unknown people, where nobody keeps them
	History   time.Duration
	Journal   time.Duration
	Telemetry time.Duration // the longest class
	Model     string        // "" until a camera has shown a face
}

// Needs is what the operations are built from.
type Needs struct {
	Recorded func() Keeping // how long things are kept; nil: nothing is said of it

	// Forget destroys all pictures of a school that nobody keeps; nil: there are none.
	Forget func(g.SchoolID) error

	Drawings Drawings // nil: plans cannot be kept
}

// Drawings is the store of floors' drawings.
type Drawings interface {
	// PutDrawing reads and keeps a drawing; left names what was left out of it.
	PutDrawing(school g.SchoolID, raw []byte) (p g.Plan, left []string, err error)
	Drawing(ctx context.Context, school g.SchoolID, id g.MediaID) ([]byte, error)
}

// area is what the operations use.
type area struct {
	*gate.Gate
	needs Needs
}

// Register adds the operations.
func Register(r *gate.Gate, n Needs) {
	s := &area{r, n}
	s.Words(words)
	s.registerSchools()
	s.registerFloors()
	s.registerRecorded()
	s.registerSettings("Gateway")
}
