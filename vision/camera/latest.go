//go:build vision

package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/vision"
)

// statusKey is the key of the camera's state; each track has a key of its own.
const statusKey = "status"

// latest holds the observations not yet emitted: the newest of each key, at most vision.MaxTracks
// and one. When it is full, it drops the oldest one that is not the camera's state.
type latest struct {
	ready chan struct{} // size 1

	mu    sync.Mutex
	keys  []string
	items []gatehouse.Observation
}

func newLatest() *latest { return &latest{ready: make(chan struct{}, 1)} }

func (l *latest) put(key string, o gatehouse.Observation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, k := range l.keys {
		if k == key {
			l.items[i] = o
			return // the wake-up is pending already
		}
	}
	if len(l.keys) > vision.MaxTracks {
		l.drop()
	}
	l.keys, l.items = append(l.keys, key), append(l.items, o)
	l.wake()
}

// drop removes the oldest observation but not the camera's state, which is reported only on a
// change and would stay wrong.
func (l *latest) drop() {
	i := max(0, slices.IndexFunc(l.keys, func(k string) bool { return k != statusKey }))
	l.keys, l.items = slices.Delete(l.keys, i, i+1), slices.Delete(l.items, i, i+1)
}

func (l *latest) wake() {
	select {
	case l.ready <- struct{}{}:
	default:
	}
}

// take removes and returns the oldest observation.
func (l *latest) take() (o gatehouse.Observation, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.keys) == 0 {
		return o, false
	}
	o = l.items[0]
	l.keys, l.items = l.keys[1:], l.items[1:]
	return o, true
}

// emitPause is the wait before a refused emit is tried again.
const emitPause = time.Second

// run emits until ctx ends, one observation at a time, repeating each until the gateway accepts it.
func (l *latest) run(ctx context.Context, emit drivers.Emit) error {
	for {
		o, ok := l.take()
		if !ok {
			select {
			case <-ctx.Done():
				return nil
			case <-l.ready:
			}
			continue
		}
		for emit(ctx, o) != nil {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(emitPause):
			}
		}
	}
}
