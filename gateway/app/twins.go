package app

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

const (
	mostGathered = 100_000 // events of which the twins' reader keeps what counts
	twinsTurn    = 50      // events that are written at once: an alert waits for no more than these
	twinsRest    = 4       // times what a turn took, it then rests; half of what it took while there is more to read
)

// runTwins is follow for the twins. Of many readings of a device only what is newest goes
// into its twin: where there is much to read, much is read before something is written, and
// writing leaves the registry to others for most of the time.
func (a *App) runTwins(ctx context.Context) error {
	const name = "twin"
	r, err := a.read(name, 0, readingsEvery)
	if err != nil {
		return err
	}
	defer r.c.Close()
	view := a.reg.In(g.SystemScope(name))
	for {
		var newest newest
		var read time.Time
		for n := 0; n == 0 || r.more && n < mostGathered; {
			events, err := r.next(ctx, gathered)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			read = a.now()
			newest.add(events)
			n += max(1, len(events))
		}
		for turn := range slices.Chunk(newest.events, twinsTurn) {
			begun := time.Now()
			if !a.insist(ctx, name, func() error { return view.ApplyTwins(ctx, turn) }) {
				return nil
			}
			pause := twinsRest * time.Since(begun)
			if r.more {
				pause /= 2 * twinsRest
			}
			if len(turn) == twinsTurn && !rest(ctx, pause) {
				return nil
			}
		}
		a.opt.Pause(name + " handled")
		if !a.insist(ctx, name, func() error { return r.commit(r.at) }) {
			return nil
		}
		if !r.more {
			a.health.caughtUp(name, read)
		}
	}
}

// rest waits, or answers false when ctx has ended.
func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// newest are the events that still count for the twins.
type newest struct {
	events []g.Event
	at     map[g.DeviceID]int // the last event of each device
}

// add takes events in. A reading stands in for the device's event before it, if that was a
// reading of nothing else and not later: the twin is then the same without.
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
	if e.Kind != g.EventReading || old.Kind != g.EventReading || e.Replayed || old.Replayed || e.Time.Before(old.Time) || e.Received.Before(old.Received) {
		return false
	}
	for name := range old.Reading.Values {
		if _, ok := e.Reading.Values[name]; !ok {
			return false
		}
	}
	return true
}
