package mqttfront

import (
	"bytes"
	"strings"

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
	var kept, send []subscription // granted; those of them that want what is retained
	codes := make([]byte, 0, len(pk.Filters))
	for _, f := range pk.Filters {
		sub := subscription{strings.Clone(f.Filter), f.Qos, f.NoLocal, f.RetainAsPublished}
		group, _ := splitShared(sub.filter)
		if group != "" && sub.noLocal {
			return violation{rcProtocol, "no-local on a shared subscription"}
		}
		code, fresh := c.grant(sub)
		codes = append(codes, code)
		if code >= 0x80 {
			continue
		}
		kept = append(kept, sub)
		if group == "" && (f.RetainHandling == 0 || f.RetainHandling == 1 && fresh) {
			send = append(send, sub)
		}
	}
	if err := c.keepSubs(recSubscribed, kept); err != nil {
		return err
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
	for _, sub := range send {
		for _, m := range c.f.retained.find(sub.filter, c.f.now()) {
			if _, o := c.s.deliver(m, sub, true); o != nil {
				c.f.keep(&record{kind: recMessage, m: m}, []delivery{{target{c.s, sub}, o}}, func(error) {})
			}
		}
	}
	return nil
}

// keepSubs has a change of a kept session's subscriptions on disk.
func (c *client) keepSubs(kind recordKind, subs []subscription) error {
	if !c.s.keeps || len(subs) == 0 {
		return nil
	}
	return c.f.state.wait(&record{kind: kind, session: c.s.number, subs: subs})
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
	var gone []subscription
	s.mu.Lock()
	for _, f := range pk.Filters {
		sub, had := s.subs[f.Filter]
		if !had {
			codes = append(codes, rcNoSubscription)
			continue
		}
		gone = append(gone, sub)
		delete(s.subs, f.Filter)
		s.f.tree.remove(s, f.Filter)
		codes = append(codes, rcSuccess)
	}
	s.mu.Unlock()
	if err := c.keepSubs(recUnsubscribed, gone); err != nil {
		return err
	}
	ack := packets.Packet{ProtocolVersion: c.version5(), PacketID: pk.PacketID, ReasonCodes: codes,
		FixedHeader: packets.FixedHeader{Type: tUnsuback}}
	var buf bytes.Buffer
	if err := ack.UnsubackEncode(&buf); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
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
