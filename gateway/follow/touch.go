package follow

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Touch is a passage that can change a person's attendance.
type Touch struct {
	Person g.PersonID
	At     time.Time
}
