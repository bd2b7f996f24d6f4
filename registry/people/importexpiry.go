package people

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// lastDayOver makes the end of a card's last day, which a file gives as midnight UTC, the end
// of that day where the school stands. The zero time stays.
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
