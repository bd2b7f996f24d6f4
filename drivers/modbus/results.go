package main

import (
	"context"
	"sync"

	"github.com/gatehouse-iot/gatehouse/drivers"
)

// results remembers the results of the last commands by ID, so that each is executed once.
type results struct {
	mu    sync.Mutex
	limit int
	order []string
	known map[string]*result
}

type result struct {
	done  chan struct{}
	value drivers.Result
	err   error
}

func newResults(limit int) *results {
	return &results{
		limit: limit,
		known: map[string]*result{},
	}
}

// once executes a command, or returns the result of the same ID, waiting if that is still running.
// Failures are not remembered, so a repeated command is tried again. Commands without ID always
// run.
func (r *results) once(
	ctx context.Context, id string, do func() (drivers.Result, error),
) (drivers.Result, error) {
	if id == "" {
		return do()
	}
	r.mu.Lock()
	if twin := r.known[id]; twin != nil {
		r.mu.Unlock()
		select {
		case <-twin.done:
			return twin.value, twin.err
		case <-ctx.Done():
			return drivers.Result{}, ctx.Err()
		}
	}
	mine := &result{done: make(chan struct{})}
	r.known[id] = mine
	r.order = append(r.order, id)
	if len(r.order) > r.limit {
		delete(r.known, r.order[0])
		r.order = r.order[1:]
	}
	r.mu.Unlock()
	mine.value, mine.err = do()
	if mine.err != nil || mine.value.Err() != nil {
		r.mu.Lock()
		if r.known[id] == mine {
			delete(r.known, id)
		}
		r.mu.Unlock()
	}
	close(mine.done)
	return mine.value, mine.err
}
