// Package live hands the newest events to whoever watches: the live stream and the pages of
// GET /v1/events. It keeps the last events decoded in memory and reads older ones from the
// journal, so that a watcher who was away misses nothing that is still kept. It holds nobody
// up: a watcher who does not read for too long is dropped, and resumes where it stopped.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/journal"
)

// Bounds of the hub.
const (
	ringSize  = 1 << 13 // events in memory
	batchSize = 512     // events read at once
	buffered  = 256     // events waiting for one watcher
)

// SlowAfter is how long a watcher may let a full buffer stand before it is dropped.
const SlowAfter = 10 * time.Second

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
	for {
		if err := h.j.Wait(ctx, h.Newest()); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("follow the journal: %w", err)
		}
		records, err := h.j.ReadFrom(ctx, h.Newest(), batchSize)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the journal: %w", err)
		}
		h.add(records)
	}
}

func (h *Hub) add(records []journal.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range records {
		h.newest = r.Seq
		e, err := g.DecodeEvent(r.Seq, r.Data)
		if err != nil {
			h.log.Error("an event in the journal does not decode", "seq", r.Seq, "error", err)
			continue
		}
		i := h.count % ringSize
		if h.count >= ringSize {
			h.first = h.ring[i].Seq
		}
		h.ring[i] = e
		h.count++
	}
	close(h.wake)
	h.wake = make(chan struct{})
}

// Newest is the sequence of the newest event that watchers can have.
func (h *Hub) Newest() uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.newest
}

// After answers up to max events after a sequence, oldest first, and the sequence up to
// which it looked, which may be higher than the last event's. It does not wait.
func (h *Hub) After(ctx context.Context, seq uint64, max int) (events []g.Event, upTo uint64, err error) {
	h.mu.RLock()
	if seq >= h.first {
		events, upTo = h.recent(seq, max)
		h.mu.RUnlock()
		return events, upTo, nil
	}
	h.mu.RUnlock()
	records, err := h.j.ReadFrom(ctx, seq, max)
	if err != nil {
		return nil, seq, fmt.Errorf("read the journal: %w", err)
	}
	upTo = seq
	for _, r := range records {
		upTo = r.Seq
		if e, err := g.DecodeEvent(r.Seq, r.Data); err == nil {
			events = append(events, e)
		}
	}
	return events, upTo, nil
}

// recent reads the ring; the caller holds the lock.
func (h *Hub) recent(seq uint64, max int) ([]g.Event, uint64) {
	n := min(h.count, ringSize)
	at := func(i int) *g.Event { return &h.ring[(h.count-n+i)%ringSize] }
	lo, hi := 0, n
	for lo < hi { // first event after seq
		if mid := (lo + hi) / 2; at(mid).Seq > seq {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	if n-lo <= max { // everything up to now
		max = n - lo
	}
	events := make([]g.Event, max)
	for i := range events {
		events[i] = *at(lo + i)
	}
	if lo+max == n {
		return events, h.newest
	}
	return events, events[max-1].Seq
}

// Subscribe sends the events after a sequence that keep wants, oldest first and without gap
// or repeat, until ctx ends. The channel closes early where the watcher is too slow or the
// journal fails; it then resumes after the last event that it had.
func (h *Hub) Subscribe(ctx context.Context, after uint64, keep func(*g.Event) bool) <-chan g.Event {
	out := make(chan g.Event, buffered)
	go h.feed(ctx, after, keep, out)
	return out
}

func (h *Hub) feed(ctx context.Context, seq uint64, keep func(*g.Event) bool, out chan<- g.Event) {
	defer close(out)
	for {
		h.mu.RLock()
		wake := h.wake
		h.mu.RUnlock()
		events, upTo, err := h.After(ctx, seq, batchSize)
		if err != nil {
			return
		}
		for i := range events {
			if keep(&events[i]) && !send(ctx, out, events[i]) {
				return
			}
		}
		if upTo > seq {
			seq = upTo
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
	}
}

func send(ctx context.Context, out chan<- g.Event, e g.Event) bool {
	select {
	case out <- e:
		return true
	default:
	}
	slow := time.NewTimer(SlowAfter)
	defer slow.Stop()
	select {
	case out <- e:
		return true
	case <-slow.C:
	case <-ctx.Done():
	}
	return false
}
