package mqttfront

import "math/bits"

// Property identifiers, MQTT5 2.2.2.2.
const (
	propPayloadFormat        = 0x01
	propMessageExpiry        = 0x02
	propContentType          = 0x03
	propResponseTopic        = 0x08
	propCorrelationData      = 0x09
	propSubscriptionID       = 0x0B
	propSessionExpiry        = 0x11
	propAssignedClientID     = 0x12
	propAuthenticationMethod = 0x15
	propAuthenticationData   = 0x16
	propRequestProblemInfo   = 0x17
	propWillDelay            = 0x18
	propRequestResponseInfo  = 0x19
	propServerReference      = 0x1C
	propReasonString         = 0x1F
	propReceiveMaximum       = 0x21
	propTopicAliasMaximum    = 0x22
	propTopicAlias           = 0x23
	propUser                 = 0x26
	propMaximumPacketSize    = 0x27
	propSubIDAvailable       = 0x29
)

// willProperties is a kind of its own beside the packet types.
const willProperties = 16

// properties are what the front needs of a property list. The others are validated and not kept.
type properties struct {
	seen uint64 // by identifier

	sessionExpiry  uint32
	receiveMaximum uint16
	maximumPacket  uint32
	willDelay      uint32

	kept     []byte // of PUBLISH and will: the list as it is to be passed on; aliases the packet
	expiryAt int    // where in kept the message expiry's four bytes are; 0: nowhere
}

func (p *properties) has(id byte) bool { return p.seen&(1<<id) != 0 }

// allowed are the properties that a client may set in a packet (MQTT5 2.2.2.2).
func allowed(kind byte) uint64 {
	const (
		publication = 1<<propPayloadFormat | 1<<propMessageExpiry | 1<<propContentType |
			1<<propResponseTopic | 1<<propCorrelationData | 1<<propUser
		answer = 1<<propReasonString | 1<<propUser
	)
	switch kind {
	case tConnect:
		return 1<<propSessionExpiry | 1<<propAuthenticationMethod | 1<<propAuthenticationData |
			1<<propRequestProblemInfo | 1<<propRequestResponseInfo |
			1<<propReceiveMaximum | 1<<propTopicAliasMaximum | 1<<propUser |
			1<<propMaximumPacketSize
	case willProperties:
		return publication | 1<<propWillDelay
	case tPublish:
		return publication | 1<<propTopicAlias | 1<<propSubscriptionID
	case tPuback, tPubrec, tPubrel, tPubcomp:
		return answer
	case tSubscribe:
		return 1<<propSubscriptionID | 1<<propUser
	case tUnsubscribe:
		return 1 << propUser
	case tDisconnect:
		return answer | 1<<propSessionExpiry | 1<<propServerReference
	}
	return 0
}

// read takes a property list with its length from d. Whatever the standard
// calls malformed or a protocol error is an error here.
func (p *properties) read(kind byte, d *decoder) error {
	list := decoder{b: d.take(d.varint())}
	if d.bad != "" {
		return malformed(d.bad)
	}
	whole, may := list.b, allowed(kind)
	skip, skipTo := 0, 0 // the will delay is not passed on
	for len(list.b) > 0 {
		at := len(whole) - len(list.b)
		id := list.u8()
		if id > 63 || may&(1<<id) == 0 {
			return malformed("property that does not belong there")
		}
		if p.has(id) && id != propUser {
			return violation{rcProtocol, "property given twice"}
		}
		p.seen |= 1 << id
		if err := p.value(id, &list); err != nil {
			return err
		}
		switch id {
		case propMessageExpiry:
			p.expiryAt = at + 1
		case propWillDelay:
			skip, skipTo = at, len(whole)-len(list.b)
		}
	}
	if list.bad != "" {
		return malformed(list.bad)
	}
	p.kept = whole
	if skipTo > 0 {
		p.kept = append(whole[:skip:skip], whole[skipTo:]...)
		if p.expiryAt > skip {
			p.expiryAt -= skipTo - skip
		}
	}
	return nil
}

// value reads one property's value.
func (p *properties) value(id byte, d *decoder) error {
	wrong := false
	switch id {
	case propPayloadFormat, propRequestProblemInfo, propRequestResponseInfo:
		wrong = d.u8() > 1
	case propMessageExpiry:
		d.u32() // read from kept later
	case propSessionExpiry:
		p.sessionExpiry = d.u32()
	case propWillDelay:
		p.willDelay = d.u32()
	case propMaximumPacketSize:
		p.maximumPacket = d.u32()
		wrong = p.maximumPacket == 0
	case propReceiveMaximum:
		p.receiveMaximum = d.u16()
		wrong = p.receiveMaximum == 0
	case propTopicAliasMaximum, propTopicAlias:
		d.u16()
	case propSubscriptionID:
		wrong = d.varint() == 0
	case propCorrelationData, propAuthenticationData:
		d.data()
	case propResponseTopic:
		b := d.text()
		wrong = !validTopic(b)
	case propUser:
		d.text()
		d.text()
	default:
		d.text()
	}
	if d.bad != "" {
		return malformed(d.bad)
	}
	if wrong {
		return violation{rcProtocol, "value of a property"}
	}
	return nil
}

// lengthSize is how many bytes appendLength takes (MQTT5 1.5.5).
func lengthSize(n int) int { return max(1, (bits.Len(uint(n))+6)/7) }
