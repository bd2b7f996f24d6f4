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
	online   atomic.Bool // a hint for shared subscriptions

	mu       sync.Mutex
	c        *client // nil while nobody is connected
	gone     bool    // ended; takes nothing more
	expiry   time.Duration
	deadline time.Time // when a session without a client ends
	will     *will
	subs     map[string]subscription
	received map[uint16]*inbound // QoS 2, until PUBREL

	nextID   uint16
	order    uint64
	inflight map[uint16]*outgoing
	queue    []*outgoing
	queued   int // bytes in queue
}

// outgoing is a message for one subscriber, at the QoS granted to it.
type outgoing struct {
	m        *message
	qos      byte
	retain   bool
	sent     bool
	released bool // QoS 2: PUBREC came, PUBREL is out
	id       uint16
	order    uint64
}

type will struct {
	m     *message
	delay time.Duration
	at    time.Time // when it is due; zero while connected
}

// deliver hands a message to the session by the written rule: QoS 0 only while
// the client is there and its socket keeps up; QoS 1 and 2 within the bound of
// the queue. What does not fit is dropped and counted.
func (s *session) deliver(m *message, sub subscription, retained bool) bool {
	retain := retained || sub.retainAsPublished && m.retain
	qos := min(m.qos, sub.qos)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.c
	switch {
	case s.gone:
		return false
	case qos == 0 && (c == nil || len(c.out)+m.size() > s.f.cfg.MaxQueuedBytes):
		s.f.stats.dropped.Add(1)
		return false
	case qos == 0 && !c.fits(m):
		s.f.stats.dropped.Add(1)
		return false
	case qos == 0:
		c.write(func(b []byte) []byte { return appendPublish(b, m, 0, 0, retain, false, c.v5, s.f.now()) }, m)
		return true
	case len(s.queue) >= s.f.cfg.MaxQueued || s.queued+m.size() > s.f.cfg.MaxQueuedBytes:
		s.f.stats.dropped.Add(1)
		return false
	}
	s.queue = append(s.queue, &outgoing{m: m, qos: qos, retain: retain})
	s.queued += m.size()
	s.pump()
	return true
}

// pump sends from the queue while the client's window has room.
func (s *session) pump() {
	c := s.c
	if c == nil {
		return
	}
	n := 0
	for n < len(s.queue) && len(s.inflight) < c.window {
		if len(s.inflight) > 0 && len(c.out) > s.f.cfg.MaxQueuedBytes {
			break // an acknowledgement will come and pump again
		}
		o := s.queue[n]
		s.queue[n] = nil
		n++
		s.queued -= o.m.size()
		if o.m.expired(s.f.now()) || !c.fits(o.m) {
			s.f.stats.dropped.Add(1)
			continue
		}
		if s.inflight == nil {
			s.inflight = map[uint16]*outgoing{}
		}
		s.order++
		o.id, o.order = s.freeID(), s.order
		s.inflight[o.id] = o
		c.send(o)
	}
	if s.queue = s.queue[n:]; len(s.queue) == 0 {
		s.queue = nil
	}
}

func (s *session) freeID() uint16 {
	for {
		if s.nextID++; s.nextID == 0 {
			s.nextID = 1
		}
		if s.inflight[s.nextID] == nil {
			return s.nextID
		}
	}
}

// resume sends again what the client had not acknowledged, in the order of the
// first sending (MQTT5 4.4), then what has queued up.
func (s *session) resume() {
	again := make([]*outgoing, 0, len(s.inflight))
	for _, o := range s.inflight {
		again = append(again, o)
	}
	slices.SortFunc(again, func(a, b *outgoing) int { return cmp.Compare(a.order, b.order) })
	for _, o := range again {
		if o.released {
			s.c.write(func(b []byte) []byte { return appendAck(b, tPubrel, o.id, rcSuccess, s.c.v5) }, nil)
			continue
		}
		s.c.send(o)
	}
	s.pump()
}

// acknowledged handles PUBACK, PUBREC and PUBCOMP for what was sent (MQTT5 4.3).
func (s *session) acknowledged(kind byte, id uint16, code byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.inflight[id]
	c := s.c
	if c == nil {
		return
	}
	if kind == tPubrec {
		if o == nil || o.qos != 2 {
			c.write(func(b []byte) []byte { return appendAck(b, tPubrel, id, rcIDNotFound, c.v5) }, nil)
			return
		}
		if code < 0x80 {
			o.released = true
			c.write(func(b []byte) []byte { return appendAck(b, tPubrel, id, rcSuccess, c.v5) }, nil)
			return
		}
	}
	if o == nil || kind == tPuback && o.qos != 1 || kind == tPubcomp && !o.released {
		return // answers a message of an earlier connection, or nothing
	}
	delete(s.inflight, id)
	s.f.confirmed(o.m, code)
	s.pump()
}

// end empties a session that is over and takes it out of the tree.
func (s *session) end() {
	s.mu.Lock()
	s.gone = true
	subs := s.subs
	s.subs, s.queue, s.inflight, s.received, s.queued = nil, nil, nil, nil, 0
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
