package people

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// lastDayOver converts the end of a card's last day from midnight UTC, as read from a file, to
// midnight in the school's time zone. The zero time is unchanged.
func lastDayOver(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	day, err := g.ParseDate(t.UTC().Format(time.DateOnly))
	if err != nil {
		return t // the day after 9999-12-31: never
	}
	from, _ := day.Bounds(zone)
	return from
}
