package mqttfront

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	readBuffer = 2 << 10 // of an idle connection
	keepBuffer = 16 << 10
	maxConnect = 64 << 10 // largest packet of a client that has not authenticated
)

// client is one connection. Its own goroutine reads. Whoever sends to it appends to out under the
// session's lock, and a flusher writes that without blocking; only when the socket's buffer is full
// does a goroutine of its own (drain) write the rest.
type client struct {
	f      *Front
	s      *session
	conn   net.Conn
	raw    syscall.RawConn // nil for TLS
	fl     *flusher
	v5     bool
	window int // QoS 1 and 2 messages that the client takes unacknowledged
	limit  int // bytes of the largest packet that it takes; 0: any

	keepalive time.Duration // one and a half times the client's; 0: none
	seen      atomic.Int64  // front's clock at the last packet, nanoseconds
	held      atomic.Bool   // the reader waits for its rate limit; set under s.mu
	finished  chan struct{} // closed when the connection is torn down

	device, school *tokens // token buckets of publications; nil: no limit

	// used by the reader only
	in      []byte
	r, w    int
	topic   string // of the last publication
	allowed bool
	route   []target
	version uint64
	fixed   bool

	// under s.mu
	out      []byte
	spare    []byte
	pending  []*inbound // publications not acknowledged, in order
	open     int        // publications of this connection without PUBACK or PUBCOMP (MQTT5 4.9)
	room     sync.Cond  // signalled when pending has shrunk, or the client closes
	dirty    bool       // the flusher has the client in its list
	draining bool
	closing  bool
	ready    bool // CONNACK is out
	reason   byte // why it closes; 0 by its own DISCONNECT
	clean    bool // closed by a DISCONNECT that discards the will
}

// read returns the next packet; it is valid until the next call.
func (c *client) read() (first byte, body []byte, err error) {
	limit := c.f.cfg.MaxPacket
	if c.s == nil {
		limit = min(limit, maxConnect)
	}
	for {
		if c.s == nil && c.w > c.r && c.in[c.r] != tConnect<<4 {
			return 0, nil, malformed("the first packet is not CONNECT")
		}
		first, body, total, err := frame(c.in[c.r:c.w], limit)
		if err != nil {
			return 0, nil, err
		}
		if total > 0 && c.w-c.r >= total {
			c.r += total
			return first, body, nil
		}
		c.makeRoom(total)
		n, err := c.conn.Read(c.in[c.w:])
		c.w += n
		if n == 0 && err != nil {
			return 0, nil, err
		}
	}
}

// makeRoom moves what is unread to the front, and grows the buffer for a large
// packet or a busy client and shrinks it again.
func (c *client) makeRoom(total int) {
	left := c.w - c.r
	want := len(c.in)
	switch {
	case total > want:
		want = total
	case left == 0 && want > keepBuffer:
		want = readBuffer
	case c.w == len(c.in) && want < keepBuffer:
		want *= 2
	}
	if want != len(c.in) {
		b := make([]byte, want)
		copy(b, c.in[c.r:c.w])
		c.in = b
	} else if c.r > 0 {
		copy(c.in, c.in[c.r:c.w])
	}
	c.r, c.w = 0, left
}

// write appends to out; the caller holds s.mu. m is the message it carries, if any.
func (c *client) write(add func([]byte) []byte, m *message) {
	if c.closing {
		return
	}
	if len(c.out) > 4*c.f.cfg.MaxQueuedBytes {
		c.shutLocked(rcQuota) // it keeps asking and does not read the answers
		return
	}
	c.out = add(c.out)
	if m != nil {
		c.f.stats.delivered.Add(1)
	}
	c.mark()
}

// fits tells whether the client takes a packet as large as m makes
// (MQTT5 3.1.2.11.4).
func (c *client) fits(m *message) bool {
	n := publishSize(m, 1, c.v5)
	return c.limit == 0 || 1+lengthSize(n)+n <= c.limit
}

// send writes a QoS 1 or 2 message; the caller holds s.mu.
func (c *client) send(o *outgoing) {
	dup := o.sent
	o.sent = true
	c.write(func(b []byte) []byte {
		return appendPublish(
			b,
			o.m,
			o.id,
			o.qos,
			o.retain,
			dup,
			c.v5,
			c.f.now(),
		)
	}, o.m)
}

// mark tells the flusher that out has bytes; the caller holds s.mu.
func (c *client) mark() {
	switch {
	case c.dirty || c.draining:
	case c.raw == nil:
		c.startDrain()
	default:
		c.dirty = true
		c.fl.push(c)
	}
}

func (c *client) startDrain() {
	c.draining = true
	c.f.wg.Add(1)
	go func() {
		defer c.f.wg.Done()
		c.drain()
	}()
}

// drain writes out until it is empty, waiting for the socket, and closes the
// connection when that was asked for.
func (c *client) drain() {
	for {
		c.s.mu.Lock()
		if len(c.out) == 0 {
			c.draining = false
			if c.closing {
				c.conn.Close()
			}
			c.room.Broadcast()
			c.s.mu.Unlock()
			return
		}
		b := c.out
		c.out, c.spare = c.spare[:0], nil
		timeout := c.f.cfg.WriteTimeout
		if c.closing {
			timeout = min(timeout, lastWords)
		}
		c.s.mu.Unlock()
		err := c.conn.SetWriteDeadline(time.Now().Add(timeout))
		if err == nil {
			_, err = c.conn.Write(b)
		}
		if err == nil {
			err = c.conn.SetWriteDeadline(time.Time{})
		}
		c.s.mu.Lock()
		c.spare = keep(b)
		if err != nil {
			c.out = nil
			c.draining = false
			c.closing = true
			c.conn.Close()
			c.room.Broadcast()
		}
		c.s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// keep returns an empty buffer for the next time unless it has grown large.
func keep(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}

// shut closes the connection after what is written so far, with a reason where
// the protocol has one (MQTT5 3.14). Only the first reason counts.
func (c *client) shut(reason byte) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.shutLocked(reason)
}

func (c *client) shutLocked(reason byte) {
	if c.closing {
		return
	}
	c.reason = reason
	if c.v5 && c.ready && reason >= 0x80 {
		c.out = append(c.out, tDisconnect<<4, 1, reason)
	}
	c.closing = true
	c.room.Broadcast()
	if !c.draining && !c.dirty {
		c.startDrain()
		return
	}
	// A write that is stuck must not hold up the end.
	if err := c.conn.SetWriteDeadline(time.Now().Add(lastWords)); err != nil {
		c.conn.Close()
	}
}

// serve reads packets until the connection ends.
func (c *client) serve() {
	for {
		first, body, err := c.read()
		if err == nil {
			c.seen.Store(c.f.clock.Load())
			err = c.handle(first, body)
		}
		var v violation
		switch {
		case err == nil:
			continue
		case errors.Is(err, errNotKept):
			c.f.log.Warn("mqtt client closed, what it asked for could not be kept", "device",
				c.s.id.Device, "school", c.s.id.School, "error", err)
			c.shut(rcQuota)
		case errors.As(err, &v):
			c.f.stats.violation.Add(1)
			c.f.log.Debug("mqtt client closed", "device", c.s.id.Device, "school", c.s.id.School,
				"reason", v.why)
			c.shut(v.code)
		case errors.Is(err, errDone):
		case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		default:
			c.f.log.Debug("mqtt connection lost", "device", c.s.id.Device, "school", c.s.id.School,
				"error", err)
		}
		return
	}
}

// lastWords is the time that a client has to read why its connection closes.
const lastWords = time.Second

// errDone ends serve without a fault.
var errDone = errors.New("client is done")

// handle deals with one packet of a connected client.
func (c *client) handle(first byte, body []byte) error {
	kind := first >> 4
	if kind == tPublish {
		return c.publish(first, body)
	}
	if first&15 != fixedFlags(kind) {
		return malformed("fixed header flags")
	}
	switch kind {
	case tPuback, tPubrec, tPubcomp, tPubrel:
		a, err := readAck(kind, body, c.v5)
		if err != nil {
			return err
		}
		if kind == tPubrel {
			return c.release(a.id)
		}
		return c.acknowledged(kind, a.id, a.code)
	case tPingreq:
		if len(body) != 0 {
			return malformed("ping request")
		}
		c.s.mu.Lock()
		c.write(func(b []byte) []byte { return append(b, tPingresp<<4, 0) }, nil)
		c.s.mu.Unlock()
		return nil
	case tSubscribe, tUnsubscribe:
		p, err := readSubscribe(kind, body, c.v5)
		if err != nil {
			return err
		}
		if c.limit > 0 && 12+len(p.subs) > c.limit {
			return violation{rcTooLarge, "more filters than the client takes answers for"}
		}
		if kind == tSubscribe {
			return c.subscribe(p)
		}
		return c.unsubscribe(p)
	case tDisconnect:
		p, err := readDisconnect(body, c.v5)
		if err != nil {
			return err
		}
		return c.disconnect(p)
	case tConnect:
		return violation{rcProtocol, "second CONNECT"}
	}
	return violation{rcProtocol, "packet that a client does not send"}
}

// fixedFlags are the low four bits that the standard fixes (MQTT5 2.1.3).
func fixedFlags(kind byte) byte {
	if kind == tPubrel || kind == tSubscribe || kind == tUnsubscribe {
		return 2
	}
	return 0
}
