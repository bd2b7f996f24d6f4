// Package live is the API of the journal's events, of the live stream, and of readings by the
// Prometheus HTTP API.
//
// It buffers nothing for a client: a stream that is too slow is dropped, and resumes by its last
// id.
package live

import (
	"context"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Journal reads the journal's events.
type Journal interface {
	// After returns up to max durable events with Seq > seq, in order; none where there are
	// none yet. The events are shared: nobody changes them.
	After(ctx context.Context, seq uint64, max int) ([]g.Event, error)

	// Wait returns nil once an event with Seq > seq is durable, or ctx's error.
	Wait(ctx context.Context, seq uint64) error

	// Newest is the Seq of the newest durable event, 0 before the first.
	Newest() uint64
}

// Needs is what the operations are built from.
type Needs struct {
	Journal Journal

	// Telemetry makes a handler of the Prometheus HTTP API below prefix that shows the given
	// schools only. It may be nil.
	Telemetry func(prefix string, schools []g.SchoolID) http.Handler

	Streams int           // at a time; of one caller at most 16
	Changes func() uint64 // rises when a school changes, so that streams check their scope
}

// area is what the operations use.
type area struct {
	*gate.Gate
	journal     Journal
	telemetryOf func(prefix string, schools []g.SchoolID) http.Handler
	streams     *slots
	queries     *queryGate
	changes     func() uint64
}

// Register adds the operations.
func Register(r *gate.Gate, n Needs) {
	s := &area{
		Gate:        r,
		journal:     n.Journal,
		telemetryOf: n.Telemetry,
		streams:     newSlots(n.Streams, 16),
		queries:     newQueryGate(),
		changes:     n.Changes,
	}
	s.Words(words)
	s.registerEvents()
	s.registerTelemetry()
}
