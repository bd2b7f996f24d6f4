package gatehouse

import "fmt"

// EventHead is what every event's record begins with: enough to count it without making
// anything of it. School, Device, Driver and Rest are parts of the record itself.
type EventHead struct {
	Kind           EventKind
	Replayed, Late bool
	School, Device []byte
	Driver         []byte
	Time, Received int64  // nanoseconds since 1970; math.MinInt64: the zero time
	Rest           []byte // the part that Kind names, as AppendEvent wrote it
}

// DecodeHead reads the beginning of a journal record and allocates nothing. Bytes that are
// no event give an error and never a panic; that Rest is whole is for DecodeEvent to say.
func DecodeHead(b []byte) (EventHead, error) {
	d := decoder{b: b}
	version, kind, flags := d.byte(), d.byte(), d.byte()
	if d.bad || version != eventVersion || int(kind) >= len(eventKinds) {
		return EventHead{}, fmt.Errorf("%w: its beginning does not parse", ErrNoEvent)
	}
	h := EventHead{Kind: eventKinds[kind], Replayed: flags&flagReplayed != 0, Late: flags&flagLate != 0}
	d.take(d.uvarint()) // the id
	h.School, h.Device = d.take(d.uvarint()), d.take(d.uvarint())
	d.take(d.uvarint()) // the zone
	h.Driver = d.take(d.uvarint())
	h.Time, h.Received = d.varint(), d.varint()
	if d.bad {
		return EventHead{}, fmt.Errorf("%w: its beginning does not parse", ErrNoEvent)
	}
	h.Rest = d.b
	return h, nil
}

// SignOfLife is as Event's.
func (h *EventHead) SignOfLife() bool {
	return !h.Replayed || h.Late && string(h.Driver) == string(DriverMQTTFront)
}
