package mqttfront

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// recordKind says what a record of the state log tells.
type recordKind byte

// The kinds are written to disk: their numbers do not change.
const (
	// a connection took or began the session: identity, expiry, will
	recSession recordKind = 1 + iota
	// its connection ended: expiry, deadline, what is left of the will
	recOffline
	recGone         // the session ended
	recSubscribed   // subs
	recUnsubscribed // subs, by filter
	// a message, for which sessions it waits, whether it is retained, and what it settles
	recMessage
	recAcked    // the session's client has message id
	recReleased // QoS 2 to the client: PUBREC came for id
	// QoS 2 from the client: id is about to be handed to the intake
	recIntent
	recForgotten // QoS 2 from the client: id is free again
	recWillDue   // a will is about to be published
	// everything about a session: what came before does not count
	recWhole
	recMark // empty: whoever waits for it waits for all before it
)

// record is one entry of the state log; which fields are set follows from kind.
type record struct {
	kind     recordKind
	session  uint64
	id       uint16
	who      Identity
	clientID string
	expiry   time.Duration
	deadline time.Time // zero while connected
	will     *will
	subs     []subscription
	m        *message
	retain   bool
	to       []address
	once     string // what the intake knows the publication or will by
	after    uint64 // the intake's mark when it was handed over
	held     []*outgoing
	received []exchange

	size int // bytes that it took, once it is appended
}

// address is a session that a message waits for, and how it is sent there.
type address struct {
	session uint64
	id      uint16
	qos     byte
	retain  bool
}

// exchange is a QoS 2 publication that a client has not released.
type exchange struct {
	id      uint16
	settled bool
}

// errState means that bytes are not a record of the state log.
var errState = errors.New("not a record of the MQTT state")

// append encodes a record: its kind, the session, and then what the kind needs. Numbers are
// uvarints, strings and bytes have their length before them, times are varint nanoseconds since
// 1970, 0 for none.
func (r *record) append(b []byte) []byte {
	b = append(b, byte(r.kind))
	b = binary.AppendUvarint(b, r.session)
	switch r.kind {
	case recSession:
		b = appendIdentity(b, r)
		b = binary.AppendUvarint(b, uint64(r.expiry))
		b = appendWill(b, r.will)
	case recOffline:
		b = binary.AppendUvarint(b, uint64(r.expiry))
		b = appendInstant(b, r.deadline)
		b = appendWill(b, r.will)
	case recSubscribed, recUnsubscribed:
		b = appendSubs(b, r.subs)
	case recMessage:
		b = binary.AppendUvarint(b, uint64(r.id))
		b = appendText(b, r.once)
		b = appendFlag(b, r.retain)
		b = binary.AppendUvarint(b, uint64(len(r.to)))
		for _, a := range r.to {
			b = binary.AppendUvarint(b, a.session)
			b = appendSending(b, a.id, a.qos, a.retain, 0)
		}
		if len(r.to) > 0 || r.retain {
			b = appendMessage(b, r.m)
		}
	case recAcked, recReleased, recForgotten:
		b = binary.AppendUvarint(b, uint64(r.id))
	case recIntent:
		b = binary.AppendUvarint(b, uint64(r.id))
		b = appendText(b, r.once)
		b = binary.AppendUvarint(b, r.after)
		b = appendMessage(b, r.m)
	case recWillDue:
		b = appendIdentity(b, r)
		b = appendWill(b, r.will)
	case recWhole:
		b = appendIdentity(b, r)
		b = binary.AppendUvarint(b, uint64(r.expiry))
		b = appendInstant(b, r.deadline)
		b = appendWill(b, r.will)
		b = appendSubs(b, r.subs)
		b = binary.AppendUvarint(b, uint64(len(r.held)))
		for _, o := range r.held {
			b = appendSending(
				b,
				o.id,
				o.qos,
				o.retain,
				o.progress(),
			)
			b = appendMessage(b, o.m)
		}
		b = binary.AppendUvarint(b, uint64(len(r.received)))
		for _, x := range r.received {
			b = binary.AppendUvarint(b, uint64(x.id))
			b = appendFlag(b, x.settled)
		}
	}
	return b
}

// decodeRecord reads what append wrote. Bytes that are no record give errState.
func decodeRecord(b []byte) (*record, error) {
	d := stateDecoder{b: b}
	r := &record{
		kind:    recordKind(d.byte()),
		session: d.number(),
	}
	switch r.kind {
	case recSession:
		d.identity(r)
		r.expiry = time.Duration(d.number())
		r.will = d.will()
	case recOffline:
		r.expiry = time.Duration(d.number())
		r.deadline = d.instant()
		r.will = d.will()
	case recSubscribed, recUnsubscribed:
		r.subs = d.subs()
	case recMessage:
		r.id = d.packetID()
		r.once = d.text()
		r.retain = d.flag()
		for n := d.count(3); n > 0; n-- {
			a := address{session: d.number()}
			a.id, a.qos, a.retain, _ = d.sending()
			r.to = append(r.to, a)
		}
		if len(r.to) > 0 || r.retain {
			r.m = d.message()
		}
	case recAcked, recReleased, recForgotten:
		r.id = d.packetID()
	case recIntent:
		r.id = d.packetID()
		r.once = d.text()
		r.after = d.number()
		r.m = d.message()
	case recWillDue:
		d.identity(r)
		if r.will = d.will(); r.will == nil {
			d.bad = true
		}
	case recWhole:
		d.identity(r)
		r.expiry = time.Duration(d.number())
		r.deadline = d.instant()
		r.will = d.will()
		r.subs = d.subs()
		for n := d.count(3); n > 0; n-- {
			o := &outgoing{}
			var progress byte
			o.id, o.qos, o.retain, progress = d.sending()
			o.released = progress&flagReleased != 0
			o.sent = progress&flagFresh == 0
			o.saving = progress&flagSaving != 0
			o.m = d.message()
			r.held = append(r.held, o)
		}
		for n := d.count(2); n > 0; n-- {
			r.received = append(r.received, exchange{d.packetID(), d.flag()})
		}
	case recGone, recMark:
	default:
		return nil, errState
	}
	if d.bad || len(d.b) > 0 || r.expiry < 0 {
		return nil, errState
	}
	return r, nil
}

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendFlag(b []byte, f bool) []byte {
	if f {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendInstant(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, 0)
	}
	return binary.AppendVarint(b, t.UnixNano())
}

func appendIdentity(b []byte, r *record) []byte {
	b = appendText(b, r.who.School)
	b = appendText(b, r.who.Device)
	return appendText(b, r.clientID)
}

// Flags of a message's progress, beside its quality of service in the low two bits.
const (
	flagRetain   = 4
	flagReleased = 8
	flagFresh    = 16 // never sent
	flagSaving   = 32 // it has a record of its own, before or after this one
	flagAll      = 63
)

func (o *outgoing) progress() (flags byte) {
	if o.released || o.releasing {
		flags |= flagReleased
	}
	if !o.sent {
		flags |= flagFresh
	}
	if o.saving {
		flags |= flagSaving
	}
	return flags
}

func appendSending(b []byte, id uint16, qos byte, retain bool, progress byte) []byte {
	flags := qos | progress
	if retain {
		flags |= flagRetain
	}
	return append(binary.AppendUvarint(b, uint64(id)), flags)
}

func appendSubs(b []byte, subs []subscription) []byte {
	b = binary.AppendUvarint(b, uint64(len(subs)))
	for _, s := range subs {
		flags := s.qos
		if s.noLocal {
			flags |= 4
		}
		if s.retainAsPublished {
			flags |= 8
		}
		b = append(appendText(b, s.filter), flags)
	}
	return b
}

func appendMessage(b []byte, m *message) []byte {
	flags := m.qos
	if m.retain {
		flags |= 4
	}
	b = append(appendText(b, m.topic), flags)
	b = appendInstant(b, m.expires)
	if len(m.props) == 0 {
		b = append(b, 0)
	} else { // with its own length, as in a packet
		b = binary.AppendUvarint(b, uint64(lengthSize(len(m.props))+len(m.props)))
		b = appendProperties(b, &message{props: m.props}, time.Time{})
	}
	return appendText(b, m.payload)
}

func appendWill(b []byte, w *will) []byte {
	if w == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	b = binary.AppendUvarint(b, uint64(w.delay))
	b = appendInstant(b, w.at)
	b = appendText(b, w.once)
	b = binary.AppendUvarint(b, w.after)
	return appendMessage(b, w.m)
}

// stateDecoder reads fields one after another and remembers that one did not fit.
type stateDecoder struct {
	b   []byte
	bad bool
}

func (d *stateDecoder) byte() byte {
	if len(d.b) == 0 {
		d.bad = true
		return 0
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c
}

func (d *stateDecoder) flag() bool {
	c := d.byte()
	d.bad = d.bad || c > 1
	return c == 1
}

func (d *stateDecoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *stateDecoder) packetID() uint16 {
	n := d.number()
	d.bad = d.bad || n > math.MaxUint16
	return uint16(n)
}

// count reads how many parts of at least size bytes follow.
func (d *stateDecoder) count(size int) int {
	n := d.number()
	if n > uint64(len(d.b)/size) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *stateDecoder) bytes() []byte {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.bad = true
		return nil
	}
	s := d.b[:n:n]
	d.b = d.b[n:]
	return s
}

func (d *stateDecoder) text() string { return string(d.bytes()) }

func (d *stateDecoder) instant() time.Time {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.bad = true
		return time.Time{}
	}
	d.b = d.b[size:]
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

func (d *stateDecoder) identity(r *record) {
	r.who = Identity{gatehouse.SchoolID(d.text()), gatehouse.DeviceID(d.text())}
	r.clientID = d.text()
}

func (d *stateDecoder) sending() (id uint16, qos byte, retain bool, progress byte) {
	id = d.packetID()
	flags := d.byte()
	d.bad = d.bad || flags&3 == 3 || flags > flagAll || id == 0
	return id, flags & 3, flags&flagRetain != 0, flags &^ (3 | flagRetain)
}

func (d *stateDecoder) subs() (subs []subscription) {
	for n := d.count(2); n > 0; n-- {
		s := subscription{filter: d.text()}
		flags := d.byte()
		s.qos = flags & 3
		s.noLocal = flags&4 != 0
		s.retainAsPublished = flags&8 != 0
		d.bad = d.bad || flags&3 == 3 || flags > 15 || !validFilter(s.filter)
		subs = append(subs, s)
	}
	return subs
}

func (d *stateDecoder) message() *message {
	m := &message{topic: d.text()}
	flags := d.byte()
	m.qos, m.retain = flags&3, flags&4 != 0
	d.bad = d.bad || flags&3 == 3 || flags > 7
	m.expires = d.instant()
	if list := (decoder{b: d.bytes()}); len(list.b) > 0 {
		var p properties
		err := p.read(tPublish, &list)
		d.bad = d.bad || err != nil || list.end() != nil
		m.props, m.expiryAt = bytes.Clone(p.kept), p.expiryAt
	}
	m.payload = bytes.Clone(d.bytes()) // or a small message would keep the whole record's buffer
	return m
}

func (d *stateDecoder) will() *will {
	if !d.flag() {
		return nil
	}
	w := &will{
		delay: time.Duration(d.number()),
		at:    d.instant(),
		once:  d.text(),
		after: d.number(),
	}
	w.m = d.message()
	d.bad = d.bad || w.delay < 0
	return w
}
