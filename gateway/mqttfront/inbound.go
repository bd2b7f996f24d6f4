package mqttfront

import (
	"bytes"
	"time"
)

// inbound is a publication between its arrival and its acknowledgement.
type inbound struct {
	f    *Front
	s    *session
	c    *client // to acknowledge to; nil for QoS 0 and wills. Under s.mu
	m    *message
	id   uint16
	code byte
	to   []target

	settled bool // on disk; under s.mu
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
			return violation{rcBadTopic, "topic name"}
		}
		c.topic = string(p.topic)
		c.allowed = c.s.id.MayPublish(c.topic)
		c.fixed = false
	}
	in := &inbound{f: c.f, s: c.s, id: p.id, m: &message{
		topic: c.topic, payload: bytes.Clone(p.payload), qos: p.qos, retain: p.retain, props: p.props, from: c.s,
	}}
	if p.props != nil && p.props.MessageExpiryInterval > 0 {
		in.m.expires = c.f.now().Add(time.Duration(p.props.MessageExpiryInterval) * time.Second)
	}
	if p.qos > 0 {
		fresh, err := c.await(in)
		if err != nil || !fresh {
			return err
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
		in.to = c.route
		err = c.f.in.Publish(c.s.id, in.m.topic, in.m.payload, in.m.retain, in.done)
	} else {
		in.code = rcNotAuthorized
		err = c.f.reject(in)
	}
	if err != nil {
		in.done(err)
	}
	return nil
}

// reject journals a publication on a topic that is not the client's.
func (f *Front) reject(in *inbound) error {
	f.stats.rejected.Add(1)
	if r, ok := f.in.(Rejector); ok {
		return r.Reject(in.s.id, in.m.topic, in.m.payload, "topic is not the device's own", in.done)
	}
	in.done(nil)
	return nil
}

// await puts a QoS 1 or 2 publication in line for its acknowledgement. A full
// line holds an MQTT 3.1.1 client back; an MQTT 5 client was told the bound
// (MQTT5 3.3.4). fresh is false for a QoS 2 message that came before.
func (c *client) await(in *inbound) (fresh bool, err error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if in.m.qos == 2 {
		if old := c.s.received[in.id]; old != nil {
			c.again(old)
			return false, nil
		}
	}
	for len(c.pending) >= c.f.cfg.MaxInflight && !c.closing {
		if c.v5 {
			return false, violation{rcReceiveMaximum, "more publications in flight than the receive maximum"}
		}
		c.room.Wait()
	}
	if c.closing {
		return false, errDone
	}
	in.c = c
	c.pending = append(c.pending, in)
	if in.m.qos == 2 {
		if c.s.received == nil {
			c.s.received = map[uint16]*inbound{}
		}
		c.s.received[in.id] = in
	}
	return true, nil
}

// again answers a QoS 2 publication that was sent once more: with PUBREC if it
// is on disk, else when it will be.
func (c *client) again(old *inbound) {
	if old.settled {
		c.write(func(b []byte) []byte { return appendAck(b, tPubrec, old.id, old.code, c.v5) }, nil)
		return
	}
	if old.c != c {
		old.c = c
		c.pending = append(c.pending, old)
	}
}

// done is called once the publication is on disk, or could not be put there.
func (in *inbound) done(err error) {
	if err != nil {
		in.shed(err)
		return
	}
	if in.code == rcSuccess {
		if in.m.retain {
			in.f.retained.put(in.m, in.f.cfg.MaxRetained)
		}
		in.f.fanOut(in.m, in.to)
	}
	if in.m.qos == 0 || in.id == 0 {
		return
	}
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	in.settled = true
	c := in.c
	if c == nil {
		return
	}
	n := 0
	for n < len(c.pending) && c.pending[n].settled {
		p := c.pending[n]
		kind := byte(tPuback)
		if p.m.qos == 2 {
			kind = tPubrec
			p.m = &message{qos: 2} // remembered until PUBREL, without its payload
			if c.v5 && p.code >= 0x80 {
				delete(in.s.received, p.id) // the exchange is over (MQTT5 4.3.3)
			}
		}
		if !c.closing {
			c.out = appendAck(c.out, kind, p.id, p.code, c.v5)
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
	if in.m.qos == 0 {
		return
	}
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	delete(in.s.received, in.id)
	if in.c != nil && !in.c.closing {
		in.f.log.Debug("mqtt publication not durable, client closed", "device", in.s.id.Device, "school", in.s.id.School, "error", err)
		in.c.shutLocked(rcQuota)
	}
}

// release ends a QoS 2 exchange (MQTT5 3.6).
func (c *client) release(id uint16) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	code := byte(rcSuccess)
	if in := c.s.received[id]; in == nil {
		code = rcIDNotFound
	} else if in.settled {
		delete(c.s.received, id)
	}
	c.write(func(b []byte) []byte { return appendAck(b, tPubcomp, id, code, c.v5) }, nil)
}

// fanOut delivers a message to its subscribers.
func (f *Front) fanOut(m *message, to []target) int {
	n := 0
	for _, t := range to {
		if t.sub.noLocal && t.s == m.from {
			continue
		}
		if t.s.deliver(m, t.sub, false) {
			n++
		}
	}
	return n
}
