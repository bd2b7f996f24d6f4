package mqttfront

import (
	"bytes"
	"strings"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// maxFilters bounds the subscriptions of one session.
const maxFilters = 64

// subscribe grants filters below the client's own topics and sends what is
// retained for them (MQTT5 3.8).
func (c *client) subscribe(pk *packets.Packet) error {
	switch {
	case pk.PacketID == 0 || len(pk.Filters) == 0:
		return violation{rcProtocol, "subscribe without a packet identifier or a filter"}
	case len(pk.Properties.SubscriptionIdentifier) > 0:
		return violation{rcNoIdentifiers, "subscription identifiers are not offered"}
	}
	type grant struct {
		sub  subscription
		send bool
	}
	var grants []grant
	codes := make([]byte, 0, len(pk.Filters))
	for _, f := range pk.Filters {
		sub := subscription{strings.Clone(f.Filter), f.Qos, f.NoLocal, f.RetainAsPublished}
		group, _ := splitShared(sub.filter)
		if group != "" && sub.noLocal {
			return violation{rcProtocol, "no-local on a shared subscription"}
		}
		code, fresh := c.grant(sub)
		codes = append(codes, code)
		send := group == "" && (f.RetainHandling == 0 || f.RetainHandling == 1 && fresh)
		if code < 0x80 && send {
			grants = append(grants, grant{sub, true})
		}
	}
	ack := packets.Packet{ProtocolVersion: c.version5(), PacketID: pk.PacketID, ReasonCodes: codes,
		FixedHeader: packets.FixedHeader{Type: tSuback}}
	var buf bytes.Buffer
	if err := ack.SubackEncode(&buf); err != nil {
		return err
	}
	c.s.mu.Lock()
	c.write(func(b []byte) []byte { return append(b, buf.Bytes()...) }, nil)
	c.s.mu.Unlock()
	for _, g := range grants {
		for _, m := range c.f.retained.find(g.sub.filter, c.f.now()) {
			c.s.deliver(m, g.sub, true)
		}
	}
	return nil
}

// grant adds one subscription and returns its reason code (MQTT5 3.9.3).
func (c *client) grant(sub subscription) (code byte, fresh bool) {
	s := c.s
	refuse := func(code byte) (byte, bool) {
		c.f.stats.rejected.Add(1)
		if !c.v5 {
			return rcUnspecified, false // the only failure of MQTT 3.1.1
		}
		return code, false
	}
	if !validFilter(sub.filter) {
		return refuse(rcBadFilter)
	}
	if !s.id.MaySubscribe(sub.filter) {
		return refuse(rcNotAuthorized)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, had := s.subs[sub.filter]; !had && len(s.subs) >= maxFilters {
		return refuse(rcQuota)
	}
	if s.gone || s.c != c {
		return refuse(rcUnspecified)
	}
	if s.subs == nil {
		s.subs = map[string]subscription{}
	}
	s.subs[sub.filter] = sub
	return sub.qos, s.f.tree.add(s, sub)
}

// unsubscribe removes filters (MQTT5 3.10).
func (c *client) unsubscribe(pk *packets.Packet) error {
	if pk.PacketID == 0 || len(pk.Filters) == 0 {
		return violation{rcProtocol, "unsubscribe without a packet identifier or a filter"}
	}
	s := c.s
	codes := make([]byte, 0, len(pk.Filters))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range pk.Filters {
		if _, had := s.subs[f.Filter]; !had {
			codes = append(codes, rcNoSubscription)
			continue
		}
		delete(s.subs, f.Filter)
		s.f.tree.remove(s, f.Filter)
		codes = append(codes, rcSuccess)
	}
	ack := packets.Packet{ProtocolVersion: c.version5(), PacketID: pk.PacketID, ReasonCodes: codes,
		FixedHeader: packets.FixedHeader{Type: tUnsuback}}
	var buf bytes.Buffer
	if err := ack.UnsubackEncode(&buf); err != nil {
		return err
	}
	c.write(func(b []byte) []byte { return append(b, buf.Bytes()...) }, nil)
	return nil
}

// disconnect ends the connection in order; MQTT 5 may keep the will and change
// how long the session lives (MQTT5 3.14).
func (c *client) disconnect(pk *packets.Packet) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if pk.Properties.SessionExpiryIntervalFlag {
		want := c.f.expiryOf(pk.Properties.SessionExpiryInterval)
		if c.s.expiry == 0 && want > 0 {
			return violation{rcProtocol, "session expiry for a session that has none"}
		}
		c.s.expiry = want
	}
	c.clean = pk.ReasonCode != rcWithWill
	c.shutLocked(rcSuccess)
	return errDone
}

func (c *client) version5() byte {
	if c.v5 {
		return 5
	}
	return 4
}

// willOf takes the will out of a CONNECT (MQTT5 3.1.2.5).
func (f *Front) willOf(pk *packets.Packet, s *session) *will {
	con := &pk.Connect
	if !con.WillFlag {
		return nil
	}
	w := &will{m: &message{topic: strings.Clone(con.WillTopic), payload: con.WillPayload, qos: con.WillQos, retain: con.WillRetain, from: s}}
	if pk.ProtocolVersion == 5 {
		p := con.WillProperties.Copy(false)
		w.delay = time.Duration(p.WillDelayInterval) * time.Second
		if p.MessageExpiryInterval > 0 {
			w.m.expires = f.now().Add(time.Duration(p.MessageExpiryInterval) * time.Second)
		}
		p.WillDelayInterval = 0
		w.m.props = &p
	}
	return w
}

// publishWill sends a will the way any publication of the device goes.
func (f *Front) publishWill(s *session, w *will) {
	in := &inbound{f: f, s: s, m: w.m}
	var err error
	if s.id.MayPublish(w.m.topic) && validTopic([]byte(w.m.topic)) {
		in.to, _, _ = f.tree.find(w.m.topic)
		err = f.in.Publish(s.id, w.m.topic, w.m.payload, w.m.retain, in.done)
	} else {
		in.code = rcNotAuthorized
		err = f.reject(in)
	}
	if err != nil {
		f.stats.shed.Add(1)
	}
}
