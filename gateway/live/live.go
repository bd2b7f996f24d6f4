// Package live serves the newest events to the live stream, to the pages of GET /v1/events and to
// the gateway's own readers. It keeps the last 32,768 events in memory, decoded once and shared,
// and reads older ones from the journal, so that a watcher that was away misses nothing that is
// still kept. Watchers pull at their own pace; none of them can block another, or the journal.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/event"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Bounds of the hub.
const (
	ringSize  = 1 << 15 // events in memory
	batchSize = 512     // events read at once
	// pause after a batch that was not full, so that not every sync of the
	// journal wakes all watchers
	gather = 3 * time.Millisecond
)

// Hub follows one journal. It is safe for concurrent use.
type Hub struct {
	j   *journal.Journal
	log *slog.Logger

	mu     sync.RWMutex
	ring   [ringSize]entry
	first  uint64 // sequence after which the ring is complete
	newest uint64
	count  int
	wake   chan struct{} // closed and replaced at each batch
	rare   uint64        // sequence of the newest event other than a reading
	stir   chan struct{} // closed and replaced at each batch that has one
}

type entry struct {
	g.Event
	// it did not decode and shows as a rejection, or its kind is one that
	// only a newer version knows
	bad bool
}

// New makes a hub over j; Run fills it.
func New(j *journal.Journal, log *slog.Logger) *Hub {
	at := j.Stat().Newest
	return &Hub{
		j:      j,
		log:    log,
		first:  at,
		newest: at,
		wake:   make(chan struct{}),
		stir:   make(chan struct{}),
	}
}

// Run follows the journal until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	r := h.j.Reader(h.Newest())
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		records, err := r.Next(ctx, batchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the journal: %w", err)
		}
		h.add(records)
		if len(records) < batchSize {
			pause.Reset(gather)
		} else {
			pause.Reset(0)
		}
	}
}

func (h *Hub) add(records []journal.Record) {
	events := make([]entry, len(records))
	for i, r := range records {
		events[i] = h.decode(r)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range events {
		h.newest = events[i].Seq
		at := h.count % ringSize
		if h.count >= ringSize {
			h.first = h.ring[at].Seq
		}
		h.ring[at] = events[i]
		h.count++
		if events[i].Kind != g.EventReading {
			h.rare = events[i].Seq
		}
	}
	if h.rare >= events[0].Seq {
		close(h.stir)
		h.stir = make(chan struct{})
	}
	close(h.wake)
	h.wake = make(chan struct{})
}

// decode returns the record's event. A record that does not decode becomes a rejection without a
// school, so that readers go on and the damage shows.
func (h *Hub) decode(r journal.Record) entry {
	e, err := event.Decode(r.Seq, r.Data)
	if err != nil {
		h.log.Error("an event in the journal does not decode", "seq", r.Seq, "error", err)
		return entry{g.Event{
			Seq:      r.Seq,
			ID:       fmt.Sprint("evt_", r.Seq),
			Kind:     g.EventRejected,
			Time:     r.Time,
			Received: r.Time,
			Rejection: &g.Rejection{
				Reason: err.Error(),
				Source: "journal",
			},
		}, true}
	}
	if e.Kind == "" {
		e.Extra = nil // nobody reads it, and it may be large
		return entry{e, true}
	}
	return entry{e, false}
}

// Newest is the sequence of the newest event in the hub.
func (h *Hub) Newest() uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.newest
}

// After returns up to max events after a sequence, oldest first. It does not wait, and returns none
// where there are none yet. The events are shared: callers must not change them.
func (h *Hub) After(ctx context.Context, seq uint64, max int) ([]g.Event, error) {
	h.mu.RLock()
	if seq >= h.first {
		defer h.mu.RUnlock()
		events, _ := h.recent(seq, max, true)
		return events, nil
	}
	h.mu.RUnlock()
	records, err := h.j.ReadFrom(ctx, seq, max)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	events := make([]g.Event, len(records))
	for i, r := range records {
		events[i] = h.decode(r).Event
	}
	return events, nil
}

// Recent is like After, but from memory only, and skips events that do not decode or whose kind is
// unknown here. last is the sequence of the last of the up to max events that it looked at; more
// tells whether there are newer ones; ok is false where memory does not go back to seq.
func (h *Hub) Recent(seq uint64, max int) (events []g.Event, last uint64, more, ok bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if seq < h.first {
		return nil, seq, false, false
	}
	events, last = h.recent(seq, max, false)
	return events, last, last < h.newest, true
}

// Wait returns nil once there is an event after a sequence, or ctx's error.
func (h *Hub) Wait(ctx context.Context, seq uint64) error {
	return h.wait(ctx, seq, func() (uint64, chan struct{}) { return h.newest, h.wake })
}

// WaitRare returns nil once there is an event after a sequence that is no reading, or ctx's
// error.
func (h *Hub) WaitRare(ctx context.Context, seq uint64) error {
	return h.wait(ctx, seq, func() (uint64, chan struct{}) { return h.rare, h.stir })
}

// wait returns nil once the sequence that look returns is above seq. look is called with the lock
// held; it also returns the channel that is closed when its sequence may have moved.
func (h *Hub) wait(ctx context.Context, seq uint64, look func() (uint64, chan struct{})) error {
	for {
		h.mu.RLock()
		at, changed := look()
		h.mu.RUnlock()
		if at > seq {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// recent reads the ring; the caller holds the lock.
func (h *Hub) recent(seq uint64, max int, bad bool) (events []g.Event, last uint64) {
	n := min(h.count, ringSize)
	at := func(i int) *entry { return &h.ring[(h.count-n+i)%ringSize] }
	lo := sort.Search(n, func(i int) bool { return at(i).Seq > seq })
	hi := min(n, lo+max)
	events, last = make([]g.Event, 0, hi-lo), seq
	for i := lo; i < hi; i++ {
		e := at(i)
		last = e.Seq
		if bad || !e.bad {
			events = append(events, e.Event)
		}
	}
	return events, last
}
