package mqttfront

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// Control packet types, MQTT5 2.1.2.
const (
	tConnect = iota + 1
	tConnack
	tPublish
	tPuback
	tPubrec
	tPubrel
	tPubcomp
	tSubscribe
	tSuback
	tUnsubscribe
	tUnsuback
	tPingreq
	tPingresp
	tDisconnect
	tAuth
)

// Reason codes, MQTT5 2.4.
const (
	rcSuccess        = 0x00
	rcWithWill       = 0x04
	rcNoSubscription = 0x11
	rcUnspecified    = 0x80
	rcMalformed      = 0x81
	rcProtocol       = 0x82
	rcVersion        = 0x84
	rcClientID       = 0x85
	rcCredentials    = 0x86
	rcNotAuthorized  = 0x87
	rcUnavailable    = 0x88
	rcBusy           = 0x89
	rcConnectRate    = 0x9F
	rcShuttingDown   = 0x8B
	rcBadMethod      = 0x8C
	rcKeepAlive      = 0x8D
	rcTakenOver      = 0x8E
	rcBadFilter      = 0x8F
	rcBadTopic       = 0x90
	rcIDNotFound     = 0x92
	rcReceiveMaximum = 0x93
	rcTopicAlias     = 0x94
	rcTooLarge       = 0x95
	rcQuota          = 0x97
	rcNoIdentifiers  = 0xA1 // subscription identifiers not supported
)

// violation closes a connection with a reason code.
type violation struct {
	code byte
	why  string
}

func (v violation) Error() string { return fmt.Sprintf("%s (reason 0x%02x)", v.why, v.code) }

func malformed(why string) error { return violation{rcMalformed, why} }

// frame finds the first packet in b: its first byte, its body, and its whole
// length. total is 0 while too little is there to tell (MQTT5 1.5.5, 2.1.4).
func frame(b []byte, limit int) (first byte, body []byte, total int, err error) {
	if len(b) < 2 {
		return 0, nil, 0, nil
	}
	length, n := 0, 1
	for shift := 0; ; shift += 7 {
		if n > 4 {
			return 0, nil, 0, malformed("remaining length of more than four bytes")
		}
		if n >= len(b) {
			return 0, nil, 0, nil
		}
		c := b[n]
		n++
		length |= int(c&0x7f) << shift
		if c < 0x80 {
			break
		}
	}
	total = n + length
	if total > limit {
		return 0, nil, total, violation{
			rcTooLarge,
			fmt.Sprintf("packet of %d bytes, at most %d", total, limit),
		}
	}
	if len(b) < total {
		return 0, nil, total, nil
	}
	return b[0], b[n:total], total, nil
}

// publication is a PUBLISH as it was read; it aliases the buffer.
type publication struct {
	topic   []byte
	payload []byte
	id      uint16
	qos     byte
	retain  bool
	props   properties
}

// readPublish decodes a PUBLISH body (MQTT5 3.3). It does not check the topic.
func readPublish(first byte, body []byte, v5 bool) (p publication, err error) {
	p.qos, p.retain = first>>1&3, first&1 == 1
	if p.qos == 3 || p.qos == 0 && first&8 != 0 {
		return p, malformed("quality of service flags")
	}
	d := decoder{b: body}
	p.topic = d.data()
	if p.qos > 0 {
		if p.id = d.u16(); p.id == 0 && d.bad == "" {
			return p, errNoID
		}
	}
	if v5 {
		if err := p.props.read(tPublish, &d); err != nil {
			return p, err
		}
		switch {
		case p.props.has(propTopicAlias):
			return p, violation{rcTopicAlias, "topic alias, which was not offered"}
		case p.props.has(propSubscriptionID):
			return p, violation{rcProtocol, "subscription identifier from a client"}
		}
	}
	if d.bad != "" {
		return p, malformed(d.bad)
	}
	p.payload = d.b
	return p, nil
}

// badTopic is what is wrong with a topic name that is not valid.
func badTopic(topic []byte) error {
	switch {
	case !isText(topic):
		return malformed("topic name is not UTF-8, or has U+0000 in it")
	case len(topic) == 0:
		return violation{rcProtocol, "no topic name"}
	}
	return violation{rcBadTopic, "wildcard in a topic name"}
}

// appendAck writes PUBACK, PUBREC, PUBREL or PUBCOMP (MQTT5 3.4 to 3.7).
func appendAck(b []byte, kind byte, id uint16, code byte, v5 bool) []byte {
	first := kind << 4
	if kind == tPubrel {
		first |= 2
	}
	if v5 && code != rcSuccess {
		return append(b, first, 3, byte(id>>8), byte(id), code)
	}
	return append(b, first, 2, byte(id>>8), byte(id))
}

// message is one publication on its way to subscribers. It is not changed
// once it is made.
type message struct {
	topic    string
	payload  []byte
	qos      byte
	retain   bool
	props    []byte    // the publisher's property list, without its length (MQTT5 3.3.2.3)
	expiryAt int       // where the message expiry interval is in props; 0: nowhere
	expires  time.Time // zero: never (MQTT5 3.3.2.3.3)
	from     *session
}

func (m *message) size() int { return len(m.topic) + len(m.payload) + len(m.props) + 64 }

func (m *message) expired(now time.Time) bool {
	return !m.expires.IsZero() && !now.Before(m.expires)
}

// live starts the message expiry interval, if the publisher set one. The message expires at
// the first tick of the coarse clock after it; with the extra nanosecond an interval of 0
// lasts until the next tick.
func (m *message) live(now time.Time) {
	if m.expiryAt > 0 {
		m.expires = now.Add(time.Duration(binary.BigEndian.Uint32(m.props[m.expiryAt:]))*time.Second +
			1)
	}
}

// appendPublish writes a PUBLISH for one subscriber.
func appendPublish(
	b []byte, m *message, id uint16, qos byte, retain, dup, v5 bool, now time.Time,
) []byte {
	n := publishSize(m, qos, v5)
	first := byte(tPublish<<4) | qos<<1
	if retain {
		first |= 1
	}
	if dup {
		first |= 8
	}
	b = slices.Grow(b, n+5)
	b = append(b, first)
	b = appendLength(b, n)
	b = binary.BigEndian.AppendUint16(b, uint16(len(m.topic)))
	b = append(b, m.topic...)
	if qos > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	if v5 {
		b = appendProperties(b, m, now)
	}
	return append(b, m.payload...)
}

// publishSize is the remaining length of a PUBLISH.
func publishSize(m *message, qos byte, v5 bool) int {
	n := 2 + len(m.topic) + len(m.payload)
	if qos > 0 {
		n += 2
	}
	if v5 {
		n += lengthSize(len(m.props)) + len(m.props)
	}
	return n
}

func appendLength(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// appendProperties writes the publisher's properties unaltered and in their order (MQTT5 3.3.2.3),
// except that the expiry interval is what is left of it.
func appendProperties(b []byte, m *message, now time.Time) []byte {
	b = appendLength(b, len(m.props))
	at := len(b) + m.expiryAt
	b = append(b, m.props...)
	if m.expiryAt > 0 && !m.expires.IsZero() {
		left := max(0, m.expires.Sub(now)+time.Second-2) / time.Second
		binary.BigEndian.PutUint32(b[at:], uint32(left))
	}
	return b
}
