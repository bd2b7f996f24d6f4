package live

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestQueryGate: a caller with many queries waits behind another with one; a query that may not
// wait is refused; every query that waits gets its turn, and no state is left over.
func TestQueryGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueryGate()
		var greedy []func()
		for range q.each {
			done, err := q.take(t.Context(), "greedy")
			if err != nil {
				t.Fatal(err)
			}
			greedy = append(greedy, done)
		}
		waits := make(chan error, q.waitEach)
		for range q.waitEach {
			go func() {
				done, err := q.take(t.Context(), "greedy")
				waits <- err
				if err == nil {
					done()
				}
			}()
		}
		synctest.Wait()
		var c *crowd
		if _, err := q.take(t.Context(), "greedy"); !errors.As(err, &c) ||
			c.status != http.StatusTooManyRequests {
			t.Errorf("one too many: got %v", err)
		}
		done, err := q.take(t.Context(), "modest")
		if err != nil {
			t.Fatalf("another caller: %v", err)
		}
		done()
		greedy[0]()
		for range q.waitEach {
			if err := <-waits; err != nil {
				t.Error(err)
			}
		}
		greedy[1]()
		if q.running != 0 || len(q.queue) != 0 || len(q.by) != 0 {
			t.Errorf("left behind: %d running, %d queued, %d callers", q.running, len(q.queue),
				len(q.by))
		}
	})
}

func TestQueryGateEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueryGate()
		for _, name := range []string{"a", "a", "b", "b"} {
			if _, err := q.take(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		var c *crowd
		if _, err := q.take(t.Context(), "c"); !errors.As(err, &c) ||
			c.status != http.StatusServiceUnavailable || time.Since(began) != q.patience {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := q.take(ctx, "c"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if len(q.queue) != 0 || q.by["c"] != nil {
			t.Error("who left is still waited for")
		}
	})
}
