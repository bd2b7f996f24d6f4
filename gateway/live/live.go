// Package live hands the newest events to whoever watches: the live stream and the pages of
// GET /v1/events. It keeps the last events decoded in memory and reads older ones from the
// journal, so that a watcher who was away misses nothing that is still kept. Watchers ask
// at their own pace; none holds up another, or the journal.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"sync"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Bounds of the hub.
const (
	ringSize  = 1 << 13 // events in memory
	batchSize = 512     // events read at once
)

// Hub follows one journal. It is safe for concurrent use.
type Hub struct {
	j   *journal.Journal
	log *slog.Logger

	mu     sync.RWMutex
	ring   [ringSize]g.Event
	first  uint64 // sequence after which the ring is complete
	newest uint64
	count  int
	wake   chan struct{} // closed and replaced at each batch
}

// New makes a hub over j; Run fills it.
func New(j *journal.Journal, log *slog.Logger) *Hub {
	at := j.Stat().Newest
	return &Hub{j: j, log: log, first: at, newest: at, wake: make(chan struct{})}
}

// Run follows the journal until ctx ends.
func (h *Hub) Run(ctx context.Context) error {
	looked := h.Newest()
	for {
		if err := h.j.Wait(ctx, looked); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("follow the journal: %w", err)
		}
		visible := h.j.Stat().Newest
		records, err := h.j.ReadFrom(ctx, h.Newest(), batchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the journal: %w", err)
		}
		if len(records) > 0 {
			h.add(records)
			looked = records[len(records)-1].Seq
		} else {
			looked = visible // what failed to be written leaves sequences without a record
		}
	}
}

func (h *Hub) add(records []journal.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range records {
		h.newest = r.Seq
		i := h.count % ringSize
		if h.count >= ringSize {
			h.first = h.ring[i].Seq
		}
		h.ring[i] = h.decode(r)
		h.count++
	}
	close(h.wake)
	h.wake = make(chan struct{})
}

// decode answers the record's event; one that does not decode shows as rejected, of no
// school, so that readers pass it and somebody sees it.
func (h *Hub) decode(r journal.Record) g.Event {
	e, err := g.DecodeEvent(r.Seq, r.Data)
	if err != nil {
		h.log.Error("an event in the journal does not decode", "seq", r.Seq, "error", err)
		return g.Event{Seq: r.Seq, ID: fmt.Sprint("evt_", r.Seq), Kind: g.EventRejected, Time: r.Time, Received: r.Time,
			Rejection: &g.Rejection{Reason: err.Error(), Source: "journal"}}
	}
	return e
}

// Newest is the sequence of the newest event that watchers can have.
func (h *Hub) Newest() uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.newest
}

// After answers up to max events after a sequence, oldest first, and none where there are
// none yet. The events are shared: nobody changes them.
func (h *Hub) After(ctx context.Context, seq uint64, max int) ([]g.Event, error) {
	h.mu.RLock()
	if seq >= h.first {
		defer h.mu.RUnlock()
		return h.recent(seq, max), nil
	}
	h.mu.RUnlock()
	records, err := h.j.ReadFrom(ctx, seq, max)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	events := make([]g.Event, len(records))
	for i, r := range records {
		events[i] = h.decode(r)
	}
	return events, nil
}

// Wait returns nil once there is an event after a sequence, or ctx's error.
func (h *Hub) Wait(ctx context.Context, seq uint64) error {
	for {
		h.mu.RLock()
		newest, wake := h.newest, h.wake
		h.mu.RUnlock()
		if newest > seq {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		}
	}
}

// recent reads the ring; the caller holds the lock.
func (h *Hub) recent(seq uint64, max int) []g.Event {
	n := min(h.count, ringSize)
	at := func(i int) *g.Event { return &h.ring[(h.count-n+i)%ringSize] }
	lo := sort.Search(n, func(i int) bool { return at(i).Seq > seq })
	events := make([]g.Event, min(max, n-lo))
	for i := range events {
		events[i] = *at(lo + i)
	}
	return events
}
