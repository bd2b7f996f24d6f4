package mqttfront

import (
	"container/heap"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	burst    = 10 * time.Second      // a bucket holds what its rate gives in this time
	pace     = 10 * time.Millisecond // how often held clients are looked at
	tellRate = time.Minute           // at most one log line per bucket in this time
)

// tokens are a token bucket, kept as the instant up to which its tokens are spent (GCRA).
// The caller passes the time, and there is no refilling: a bucket that is spent up to
// more than burst ago is full.
type tokens struct {
	every atomic.Int64 // nanoseconds of one token; 0: no bound
	spent atomic.Int64
	told  atomic.Int64 // when the log last named it
	users int          // connections; under limits.mu
}

func newTokens(perSecond int) *tokens {
	b := &tokens{}
	b.set(perSecond)
	return b
}

// set changes the rate; 0 is no bound. What was spent stays spent.
func (b *tokens) set(perSecond int) {
	every := int64(0)
	if perSecond > 0 {
		every = max(1, int64(time.Second)/int64(perSecond))
	}
	b.every.Store(every)
}

// take takes a token, in advance if need be, and returns when it is due.
func (b *tokens) take(now, every int64) (due int64) {
	for {
		old := b.spent.Load()
		due = max(old, now-int64(burst)) + every
		if b.spent.CompareAndSwap(old, due) {
			return due
		}
	}
}

// taken takes a token if there is one by the coarse clock, which lags behind, so
// that most publications need not read the exact one. A bucket that may hold more
// than a burst is left to take.
func (b *tokens) taken(coarse, every int64) bool {
	old := b.spent.Load()
	return old >= coarse-int64(burst) && old+every <= coarse &&
		b.spent.CompareAndSwap(old, old+every)
}

// full tells whether the bucket holds a whole burst, as a new one does.
func (b *tokens) full(now int64) bool { return b.spent.Load() <= now-int64(burst) }

// limits are the buckets of devices and schools that have a connection or are
// not full: connecting again does not refill one.
type limits struct {
	mu      sync.Mutex
	buckets map[Identity]*tokens // a school's has no device; a reader of the school has none
}

// elapsed is the clock of the rates: nanoseconds since the start, plus a burst so that new buckets
// are full. It follows the monotonic clock: setting the time of day back holds nobody up.
func (f *Front) elapsed() int64 { return int64(burst + f.cfg.Now().Sub(f.began)) }

// enter returns the buckets that a connection draws from; a reader of the school has none of a
// device.
func (f *Front) enter(id Identity) (device, school *tokens) {
	f.limits.mu.Lock()
	defer f.limits.mu.Unlock()
	now := f.bounds.Load()
	if id.Device != "" {
		device = f.limits.use(id, now.DeviceRate)
	}
	return device, f.limits.use(Identity{School: id.School}, now.SchoolRate)
}

// set changes the rates of all buckets.
func (l *limits) set(device, school int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, b := range l.buckets {
		if id.Device != "" {
			b.set(device)
		} else {
			b.set(school)
		}
	}
}

func (l *limits) use(id Identity, perSecond int) *tokens {
	b := l.buckets[id]
	if b == nil {
		if l.buckets == nil {
			l.buckets = map[Identity]*tokens{}
		}
		b = newTokens(perSecond)
		l.buckets[id] = b
	}
	b.users++
	return b
}

// leave counts the connection out of its buckets.
func (f *Front) leave(c *client) {
	f.limits.mu.Lock()
	defer f.limits.mu.Unlock()
	for _, b := range []*tokens{c.device, c.school} {
		if b != nil {
			b.users--
		}
	}
}

// sweep forgets the buckets that nobody draws from and that are full again.
func (l *limits) sweep(now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, b := range l.buckets {
		if b.users == 0 && b.full(now) {
			delete(l.buckets, id)
		}
	}
}

// afford waits until the client's device, and then its school, may publish once
// more. A device takes nothing of its school's before its own turn has come, and
// a client waits for one publication at a time, so that in a school over its
// rate each client gets its share.
func (c *client) afford() error {
	held := false
	now := int64(0)
	for _, b := range []*tokens{c.device, c.school} {
		if b == nil {
			continue
		}
		every := b.every.Load()
		if every == 0 || b.taken(c.f.coarse.Load(), every) {
			continue
		}
		if now == 0 {
			now = c.f.elapsed()
		}
		due := b.take(now, every)
		if due <= now {
			continue
		}
		if !held {
			c.f.stats.throttled.Add(1)
			held = true
		}
		c.tell(b, now)
		if err := c.hold(due); err != nil {
			b.spent.Add(-every) // gives it back, or a client that reconnects would run up a debt
			return err
		}
		now = due
	}
	return nil
}

// tell logs who is over its rate.
func (c *client) tell(b *tokens, now int64) {
	last := b.told.Load()
	if last != 0 && now-last < int64(tellRate) || !b.told.CompareAndSwap(last, now) {
		return
	}
	if c.f.cfg.OnHeld != nil {
		id := Identity{School: c.s.id.School}
		if b == c.device {
			id = c.s.id
		}
		c.f.cfg.OnHeld(id)
	}
	if b == c.device {
		c.f.log.Warn("a device publishes more than mqtt.device_rate and is held back", "device",
			c.s.id.Device, "school", c.s.id.School, "rate", c.f.bounds.Load().DeviceRate)
		return
	}
	c.f.log.Warn("a school publishes more than mqtt.school_rate and is held back", "school",
		c.s.id.School, "rate", c.f.bounds.Load().SchoolRate)
}

// hold blocks the client's reader until due, or until the client closes. What
// the client sends meanwhile stays in its socket, pings among it, so a held
// client is not silent (MQTT5 3.1.2.10).
func (c *client) hold(due int64) error {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.closing {
		return errDone
	}
	c.held.Store(true)
	c.f.pacer.add(c, due)
	for c.held.Load() && !c.closing {
		c.room.Wait()
	}
	c.seen.Store(c.f.clock.Load())
	c.held.Store(false)
	if c.closing {
		return errDone
	}
	return nil
}

// pacer lets held clients go on when they are due; one goroutine for all of
// them, which sleeps while there are none. It holds at most one entry of a client.
type pacer struct {
	mu   sync.Mutex
	held heldClients
	wake chan struct{}
}

type heldClient struct {
	c   *client
	due int64
}

func (p *pacer) add(c *client, due int64) {
	p.mu.Lock()
	heap.Push(&p.held, heldClient{c, due})
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run lets clients go until ctx ends.
func (p *pacer) run(ctx context.Context, now func() int64) {
	t := time.NewTicker(pace)
	defer t.Stop()
	for {
		t.Stop()
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		t.Reset(pace)
		for p.release(now()) > 0 {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
		}
	}
}

// release lets the clients go that are due, and returns how many still wait.
func (p *pacer) release(now int64) int {
	p.mu.Lock()
	var due []*client
	for len(p.held) > 0 && p.held[0].due <= now {
		due = append(due, heap.Pop(&p.held).(heldClient).c)
	}
	left := len(p.held)
	p.mu.Unlock()
	for _, c := range due {
		c.s.mu.Lock()
		c.held.Store(false)
		c.room.Broadcast()
		c.s.mu.Unlock()
	}
	return left
}

// heldClients is a heap by due.
type heldClients []heldClient

func (h heldClients) Len() int           { return len(h) }
func (h heldClients) Less(i, j int) bool { return h[i].due < h[j].due }
func (h heldClients) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *heldClients) Push(x any)        { *h = append(*h, x.(heldClient)) }
func (h *heldClients) Pop() any {
	old := *h
	x := old[len(old)-1]
	old[len(old)-1] = heldClient{}
	*h = old[:len(old)-1]
	return x
}
