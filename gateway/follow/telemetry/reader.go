package telemetry

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/ingest/directory"
)

// Reader appends readings to a store, whichever that is.
type Reader struct {
	Append    func(context.Context, []g.Event, Describe) error
	Directory *directory.Directory
}

// Apply may be called again with the same events.
func (r *Reader) Apply(ctx context.Context, events []g.Event) error {
	return r.Append(ctx, events, func(id g.DeviceID) (Series, bool) {
		e, ok := r.Directory.Known(id)
		return Series{
			Profile: e.Profile.ID,
			Type:    e.Profile.Type,
			Class:   e.Profile.Retention,
		}, ok
	})
}
