package live

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// queryGate limits how many expensive queries run at a time, in all and of one caller. Those beyond
// wait, first come first served, except that a caller at its limit is passed by others. How many
// may wait, and how long, is limited as well.
type queryGate struct {
	all, each         int // at a time
	waitAll, waitEach int // waiting
	patience          time.Duration

	mu      sync.Mutex
	running int
	by      map[string]*asker
	queue   []*waits
}

// asker is what one caller has.
type asker struct{ running, waiting int }

type waits struct {
	name  string
	start chan struct{} // closed when it is its turn
}

// newQueryGate has the bounds of PromQL: a dashboard asks a dozen at once.
func newQueryGate() *queryGate {
	return &queryGate{
		all:      4,
		each:     2,
		waitAll:  128,
		waitEach: 32,
		patience: 20 * time.Second,
		by:       map[string]*asker{},
	}
}

// crowd says why there is no turn.
type crowd struct {
	status int
	said   g.Text
}

func (c *crowd) Error() string { return c.said.String() }

// take waits for a turn, which done gives back.
func (t *queryGate) take(ctx context.Context, name string) (done func(), err error) {
	t.mu.Lock()
	c := t.by[name]
	if c == nil {
		c = &asker{}
		t.by[name] = c
	}
	done = func() { t.give(name) }
	switch {
	case t.running < t.all && c.running < t.each:
		t.running++
		c.running++
		t.mu.Unlock()
		return done, nil
	case c.waiting >= t.waitEach:
		t.mu.Unlock()
		return nil, &crowd{
			http.StatusTooManyRequests,
			g.Word("this caller has too many queries waiting; ask fewer at a time"),
		}
	case len(t.queue) >= t.waitAll:
		t.mu.Unlock()
		return nil, &crowd{
			http.StatusServiceUnavailable,
			g.Word("too many queries wait; try again in a moment"),
		}
	}
	w := &waits{name, make(chan struct{})}
	t.queue = append(t.queue, w)
	c.waiting++
	t.mu.Unlock()
	late := time.NewTimer(t.patience)
	defer late.Stop()
	select {
	case <-w.start:
		return done, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-late.C:
		err = &crowd{
			http.StatusServiceUnavailable,
			g.Word("the query waited too long for its turn; try again, or ask fewer at a time"),
		}
	}
	if t.leave(w) {
		return nil, err
	}
	return done, nil // its turn came meanwhile
}

// leave takes a question out of the queue; false: its turn has come.
func (t *queryGate) leave(w *waits) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, x := range t.queue {
		if x == w {
			t.queue = append(t.queue[:i], t.queue[i+1:]...)
			t.by[w.name].waiting--
			t.forget(w.name)
			return true
		}
	}
	return false
}

func (t *queryGate) give(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	t.by[name].running--
	for i := 0; i < len(t.queue) && t.running < t.all; i++ {
		w := t.queue[i]
		c := t.by[w.name]
		if c.running >= t.each {
			continue
		}
		t.queue = append(t.queue[:i], t.queue[i+1:]...)
		i--
		t.running++
		c.running++
		c.waiting--
		close(w.start)
	}
	t.forget(name)
}

// forget drops callers who have nothing; t.mu is held.
func (t *queryGate) forget(name string) {
	if c := t.by[name]; c.running == 0 && c.waiting == 0 {
		delete(t.by, name)
	}
}

// promError is an error in the shape of Prometheus's HTTP API.
func promError(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Retry-After", "5")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"status":    "error",
		"errorType": "unavailable",
		"error":     words,
	})
}
