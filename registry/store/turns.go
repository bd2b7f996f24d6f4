package store

import (
	"context"
	"sync"
)

// patientKey marks the context of a write that lets others go first.
type patientKey struct{}

// Patient returns a context whose writes let others go first: those of bulk work, such as
// broadcasts, imports and the attendance of a school, of which no alarm may have to wait for more
// than the one that is under way.
func Patient(ctx context.Context) context.Context {
	return context.WithValue(ctx, patientKey{}, true)
}

// patientEvery is the turn that goes to a patient write even if others wait, so that none waits
// for ever.
const patientEvery = 16

// turns serialises the writers of a database within the process: in order, but patient ones after
// the others.
type turns struct {
	mu      sync.Mutex
	taken   bool
	n       int                // turns given since a patient writer had one
	waiting [2][]chan struct{} // others, and patient ones; longest first
}

// take waits for a turn. Without an error, give must be called when it is over.
func (q *turns) take(ctx context.Context) error {
	patient := 0
	if ctx.Value(patientKey{}) != nil {
		patient = 1
	}
	q.mu.Lock()
	if !q.taken {
		q.taken = true
		q.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	q.waiting[patient] = append(q.waiting[patient], mine)
	q.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	for i, x := range q.waiting[patient] {
		if x == mine {
			q.waiting[patient] = append(q.waiting[patient][:i:i], q.waiting[patient][i+1:]...)
			q.mu.Unlock()
			return ctx.Err()
		}
	}
	q.mu.Unlock()
	q.give() // it was given just now
	return ctx.Err()
}

// give passes the turn on.
func (q *turns) give() {
	q.mu.Lock()
	defer q.mu.Unlock()
	next := 0
	q.n++
	if len(q.waiting[0]) == 0 || q.n >= patientEvery && len(q.waiting[1]) > 0 {
		next = 1
	}
	if len(q.waiting[next]) == 0 {
		q.taken = false
		return
	}
	if next == 1 {
		q.n = 0
	}
	mine := q.waiting[next][0]
	q.waiting[next] = q.waiting[next][1:]
	close(mine)
}
