package mqttfront

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"
)

// decoder reads the fields of a packet one after another (MQTT5 1.5). After a
// field that does not fit, bad says why, and all that follows is empty.
type decoder struct {
	b   []byte
	bad string
}

func (d *decoder) fail(why string) {
	if d.bad == "" {
		d.bad = why
	}
	d.b = nil
}

// take returns the next n bytes; they alias the packet.
func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.fail("packet ends too early")
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) u8() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) u16() uint16 {
	if b := d.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (d *decoder) u32() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// varint reads a variable byte integer (MQTT5 1.5.5).
func (d *decoder) varint() int {
	n := 0
	for shift := 0; shift < 28; shift += 7 {
		c := d.u8()
		n |= int(c&0x7f) << shift
		if c < 0x80 {
			return n
		}
	}
	d.fail("integer of more than four bytes")
	return 0
}

// data reads binary data (MQTT5 1.5.6).
func (d *decoder) data() []byte { return d.take(int(d.u16())) }

// text reads a UTF-8 string (MQTT5 1.5.4).
func (d *decoder) text() []byte {
	b := d.data()
	if !isText(b) {
		d.fail("text is not UTF-8, or has U+0000 in it")
		return nil
	}
	return b
}

// isText tells whether bytes are a UTF-8 string of the standard: no surrogates,
// no U+0000.
func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// end returns what was wrong; bytes that are left are wrong, too.
func (d *decoder) end() error {
	if d.bad == "" && len(d.b) > 0 {
		d.fail("packet goes on after its end")
	}
	if d.bad != "" {
		return malformed(d.bad)
	}
	return nil
}

// ackPacket is PUBACK, PUBREC, PUBREL or PUBCOMP.
type ackPacket struct {
	id   uint16
	code byte
}

// readAck decodes the body of an acknowledgement (MQTT5 3.4 to 3.7).
func readAck(kind byte, body []byte, v5 bool) (a ackPacket, err error) {
	d := decoder{b: body}
	a.id = d.u16()
	if v5 && len(d.b) > 0 {
		a.code = d.u8()
		if len(d.b) > 0 {
			var p properties
			if err := p.read(kind, &d); err != nil {
				return a, err
			}
		}
	}
	if err := d.end(); err != nil {
		return a, err
	}
	if a.id == 0 {
		return a, errNoID
	}
	return a, nil
}

var errNoID error = violation{rcProtocol, "packet identifier 0"}

// subscribePacket is SUBSCRIBE or UNSUBSCRIBE.
type subscribePacket struct {
	id   uint16
	subs []subscription
	// retain handling of each subscription (MQTT5 3.8.3.1)
	handling []byte
}

// readSubscribe decodes the body of a SUBSCRIBE or an UNSUBSCRIBE (MQTT5 3.8, 3.10).
func readSubscribe(kind byte, body []byte, v5 bool) (s subscribePacket, err error) {
	d := decoder{b: body}
	s.id = d.u16()
	if v5 {
		var p properties
		if err := p.read(kind, &d); err != nil {
			return s, err
		}
		if p.has(propSubscriptionID) {
			return s, violation{rcNoIdentifiers, "subscription identifiers are not offered"}
		}
	}
	for len(d.b) > 0 {
		sub := subscription{filter: string(d.text())}
		handling := byte(0)
		if kind == tSubscribe {
			o := d.u8()
			sub.qos = o & 3
			sub.noLocal = o&4 != 0
			sub.retainAsPublished = o&8 != 0
			handling = o >> 4 & 3
			switch {
			case d.bad != "":
			case o&0xC0 != 0 || !v5 && o > 3:
				return s, malformed("reserved bits of the subscription options")
			case sub.qos == 3 && !v5:
				return s, malformed("quality of service 3")
			case sub.qos == 3 || handling == 3:
				return s, violation{rcProtocol, "subscription options"}
			}
		}
		s.subs, s.handling = append(s.subs, sub), append(s.handling, handling)
	}
	if err := d.end(); err != nil {
		return s, err
	}
	if s.id == 0 {
		return s, errNoID
	}
	if len(s.subs) == 0 {
		return s, violation{rcProtocol, "no topic filter"}
	}
	return s, nil
}

// disconnectPacket is a client's DISCONNECT.
type disconnectPacket struct {
	code  byte
	props properties
}

// readDisconnect decodes the body of a DISCONNECT (MQTT5 3.14).
func readDisconnect(body []byte, v5 bool) (p disconnectPacket, err error) {
	d := decoder{b: body}
	if v5 && len(d.b) > 0 {
		p.code = d.u8()
		if len(d.b) > 0 {
			if err := p.props.read(tDisconnect, &d); err != nil {
				return p, err
			}
		}
	}
	return p, d.end()
}

// connectPacket is a CONNECT.
type connectPacket struct {
	version  byte // 4 for MQTT 3.1.1, 5
	clean    bool
	keep     uint16 // keep alive, seconds
	clientID string
	username string
	password []byte
	will     *will
	props    properties
}

// minPacket is the smallest maximum packet size of a client that every CONNACK fits in.
const minPacket = 64

// readConnect decodes and checks the body of the first packet (MQTT5 3.1, MQTT
// 3.1.1 3.1). With an error, it returns what could be read.
func readConnect(body []byte) (c *connectPacket, err error) {
	c = &connectPacket{}
	d := decoder{b: body}
	name := string(d.text())
	c.version = d.u8()
	switch {
	case d.bad != "":
		c.version = 0
		return c, malformed(d.bad)
	case name != "MQTT":
		return c, violation{rcVersion, "protocol name is not MQTT"}
	case c.version != 4 && c.version != 5:
		return c, violation{rcVersion, fmt.Sprintf("protocol version %d", c.version)}
	}
	v5 := c.version == 5
	flags := d.u8()
	c.clean = flags&2 != 0
	c.keep = d.u16()
	if v5 {
		if err := c.props.read(tConnect, &d); err != nil {
			return c, err
		}
	}
	c.clientID = string(d.text())
	if flags&4 != 0 {
		if err := c.readWill(flags, &d); err != nil {
			return c, err
		}
	}
	if flags&0x80 != 0 {
		c.username = string(d.text())
	}
	if flags&0x40 != 0 {
		c.password = bytes.Clone(d.data())
	}
	if err := d.end(); err != nil {
		return c, err
	}
	return c, c.check(flags)
}

func (c *connectPacket) readWill(flags byte, d *decoder) error {
	m := &message{
		qos:    flags >> 3 & 3,
		retain: flags&0x20 != 0,
	}
	delay := time.Duration(0)
	if c.version == 5 {
		var p properties
		if err := p.read(willProperties, d); err != nil {
			return err
		}
		delay = time.Duration(p.willDelay) * time.Second
		m.props, m.expiryAt = bytes.Clone(p.kept), p.expiryAt
	}
	m.topic = string(d.text())
	m.payload = bytes.Clone(d.data())
	if d.bad == "" && !validTopic([]byte(m.topic)) {
		return badTopic([]byte(m.topic))
	}
	c.will = &will{m: m, delay: delay}
	return nil
}

func (c *connectPacket) check(flags byte) error {
	v5 := c.version == 5
	switch {
	case flags&1 != 0:
		return malformed("reserved connect flag")
	case flags&4 == 0 && flags&0x38 != 0, flags&0x18 == 0x18:
		return malformed("will flags")
	case !v5 && flags&0xC0 == 0x40:
		return malformed("password without a user name")
	case !v5 && c.clientID == "" && !c.clean:
		return violation{rcClientID, "no client identifier for a kept session"}
	case c.props.has(propAuthenticationMethod):
		return violation{rcBadMethod, "enhanced authentication is not offered"}
	case c.props.has(propAuthenticationData):
		return violation{rcProtocol, "authentication data without a method"}
	case c.props.has(propMaximumPacketSize) && c.props.maximumPacket < minPacket:
		return violation{
			rcTooLarge,
			fmt.Sprintf("the client takes packets of %d bytes: no answer fits",
				c.props.maximumPacket),
		}
	}
	return nil
}
