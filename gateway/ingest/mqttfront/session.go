package mqttfront

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// session is what outlives a connection: subscriptions, what waits for the
// client, and which of its QoS 2 publications were received (MQTT5 4.1).
type session struct {
	f        *Front
	id       Identity
	clientID string
	// number in the state log, 0 without one; set before anybody else sees the session
	number uint64
	online atomic.Bool // a hint for shared subscriptions

	mu       sync.Mutex
	c        *client // nil while nobody is connected
	gone     bool    // ended; takes nothing more
	keeps    bool    // what happens to it goes to the state log
	expiry   time.Duration
	deadline time.Time // when a session without a client ends
	will     *will
	subs     map[string]subscription
	received map[uint16]*inbound // QoS 2, until PUBREL

	nextID uint16
	order  uint64
	held   map[uint16]*outgoing // all that the client has not acknowledged, sent or not
	queue  []*outgoing          // those of them that are still to be sent, in order
	bytes  int                  // of held
}

// outgoing is a message for one subscriber, at the QoS granted to it.
type outgoing struct {
	m         *message
	qos       byte
	retain    bool
	saving    bool // not on disk yet, and not to be sent before
	queued    bool // in the session's queue
	sent      bool // it may have been sent: sent again with DUP
	released  bool // QoS 2: PUBREC came, PUBREL is out
	releasing bool // PUBREC came, and its record goes to the state log
	id        uint16
	order     uint64
}

// will is what a client left to be published when its connection is lost (MQTT5 3.1.2.5).
type will struct {
	m     *message
	delay time.Duration
	at    time.Time // when it is due; zero while connected

	once  string // see Once
	after uint64 // the intake's mark when it became due
}

// deliver hands a message to the session: at QoS 0 only while the client is connected and
// its socket keeps up, at QoS 1 and 2 within the limits of the queue. What does not fit is
// dropped and counted. A message for a kept session is returned as unsaved, and sent once
// it is on disk (see saved).
func (s *session) deliver(
	m *message, sub subscription, retained bool,
) (took bool, unsaved *outgoing) {
	retain := retained || sub.retainAsPublished && m.retain
	qos := min(m.qos, sub.qos)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.c
	switch {
	case s.gone:
		return false, nil
	case qos == 0 && (c == nil || !c.ready || len(c.out)+m.size() > s.f.cfg.MaxQueuedBytes):
		s.f.stats.dropped.Add(1)
		return false, nil
	case qos == 0 && !c.fits(m):
		s.f.stats.dropped.Add(1)
		return false, nil
	case qos == 0:
		c.write(func(b []byte) []byte {
			return appendPublish(
				b,
				m,
				0,
				0,
				retain,
				false,
				c.v5,
				s.f.now(),
			)
		}, m)
		return true, nil
	case len(s.queue) >= s.f.cfg.MaxQueued || len(s.held) >= math.MaxUint16 ||
		s.bytes+m.size() > s.f.cfg.MaxQueuedBytes:
		s.f.stats.dropped.Add(1)
		return false, nil
	}
	o := &outgoing{
		m:      m,
		qos:    qos,
		retain: retain,
		id:     s.freeID(),
		saving: s.keeps,
	}
	s.enqueue(o)
	if o.saving {
		return true, o
	}
	s.pump()
	return true, nil
}

// enqueue puts a message last in the queue.
func (s *session) enqueue(o *outgoing) {
	if s.held == nil {
		s.held = map[uint16]*outgoing{}
	}
	s.order++
	o.order, o.queued = s.order, true
	s.held[o.id] = o
	s.queue = append(s.queue, o)
	s.bytes += o.m.size()
}

// release drops a message that the client has acknowledged or will not get.
func (s *session) release(o *outgoing) {
	delete(s.held, o.id)
	s.bytes -= o.m.size()
	if s.keeps {
		s.f.state.note(&record{
			kind:    recAcked,
			session: s.number,
			id:      o.id,
		})
	}
}

// saved sends a message that is on disk now, or drops it when it could not be saved.
func (s *session) saved(o *outgoing, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.saving = false
	switch {
	case s.gone:
	case err != nil && o.queued:
		s.queue = slices.DeleteFunc(s.queue, func(q *outgoing) bool { return q == o })
		s.release(o)
		s.pump()
	default:
		s.pump()
	}
}

// pump sends from the queue while the client's window has room.
func (s *session) pump() {
	c := s.c
	if c == nil || !c.ready {
		return
	}
	n := 0
	for inflight := len(s.held) - len(s.queue); n < len(s.queue) && inflight < c.window; {
		if inflight > 0 && len(c.out) > s.f.cfg.MaxQueuedBytes {
			break // an acknowledgement will come and pump again
		}
		o := s.queue[n]
		if o.saving {
			break // and again when it is saved
		}
		s.queue[n] = nil
		n++
		o.queued = false
		// A QoS 2 message that the client may have is not taken back: its identifier
		// would be used for another, which the client would take for the same.
		if begun := o.sent && o.qos == 2; !begun && o.m.expired(s.f.now()) || !c.fits(o.m) {
			s.f.stats.dropped.Add(1)
			s.release(o)
			continue
		}
		inflight++
		c.send(o)
	}
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil
	}
}

func sortByOrder(all []*outgoing) {
	slices.SortFunc(all, func(a, b *outgoing) int { return cmp.Compare(a.order, b.order) })
}

func (s *session) freeID() uint16 {
	for {
		if s.nextID++; s.nextID == 0 {
			s.nextID = 1
		}
		if s.held[s.nextID] == nil {
			return s.nextID
		}
	}
}

// resume sends again what the client had not acknowledged, in the order of the
// first sending (MQTT5 4.4), then what has queued up.
func (s *session) resume() {
	var again, released []*outgoing
	for _, o := range s.held {
		switch {
		case o.released:
			released = append(released, o)
		case !o.queued:
			o.queued = true
			again = append(again, o)
		}
	}
	sortByOrder(again)
	sortByOrder(released)
	for _, o := range released {
		s.c.write(func(b []byte) []byte {
			return appendAck(
				b,
				tPubrel,
				o.id,
				rcSuccess,
				s.c.v5,
			)
		}, nil)
	}
	s.queue = append(again, s.queue...)
	s.pump()
}

// acknowledged handles PUBACK, PUBREC and PUBCOMP for what was sent (MQTT5 4.3).
func (c *client) acknowledged(kind byte, id uint16, code byte) error {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.held[id]
	if o != nil && o.queued {
		o = nil // it was not sent on this connection
	}
	if kind == tPubrec && (o == nil || o.qos != 2) {
		c.write(func(b []byte) []byte {
			return appendAck(
				b,
				tPubrel,
				id,
				rcIDNotFound,
				c.v5,
			)
		}, nil)
		return nil
	}
	if kind == tPubrec && code < 0x80 {
		return c.received(o)
	}
	if o == nil || kind == tPuback && o.qos != 1 || kind == tPubcomp && !o.released {
		return nil // answers a message of an earlier connection, or nothing
	}
	s.release(o)
	s.f.confirmed(o.m, code)
	s.pump()
	return nil
}

// received answers PUBREC with PUBREL, once it is on disk that the message must not be sent again.
// The caller holds s.mu.
func (c *client) received(o *outgoing) error {
	s := c.s
	if !o.released && s.keeps {
		o.releasing = true // or a snapshot in between would miss it
		s.mu.Unlock()
		err := s.f.state.wait(&record{
			kind:    recReleased,
			session: s.number,
			id:      o.id,
		})
		s.mu.Lock()
		if err != nil {
			return err
		}
	}
	o.released = true
	c.write(func(b []byte) []byte {
		return appendAck(
			b,
			tPubrel,
			o.id,
			rcSuccess,
			c.v5,
		)
	}, nil)
	return nil
}

// end empties a session that is over and takes it out of the tree.
func (s *session) end() {
	s.mu.Lock()
	s.gone = true
	subs := s.subs
	s.subs = nil
	s.queue = nil
	s.held = nil
	s.received = nil
	s.bytes = 0
	if s.number != 0 {
		s.f.state.note(&record{
			kind:    recGone,
			session: s.number,
		})
	}
	s.mu.Unlock()
	for filter := range subs {
		s.f.tree.remove(s, filter)
	}
}

// expiryOf turns a session expiry interval into a duration within the bound
// (MQTT5 3.1.2.11.2).
func (f *Front) expiryOf(seconds uint32) time.Duration {
	if seconds == math.MaxUint32 {
		return f.cfg.SessionExpiry
	}
	return min(time.Duration(seconds)*time.Second, f.cfg.SessionExpiry)
}
