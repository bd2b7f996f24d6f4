package mqttfront

import (
	"bytes"
	"crypto/rand"
)

// inbound is a publication between its arrival and its acknowledgement.
type inbound struct {
	f    *Front
	s    *session
	c    *client // to acknowledge to, while it is connected; nil for QoS 0 and wills. Under s.mu
	m    *message
	id   uint16
	code byte
	to   []target

	version uint64 // of the tree that to was found in
	tried   bool   // to holds only those that a retry is for

	once  string // name of a kept session's QoS 2 publication, or of a will: see Once
	after uint64

	settled   bool // on disk; under s.mu
	failed    bool // on disk in the intake, but not for offline subscribers; under s.mu
	forgotten bool // PUBREL came, and its record goes to the state log; under s.mu
}

// publish takes a PUBLISH: it is acknowledged when the intake calls back.
func (c *client) publish(first byte, body []byte) error {
	p, err := readPublish(first, body, c.v5)
	if err != nil {
		return err
	}
	c.f.stats.received.Add(1)
	if err := c.afford(); err != nil {
		return err
	}
	if string(p.topic) != c.topic || c.topic == "" {
		if !validTopic(p.topic) {
			return badTopic(p.topic)
		}
		c.topic = string(p.topic)
		c.allowed = c.s.id.MayPublish(c.topic)
		c.fixed = false
	}
	in := &inbound{
		f:  c.f,
		s:  c.s,
		id: p.id,
		m: &message{
			topic:   c.topic,
			payload: bytes.Clone(p.payload),
			qos:     p.qos,
			retain:  p.retain,
			from:    c.s,
		},
	}
	if len(p.props.kept) > 0 {
		in.m.props, in.m.expiryAt = bytes.Clone(p.props.kept), p.props.expiryAt
		in.m.live(c.f.now())
	}
	if p.qos == 2 && c.allowed && c.s.keeps { // keeps changes only while nobody is connected
		in.once, in.after = rand.Text(), c.f.mark()
	}
	if p.qos > 0 {
		fresh, err := c.await(in)
		if err != nil || !fresh {
			return err
		}
	}
	if in.once != "" {
		// Written before it is handed over: otherwise a restart could not find out whether it was.
		err := c.f.state.wait(&record{
			kind:    recIntent,
			session: c.s.number,
			id:      in.id,
			once:    in.once,
			after:   in.after,
			m:       in.m,
		})
		if err != nil {
			in.shed(err)
			return nil
		}
	}
	return c.hand(in)
}

// hand gives the publication to the intake, or journals that it was refused.
func (c *client) hand(in *inbound) error {
	var err error
	if c.allowed {
		if !c.fixed || c.version != c.f.tree.version.Load() {
			c.route, c.version, c.fixed = c.f.tree.find(c.topic)
		}
		in.to, in.version = c.route, c.version
		err = c.f.offer(in)
	} else {
		in.code = rcNotAuthorized
		err = c.f.reject(in)
	}
	if err != nil {
		in.done(err)
	}
	return nil
}

// offer gives a publication to the intake, under its name where it has one.
func (f *Front) offer(in *inbound) error {
	if once, ok := f.in.(Once); ok && in.once != "" {
		return once.PublishOnce(
			in.s.id,
			in.m.topic,
			in.m.payload,
			in.m.retain,
			in.once,
			in.done,
		)
	}
	return f.in.Publish(
		in.s.id,
		in.m.topic,
		in.m.payload,
		in.m.retain,
		in.done,
	)
}

// mark is the intake's position now.
func (f *Front) mark() uint64 {
	if once, ok := f.in.(Once); ok {
		return once.Mark()
	}
	return 0
}

// reject journals a publication on a topic that is not the client's.
func (f *Front) reject(in *inbound) error {
	f.stats.rejected.Add(1)
	if r, ok := f.in.(Rejector); ok {
		return r.Reject(
			in.s.id,
			in.m.topic,
			in.m.payload,
			"topic is not the device's own",
			in.done,
		)
	}
	in.done(nil)
	return nil
}

// await queues a QoS 1 or 2 publication for its acknowledgement. While the queue is full, an MQTT
// 3.1.1 client is not read; an MQTT 5 client was told the limit (MQTT5 3.3.4). fresh is false for a
// QoS 2 message that was received before.
func (c *client) await(in *inbound) (fresh bool, err error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if in.m.qos == 2 {
		if old := c.s.received[in.id]; old != nil {
			c.again(old)
			return false, nil
		}
	}
	if c.v5 && c.open >= c.f.cfg.MaxInflight {
		return false, violation{
			rcReceiveMaximum,
			"more publications in flight than the receive maximum",
		}
	}
	if in.m.qos == 2 && len(c.s.received) >= max(c.f.cfg.MaxQueued, c.f.cfg.MaxInflight) {
		return false, violation{
			rcReceiveMaximum,
			"more QoS 2 publications without PUBREL than a session may have",
		}
	}
	for len(c.pending) >= c.f.cfg.MaxInflight && !c.closing {
		c.room.Wait()
	}
	if c.closing {
		return false, errDone
	}
	in.c = c
	c.open++
	c.pending = append(c.pending, in)
	if in.m.qos == 2 {
		if c.s.received == nil {
			c.s.received = map[uint16]*inbound{}
		}
		c.s.received[in.id] = in
	}
	return true, nil
}

// again answers a QoS 2 publication that was sent once more: with PUBREC if it is on disk, else
// once it is. The caller holds s.mu.
func (c *client) again(old *inbound) {
	if old.settled {
		c.write(func(b []byte) []byte {
			return appendAck(
				b,
				tPubrec,
				old.id,
				old.code,
				c.v5,
			)
		}, nil)
		return
	}
	if old.c != c {
		old.c = c
		c.open++
		c.pending = append(c.pending, old)
	}
	if old.failed {
		old.failed = false
		c.s.mu.Unlock()
		old.done(nil)
		c.s.mu.Lock()
	}
}

// done is called by the intake, once the publication is on disk or could not be put there. It
// delivers to the subscribers, and acknowledges when the message is on disk for offline
// subscribers, too.
func (in *inbound) done(err error) {
	if err != nil {
		in.shed(err)
		return
	}
	f := in.f
	var unsaved []delivery
	retain := in.code == rcSuccess && in.m.retain
	if retain {
		// A client that subscribes meanwhile is found below, or finds the message retained.
		f.retained.mu.Lock()
		defer f.retained.mu.Unlock()
	}
	if in.code == rcSuccess {
		if !in.tried && in.version != f.tree.version.Load() {
			in.to, _, _ = f.tree.find(in.m.topic)
		}
		_, unsaved = f.fanOut(in.m, in.to)
	}
	if len(unsaved) == 0 && !retain && in.once == "" {
		in.finish(nil)
		return
	}
	r := &record{
		kind:   recMessage,
		m:      in.m,
		retain: retain,
		once:   in.once,
	}
	if in.once != "" && in.id != 0 {
		r.session, r.id = in.s.number, in.id
	}
	in.to, in.tried = nil, true // left for a retry
	for _, d := range unsaved {
		in.to = append(in.to, d.to)
	}
	f.keep(r, unsaved, in.finish)
}

// finish acknowledges, in the order of arrival (MQTT5 4.6).
func (in *inbound) finish(err error) {
	if in.once != "" && in.id == 0 { // a will
		if err != nil {
			in.f.stats.shed.Add(1)
			in.f.wills.failed(in.once, true)
		} else {
			in.f.wills.done(in.once)
		}
		return
	}
	if err != nil && in.once == "" {
		in.shed(err)
		return
	}
	if in.m.qos == 0 || in.id == 0 {
		return
	}
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	c := in.c
	if err != nil { // the intake has it, and must not get it twice
		in.f.stats.shed.Add(1)
		in.failed, in.c = true, nil
		if c != nil {
			c.shutLocked(rcQuota)
		}
		return
	}
	in.settled = true
	if in.m.qos == 2 {
		in.m = &message{qos: 2} // remembered until PUBREL, without its payload
	}
	if c == nil {
		return
	}
	n := 0
	for n < len(c.pending) && c.pending[n].settled {
		p := c.pending[n]
		kind := byte(tPuback)
		if p.m.qos == 2 {
			kind = tPubrec
		}
		if over := c.v5 && p.code >= 0x80; over && kind == tPubrec {
			delete(in.s.received, p.id) // the exchange is over (MQTT5 4.3.3)
			c.open--
		} else if kind == tPuback {
			c.open--
		}
		if !c.closing {
			c.out = appendAck(
				c.out,
				kind,
				p.id,
				p.code,
				c.v5,
			)
		}
		n++
	}
	if n == 0 {
		return
	}
	if n == len(c.pending) {
		c.pending = c.pending[:0]
	} else {
		c.pending = append(c.pending[:0], c.pending[n:]...)
	}
	if !c.closing {
		in.f.stats.acked.Add(uint64(n))
		c.mark()
	}
	c.room.Signal()
}

// shed leaves a publication unacknowledged and closes the connection, so that
// the client sends it again later. A QoS 0 message is lost and counted.
func (in *inbound) shed(err error) {
	in.f.stats.shed.Add(1)
	if in.id == 0 {
		if in.once != "" {
			in.f.wills.failed(in.once, false)
		}
		return
	}
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	if in.m.qos == 2 && in.s.received[in.id] == in {
		delete(in.s.received, in.id)
		if in.once != "" {
			in.f.state.note(&record{
				kind:    recForgotten,
				session: in.s.number,
				id:      in.id,
			})
		}
	}
	if in.c != nil && !in.c.closing {
		in.f.log.Debug("mqtt publication not durable, client closed", "device", in.s.id.Device,
			"school", in.s.id.School, "error", err)
		in.c.shutLocked(rcQuota)
	}
}

// release ends a QoS 2 exchange (MQTT5 3.6). The client may then use the packet identifier again,
// so the end is on disk before PUBCOMP.
func (c *client) release(id uint16) error {
	s := c.s
	s.mu.Lock()
	defer s.mu.Unlock()
	code := byte(rcSuccess)
	switch in := s.received[id]; {
	case in == nil:
		code = rcIDNotFound
	case !in.settled:
		return violation{rcProtocol, "PUBREL before PUBREC"}
	default:
		if in.once != "" {
			in.forgotten = true // or a snapshot in between would still contain it
			s.mu.Unlock()
			err := c.f.state.wait(&record{
				kind:    recForgotten,
				session: s.number,
				id:      id,
			})
			s.mu.Lock()
			if err != nil {
				return err
			}
		}
		delete(s.received, id)
		if in.c == c {
			c.open--
		}
	}
	c.write(func(b []byte) []byte {
		return appendAck(
			b,
			tPubcomp,
			id,
			code,
			c.v5,
		)
	}, nil)
	return nil
}
