package mqttfront

import (
	"strings"
	"time"
)

// maxFilters bounds the subscriptions of one session.
const maxFilters = 64

// subscribe grants filters below the client's own topics and sends what is
// retained for them (MQTT5 3.8).
func (c *client) subscribe(p subscribePacket) error {
	for _, sub := range p.subs {
		if sub.noLocal && strings.HasPrefix(sub.filter, sharePrefix) {
			return violation{rcProtocol, "no-local on a shared subscription"}
		}
	}
	var kept, send []subscription // granted; those of them that want what is retained
	codes := make([]byte, 0, len(p.subs))
	for i, sub := range p.subs {
		code, fresh := c.grant(sub)
		codes = append(codes, code)
		if code >= 0x80 {
			continue
		}
		kept = append(kept, sub)
		if !strings.HasPrefix(sub.filter, sharePrefix) &&
			(p.handling[i] == 0 || p.handling[i] == 1 && fresh) {
			send = append(send, sub)
		}
	}
	if err := c.keepSubs(recSubscribed, kept); err != nil {
		return err
	}
	c.answer(tSuback, p.id, codes)
	if len(send) == 0 {
		return nil
	}
	c.f.retained.mu.Lock() // or a newer retained message could be sent before an older one
	defer c.f.retained.mu.Unlock()
	for _, sub := range send {
		for _, m := range c.f.retained.find(sub.filter, c.f.now()) {
			if _, o := c.s.deliver(m, sub, true); o != nil {
				c.f.keep(&record{
					kind: recMessage,
					m:    m,
				},
					[]delivery{{target{s: c.s, sub: sub}, o}}, func(error) {})
			}
		}
	}
	return nil
}

// answer writes SUBACK or UNSUBACK (MQTT5 3.9, 3.11; MQTT 3.1.1 3.9, 3.11).
func (c *client) answer(kind byte, id uint16, codes []byte) {
	props := []byte{0}
	if !c.v5 {
		props = nil
		if kind == tUnsuback {
			codes = nil
		}
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.write(func(b []byte) []byte {
		b = appendLength(append(b, kind<<4), 2+len(props)+len(codes))
		b = append(b, byte(id>>8), byte(id))
		return append(append(b, props...), codes...)
	}, nil)
}

// keepSubs waits until a change of a kept session's subscriptions is on disk.
func (c *client) keepSubs(kind recordKind, subs []subscription) error {
	if !c.s.keeps || len(subs) == 0 {
		return nil
	}
	return c.f.state.wait(&record{
		kind:    kind,
		session: c.s.number,
		subs:    subs,
	})
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
	if !validFilter(sub.filter) || tooDeep(sub.filter) {
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
func (c *client) unsubscribe(p subscribePacket) error {
	s := c.s
	codes := make([]byte, 0, len(p.subs))
	var gone []subscription
	s.mu.Lock()
	for _, u := range p.subs {
		sub, had := s.subs[u.filter]
		if !had {
			codes = append(codes, rcNoSubscription)
			continue
		}
		gone = append(gone, sub)
		delete(s.subs, u.filter)
		s.f.tree.remove(s, u.filter)
		codes = append(codes, rcSuccess)
	}
	s.mu.Unlock()
	if err := c.keepSubs(recUnsubscribed, gone); err != nil {
		return err
	}
	c.answer(tUnsuback, p.id, codes)
	return nil
}

// disconnect ends the connection in order; MQTT 5 may keep the will and change
// how long the session lives (MQTT5 3.14).
func (c *client) disconnect(p disconnectPacket) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if p.props.has(propSessionExpiry) {
		want := c.f.expiryOf(p.props.sessionExpiry)
		if c.s.expiry == 0 && want > 0 {
			return violation{rcProtocol, "session expiry for a session that has none"}
		}
		c.s.expiry = want
	}
	if p.code == rcSuccess {
		if err := c.withdraw(); err != nil {
			return err
		}
		c.clean = true
	}
	c.shutLocked(rcSuccess)
	return errDone
}

// withdraw deletes the will on disk before the client sees its connection end: after a DISCONNECT a
// power cut must not publish it. The caller holds s.mu, which is released meanwhile.
func (c *client) withdraw() error {
	s := c.s
	w := s.will
	if w == nil || s.number == 0 {
		return nil
	}
	s.will = nil
	r := &record{
		kind:     recOffline,
		session:  s.number,
		expiry:   s.expiry,
		deadline: time.Now().Add(s.expiry),
	}
	s.mu.Unlock()
	err := c.f.state.wait(r)
	s.mu.Lock()
	if err != nil {
		s.will = w
	}
	return err
}
