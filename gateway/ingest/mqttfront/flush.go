package mqttfront

import "sync"

// flusher writes the output that has gathered for the clients pushed to it. Acknowledging and
// delivering only append to it, so that many answers to one client leave in one write.
type flusher struct {
	mu   sync.Mutex
	wake sync.Cond
	list []*client
	idle bool
	stop bool

	write nonblocking
}

func newFlusher() *flusher {
	fl := &flusher{}
	fl.wake.L = &fl.mu
	fl.write.init()
	return fl
}

// push takes a client whose out has bytes; the caller holds its session's lock.
func (fl *flusher) push(c *client) {
	fl.mu.Lock()
	fl.list = append(fl.list, c)
	if fl.idle {
		fl.idle = false
		fl.wake.Signal()
	}
	fl.mu.Unlock()
}

func (fl *flusher) end() {
	fl.mu.Lock()
	fl.stop = true
	fl.mu.Unlock()
	fl.wake.Signal()
}

// run flushes until end is called and nothing is left.
func (fl *flusher) run() {
	var list []*client
	for {
		fl.mu.Lock()
		for len(fl.list) == 0 && !fl.stop {
			fl.idle = true
			fl.wake.Wait()
		}
		if len(fl.list) == 0 {
			fl.mu.Unlock()
			return
		}
		list, fl.list = fl.list, list[:0]
		fl.mu.Unlock()
		for i, c := range list {
			fl.flush(c)
			list[i] = nil
		}
	}
}

// flush writes once without blocking; the rest is left to a drain.
func (fl *flusher) flush(c *client) {
	s := c.s
	s.mu.Lock()
	if s.c != c { // torn down; nobody reads what is left
		c.dirty, c.out = false, nil
		c.room.Broadcast()
		s.mu.Unlock()
		return
	}
	if c.closing || c.draining {
		c.dirty = false
		if !c.draining {
			c.startDrain()
		}
		s.mu.Unlock()
		return
	}
	b := c.out
	c.out, c.spare = c.spare[:0], nil
	s.mu.Unlock()

	n := fl.write.try(c.raw, b)

	s.mu.Lock()
	defer s.mu.Unlock()
	c.dirty = false
	if s.c != c {
		return
	}
	if n < len(b) {
		rest := append([]byte(nil), b[n:]...)
		c.out = append(rest, c.out...)
		c.startDrain()
		return
	}
	c.spare = keep(b)
	switch {
	case c.closing:
		c.startDrain()
	case len(c.out) > 0:
		c.mark()
	}
}
