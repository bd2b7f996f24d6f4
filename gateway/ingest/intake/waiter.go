package intake

import (
	"context"
	"errors"
	"sync"
)

// waiter waits until every observation of a batch is on disk, or has failed.
type waiter struct {
	mu   sync.Mutex
	left int
	err  error
	all  chan struct{}
}

func newWaiter(n int) *waiter {
	w := &waiter{
		left: n,
		all:  make(chan struct{}),
	}
	if n == 0 {
		close(w.all)
	}
	return w
}

func (w *waiter) done(_ uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left--
	w.err = errors.Join(w.err, err)
	if w.left == 0 {
		close(w.all)
	}
}

func (w *waiter) wait(ctx context.Context) error {
	select {
	case <-w.all:
		return w.err
	case <-ctx.Done():
		return ctx.Err()
	}
}
