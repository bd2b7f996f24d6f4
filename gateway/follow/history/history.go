// Package history keeps sightings, states, occurrences and rejections in SQL, and then has the
// attendance computed that they touch. It keeps no reading and computes no attendance itself.
package history

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Cursor is the name of the position in the journal up to which the history is complete.
const Cursor = "history"

// Reader writes the history.
type Reader struct {
	View *registry.View
	// Recompute computes the answers of people of a school anew who passed.
	Recompute func(ctx context.Context, school g.SchoolID, touches []follow.Touch) error
}

// Apply stores a batch and then has the sessions that it affects computed, from the stored
// sightings: a batch that fails half-way is applied again, with the same result.
func (r *Reader) Apply(ctx context.Context, events []g.Event) error {
	if err := r.View.History.Apply(ctx, events); err != nil {
		return err
	}
	touches := map[g.SchoolID][]follow.Touch{}
	for i := range events {
		e := &events[i]
		if e.Kind != g.EventSighting || e.Sighting.Person == "" {
			continue
		}
		touch := follow.Touch{Person: e.Sighting.Person, At: e.Time}
		touches[e.School] = append(touches[e.School], touch)
		if e.Received.Sub(e.Time).Abs() > time.Minute && (!e.Replayed || e.Late) { // its clock may be off
			touch.At = e.Received
			touches[e.School] = append(touches[e.School], touch)
		}
	}
	for school, t := range touches {
		if err := r.Recompute(ctx, school, t); err != nil {
			return err
		}
	}
	return nil
}
