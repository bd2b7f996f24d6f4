// Package history keeps sightings, states, occurrences and rejections in SQL, and then has the
// attendance computed that they touch. It keeps no reading and computes no attendance itself.
package history

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Cursor is the name of the position in the journal up to which the history is complete.
const Cursor = "history"

// Reader writes the history.
type Reader struct {
	View *registry.View
	// Recompute computes the sessions of a school anew that contain one of these times.
	Recompute func(ctx context.Context, school g.SchoolID, at []time.Time) error
}

// Apply stores a batch and then has the sessions that it affects computed, from the stored
// sightings: a batch that fails half-way is applied again, with the same result.
func (r *Reader) Apply(ctx context.Context, events []g.Event) error {
	if err := r.View.History.Apply(ctx, events); err != nil {
		return err
	}
	times := map[g.SchoolID][]time.Time{}
	for i := range events {
		if e := &events[i]; e.Kind == g.EventSighting && e.Sighting.Person != "" {
			times[e.School] = append(times[e.School], e.Time)
		}
	}
	for school, at := range times {
		if err := r.Recompute(ctx, school, at); err != nil {
			return err
		}
	}
	return nil
}
