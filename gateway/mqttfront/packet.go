package mqttfront

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
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
		return 0, nil, total, violation{rcTooLarge, fmt.Sprintf("packet of %d bytes, at most %d", total, limit)}
	}
	if len(b) < total {
		return 0, nil, total, nil
	}
	return b[0], b[n:total], total, nil
}

// publication is a PUBLISH as it was read; topic and payload alias the buffer.
type publication struct {
	topic   []byte
	payload []byte
	id      uint16
	qos     byte
	retain  bool
	props   *packets.Properties // MQTT 5, nil when there are none
	extra   int                 // bytes of props
}

// readPublish decodes a PUBLISH body (MQTT5 3.3).
func readPublish(first byte, body []byte, v5 bool) (p publication, err error) {
	p.qos, p.retain = first>>1&3, first&1 == 1
	if p.qos == 3 || p.qos == 0 && first&8 != 0 {
		return p, malformed("quality of service flags")
	}
	if len(body) < 2 {
		return p, malformed("publish without a topic")
	}
	n := int(binary.BigEndian.Uint16(body))
	if len(body) < 2+n {
		return p, malformed("topic runs past the packet")
	}
	p.topic, body = body[2:2+n], body[2+n:]
	if p.qos > 0 {
		if len(body) < 2 {
			return p, malformed("publish without a packet identifier")
		}
		if p.id, body = binary.BigEndian.Uint16(body), body[2:]; p.id == 0 {
			return p, violation{rcProtocol, "packet identifier 0"}
		}
	}
	if v5 {
		if body, err = p.properties(body); err != nil {
			return p, err
		}
	}
	p.payload = body
	return p, nil
}

func (p *publication) properties(body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, malformed("publish without properties")
	}
	if body[0] == 0 {
		return body[1:], nil
	}
	n, err := decodeProperties(tPublish, body, &p.props)
	if err != nil {
		return nil, err
	}
	switch {
	case p.props.TopicAliasFlag:
		return nil, violation{rcTopicAlias, "topic alias, which was not offered"}
	case len(p.props.SubscriptionIdentifier) > 0:
		return nil, violation{rcProtocol, "subscription identifier from a client"}
	}
	p.extra = n
	return body[n:], nil
}

// decodeProperties copies what it reads: the codec's strings alias its input.
func decodeProperties(kind byte, body []byte, out **packets.Properties) (n int, err error) {
	defer recovered(&err)
	*out = &packets.Properties{}
	n, err = (*out).Decode(kind, bytes.NewBuffer(bytes.Clone(body)))
	if err != nil || n > len(body) {
		return 0, malformed("properties")
	}
	return n, nil
}

// decodeControl reads any packet but PUBLISH through the codec, on a copy of
// the body. Some truncated packets make the codec reach past its input.
func decodeControl(first byte, body []byte, v5 bool) (pk *packets.Packet, err error) {
	defer recovered(&err)
	pk = &packets.Packet{ProtocolVersion: 4}
	if v5 {
		pk.ProtocolVersion = 5
	}
	if err := pk.FixedHeader.Decode(first); err != nil {
		return nil, malformed("fixed header flags")
	}
	pk.FixedHeader.Remaining = len(body)
	body = bytes.Clone(body)
	switch pk.FixedHeader.Type {
	case tConnect:
		err = pk.ConnectDecode(body)
	case tPuback, tPubrec, tPubrel, tPubcomp:
		err = pk.PubackDecode(body)
	case tSubscribe:
		err = pk.SubscribeDecode(body)
	case tUnsubscribe:
		err = pk.UnsubscribeDecode(body)
	case tDisconnect:
		err = pk.DisconnectDecode(body)
		if v5 && len(body) == 1 {
			pk.ReasonCode = body[0]
		}
	}
	if err != nil {
		return nil, codecError(err)
	}
	return pk, nil
}

func codecError(err error) error {
	var code packets.Code
	if errors.As(err, &code) && code.Code >= 0x80 {
		return violation{code.Code, code.Reason}
	}
	return malformed(err.Error())
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = malformed("packet ends too early")
	}
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
	topic   string
	payload []byte
	qos     byte
	retain  bool
	props   *packets.Properties
	extra   int       // bytes of props
	expires time.Time // zero: never (MQTT5 3.3.2.3.3)
	from    *session
}

func (m *message) size() int { return len(m.topic) + len(m.payload) + m.extra + 64 }

func (m *message) expired(now time.Time) bool { return !m.expires.IsZero() && !now.Before(m.expires) }

// appendPublish writes a PUBLISH for one subscriber.
func appendPublish(b []byte, m *message, id uint16, qos byte, retain, dup, v5 bool, now time.Time) []byte {
	var props []byte
	if v5 {
		props = encodeProperties(m, now)
	}
	n := 2 + len(m.topic) + len(props) + len(m.payload)
	if qos > 0 {
		n += 2
	}
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
	b = append(b, props...)
	return append(b, m.payload...)
}

func appendLength(b []byte, n int) []byte {
	for n >= 0x80 {
		b = append(b, byte(n)|0x80)
		n >>= 7
	}
	return append(b, byte(n))
}

// noProperties is the encoding of an empty property list. It is never written to.
var noProperties = []byte{0}

// encodeProperties passes on what a publisher said about its message
// (MQTT5 3.3.2), with the expiry that is left.
func encodeProperties(m *message, now time.Time) []byte {
	if m.props == nil {
		return noProperties
	}
	p := *m.props
	if !m.expires.IsZero() {
		p.MessageExpiryInterval = uint32(max(1, m.expires.Sub(now)/time.Second))
	}
	var buf bytes.Buffer
	// The codec withholds response topic and correlation data without this.
	p.Encode(tPublish, packets.Mods{AllowResponseInfo: true}, &buf, 0)
	return buf.Bytes()
}
