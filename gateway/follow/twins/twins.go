// Package twins updates each device's twin from its events: values, state, when it was last heard.
// It knows up to when everything that was heard is in the twins, by which silence is judged. It
// raises no alert and judges no value.
package twins

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/follow"
	"github.com/gatehouse-iot/gatehouse/registry"
)

const (
	name         = "twin"  // of the cursor
	mostGathered = 100_000 // events that are read before something is written
	turnSize     = 50      // events of one transaction: an alert waits for one such at most
	// pause after a full transaction, as a multiple of its duration; 0.5
	// while there is more to read
	idleRest = 4
)

// Reader writes the twins.
type Reader struct {
	Feed *follow.Feed
	View *registry.View
	Now  func() time.Time
}

// Run follows the journal until ctx ends. Of many readings of a device only the newest goes into
// its twin. A reader that is behind reads much before it writes, and pauses between transactions,
// so that others can write to the registry.
func (x *Reader) Run(ctx context.Context) error {
	r, err := x.Feed.Read(name, 0, follow.ReadingsEvery)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		newest, read, err := x.gather(ctx, r)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if !x.write(ctx, newest.events, r.More()) {
			return nil
		}
		x.Feed.Pause(name + " handled")
		if !x.Feed.Health.Insist(ctx, name, r.Commit) {
			return nil
		}
		if !r.More() {
			x.Feed.Health.CaughtUp(name, read)
		}
	}
}

// gather reads until there is something to write; read is when it last did.
func (x *Reader) gather(
	ctx context.Context, r *follow.Reader,
) (n newest, read time.Time, err error) {
	for count := 0; count == 0 || r.More() && count < mostGathered; {
		events, err := r.Next(ctx, follow.Gathered)
		if err != nil {
			return n, read, err
		}
		read = x.Now()
		n.add(events)
		count += max(1, len(events))
	}
	return n, read, nil
}

// write applies the events, turnSize in a transaction; false where ctx ended.
func (x *Reader) write(ctx context.Context, events []g.Event, more bool) bool {
	for turn := range slices.Chunk(events, turnSize) {
		begun := time.Now()
		if !x.Feed.Health.Insist(ctx, name, func() error { return x.View.Fleet.ApplyTwins(ctx, turn) }) {
			return false
		}
		pause := idleRest * time.Since(begun)
		if more {
			pause /= 2 * idleRest
		}
		if len(turn) == turnSize && !follow.Rest(ctx, pause) {
			return false
		}
	}
	return true
}

// newest are the events that still matter for the twins.
type newest struct {
	events []g.Event
	at     map[g.DeviceID]int // the last event of each device
}

// add adds events. A reading replaces the device's event before it, if that was a reading of no
// other properties and not later: the twin ends up the same.
func (n *newest) add(events []g.Event) {
	if n.at == nil {
		n.at = make(map[g.DeviceID]int, len(events))
	}
	for i := range events {
		e := &events[i]
		if at, ok := n.at[e.Device]; ok && covers(e, &n.events[at]) {
			n.events[at] = *e
			continue
		}
		n.at[e.Device] = len(n.events)
		n.events = append(n.events, *e)
	}
}

func covers(e, old *g.Event) bool {
	if e.Kind != g.EventReading || old.Kind != g.EventReading {
		return false
	}
	if e.Replayed || old.Replayed || e.Time.Before(old.Time) || e.Received.Before(old.Received) {
		return false
	}
	for name := range old.Reading.Values {
		if _, ok := e.Reading.Values[name]; !ok {
			return false
		}
	}
	return true
}
