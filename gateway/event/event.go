// Package event encodes events as protobuf with field tags (see event.proto), so that an older and
// a newer gateway read each other's. A field that this version does not know is kept and written
// again; an event of a kind that it does not know decodes to one without a part, which readers
// skip. Records from before the tags are read, and never written. This package decides nothing
// about an event, and panics on no bytes.
package event

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// ErrNoEvent is what Decode returns, wrapped, for bytes that are no event.
var ErrNoEvent = errors.New("not an event")

// Fields of the message Event. Those of the parts are in kinds.go.
const (
	fieldSchool   = 1
	fieldDevice   = 2
	fieldZone     = 3
	fieldDriver   = 4
	fieldMillis   = 5 // the time, where it is of whole milliseconds as most devices' are
	fieldReceived = 6 // nanoseconds after the time: few, and mostly 0
	fieldID       = 7
	fieldHistory  = 8
	fieldNanos    = 17 // the time, where it is finer
)

// Bits of fieldHistory.
const (
	replayed = 1
	late     = 2
)

// Append appends the record of e, without its sequence, to b.
func Append(b []byte, e *g.Event) ([]byte, error) {
	field := fieldOf(e.Kind)
	if field == 0 && (e.Kind != "" || len(e.Extra) == 0) {
		return b, fmt.Errorf("encode event: unknown kind %q", e.Kind)
	}
	b = appendText(b, fieldSchool, string(e.School))
	b = appendText(b, fieldDevice, string(e.Device))
	b = appendText(b, fieldZone, string(e.Zone))
	b = appendText(b, fieldDriver, string(e.Driver))
	b = appendTimes(b, e.Time, e.Received)
	b = appendText(b, fieldID, e.ID)
	if n := history(e); n != 0 {
		b = appendNumber(b, fieldHistory, n)
	}
	if field == 0 {
		return append(b, e.Extra...), nil
	}
	b, err := appendPart(b, e, field)
	if err != nil {
		return b, fmt.Errorf("encode event: %w", err)
	}
	return append(b, e.Extra...), nil
}

func history(e *g.Event) (n uint64) {
	if e.Replayed {
		n |= replayed
	}
	if e.Late {
		n |= late
	}
	return n
}

// shared is the size up to which a record's strings share one allocation: of a longer record, a
// single string that is kept would keep all of it in memory.
const shared = 512

// Decode reads a record; seq becomes the event's sequence and, for observations, its id. Bytes
// that are no event give an error.
func Decode(seq uint64, b []byte) (g.Event, error) {
	if len(b) > 0 && b[0] == untagged {
		return decodeUntagged(seq, b)
	}
	d := decoder{b: b}
	id := d.share(seq)
	e := g.Event{Seq: seq}
	var t times
	for d.more() {
		begin := d.at
		switch tag := d.tag(); tag {
		case fieldSchool<<3 | counted:
			e.School = g.SchoolID(d.string())
		case fieldDevice<<3 | counted:
			e.Device = g.DeviceID(d.string())
		case fieldZone<<3 | counted:
			e.Zone = g.ZoneID(d.string())
		case fieldDriver<<3 | counted:
			e.Driver = g.DriverName(d.string())
		case fieldMillis<<3 | varint:
			t.millis(unzigzag(d.number()))
		case fieldNanos<<3 | fixed64:
			t.nanos(int64(d.fixed()))
		case fieldReceived<<3 | varint:
			t.after, t.got = unzigzag(d.number()), true
		case fieldID<<3 | counted:
			e.ID = d.string()
		case fieldHistory<<3 | varint:
			n := d.number()
			e.Replayed, e.Late = n&replayed != 0, n&late != 0
		default:
			if kind := kindOf(tag); kind != "" && (e.Kind == "" || e.Kind == kind) {
				e.Kind = kind
				d.part(&e, tag>>3)
				continue
			}
			if mistyped(tag) {
				d.fail()
				continue
			}
			d.skip(tag)
			e.Extra = append(e.Extra, d.from(begin)...)
		}
	}
	if d.bad || e.Kind == "" && len(e.Extra) == 0 {
		return g.Event{}, fmt.Errorf("%w: %d bytes do not parse", ErrNoEvent, len(b))
	}
	e.Time, e.Received = t.when(), t.received()
	e.Extra = append(e.Extra, d.extra...)
	if e.ID == "" {
		e.ID = id
	}
	if e.Sighting != nil && !d.zoned {
		e.Sighting.Zone = e.Zone
	}
	return e, nil
}

// mistyped tells whether a tag has the number of a known field and another type: no version writes
// that, so the bytes are no event.
func mistyped(tag uint64) bool {
	field := tag >> 3
	return field <= fieldHistory || field == fieldNanos ||
		field < uint64(len(kinds)) && kinds[field] != "" && tag&7 != counted
}

// times are the two times as they are written.
type times struct {
	time, after int64
	timed, got  bool // they are there
}

func (h *times) nanos(n int64) { h.time, h.timed = n, true }

func (h *times) millis(n int64) { h.nanos(n * int64(time.Millisecond)) }

func (h times) when() time.Time {
	if !h.timed {
		return time.Time{}
	}
	return time.Unix(0, h.time).UTC()
}

func (h times) received() time.Time {
	if !h.got {
		return time.Time{}
	}
	return time.Unix(0, h.time+h.after).UTC()
}

func appendTimes(b []byte, at, received time.Time) []byte {
	base := int64(0)
	if !at.IsZero() {
		base = at.UnixNano()
		if ms := base / int64(time.Millisecond); ms*int64(time.Millisecond) == base {
			b = binary.AppendVarint(appendTag(b, fieldMillis, varint), ms)
		} else {
			b = binary.LittleEndian.AppendUint64(appendTag(b, fieldNanos, fixed64), uint64(base))
		}
	}
	if !received.IsZero() {
		after := received.UnixNano() - base
		b = binary.AppendVarint(appendTag(b, fieldReceived, varint), after)
	}
	return b
}

// DecodeHead reads the beginning of a record and allocates nothing. Bytes that are no event give an
// error; whether Rest is sound only Decode tells. For a kind that this version does not know, the
// head's kind is empty.
func DecodeHead(b []byte) (g.EventHead, error) {
	if len(b) > 0 && b[0] == untagged {
		return headUntagged(b)
	}
	d := decoder{b: b}
	h := g.EventHead{
		Time:     math.MinInt64,
		Received: math.MinInt64,
	}
	h.School = d.expected(fieldSchool)
	h.Device = d.expected(fieldDevice)
	d.expected(fieldZone)
	h.Driver = d.expected(fieldDriver)
	var t times
	other := false // there are fields that this version does not know
	for d.more() {
		switch tag := d.tag(); tag {
		case fieldSchool<<3 | counted:
			h.School = d.bytes()
		case fieldDevice<<3 | counted:
			h.Device = d.bytes()
		case fieldZone<<3 | counted, fieldID<<3 | counted:
			d.span()
		case fieldDriver<<3 | counted:
			h.Driver = d.bytes()
		case fieldMillis<<3 | varint:
			t.millis(unzigzag(d.number()))
		case fieldNanos<<3 | fixed64:
			t.nanos(int64(d.fixed()))
		case fieldReceived<<3 | varint:
			t.after, t.got = unzigzag(d.number()), true
		case fieldHistory<<3 | varint:
			n := d.number()
			h.Replayed, h.Late = n&replayed != 0, n&late != 0
		default:
			if kind := kindOf(tag); kind != "" && h.Kind == "" {
				h.Kind, h.Rest = kind, d.bytes()
				continue
			}
			if mistyped(tag) {
				d.fail()
				continue
			}
			d.skip(tag)
			other = true
		}
	}
	if d.bad || h.Kind == "" && !other {
		return g.EventHead{}, fmt.Errorf("%w: its beginning does not parse", ErrNoEvent)
	}
	if t.timed {
		h.Time = t.time
	}
	if t.got {
		h.Received = t.time + t.after
	}
	return h, nil
}
