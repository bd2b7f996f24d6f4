package event

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// The wire types of protobuf (Encoding, "Message structure") that are used or skipped. Groups are
// refused: nobody has written one.
const (
	varint  = 0
	fixed64 = 1
	counted = 2 // a length and as many bytes
	fixed32 = 5
)

// appendTag is quick for numbers below 16, which most fields have.
func appendTag(b []byte, field, wire uint64) []byte {
	if tag := field<<3 | wire; tag < 0x80 {
		return append(b, byte(tag))
	}
	return binary.AppendUvarint(b, field<<3|wire)
}

func appendNumber(b []byte, field, n uint64) []byte {
	return binary.AppendUvarint(appendTag(b, field, varint), n)
}

// appendTruth writes true; an absent field is false.
func appendTruth(b []byte, field uint64, truth bool) []byte {
	if !truth {
		return b
	}
	return appendNumber(b, field, 1)
}

// appendText writes a string that is not empty; an absent field is empty.
func appendText(b []byte, field uint64, s string) []byte {
	if s == "" {
		return b
	}
	return appendString(b, field, s)
}

func appendString(b []byte, field uint64, s string) []byte {
	if tag := field<<3 | counted; tag < 0x80 && len(s) < 0x80 {
		b = append(b, byte(tag), byte(len(s)))
		return append(b, s...)
	}
	b = binary.AppendUvarint(appendTag(b, field, counted), uint64(len(s)))
	return append(b, s...)
}

func appendBytes(b []byte, field uint64, p []byte) []byte {
	b = binary.AppendUvarint(appendTag(b, field, counted), uint64(len(p)))
	return append(b, p...)
}

func appendFloat(b []byte, field uint64, f float64) []byte {
	return binary.LittleEndian.AppendUint64(appendTag(b, field, fixed64), math.Float64bits(f))
}

// closeMessage writes the length of a message that begins at begin, for which one byte was left: a
// message that needs more for it is moved.
func closeMessage(b []byte, begin int) []byte {
	n := len(b) - begin
	if n < 0x80 {
		b[begin-1] = byte(n)
		return b
	}
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], uint64(n))
	b = append(b, length[1:size]...)
	copy(b[begin+size-1:], b[begin:begin+n])
	copy(b[begin-1:], length[:size])
	return b
}

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

// decoder reads b from at on. After the first error it is bad and returns zero values.
type decoder struct {
	b    []byte
	text string // the record as a string that decoded strings share; empty: each has its own
	at   int
	bad  bool

	extra []byte // unknown fields of parts, each wrapped as a part
	zoned bool   // a sighting has a zone of its own
}

// share copies a short record and the id that follows from its sequence into one string, and
// returns the id.
func (d *decoder) share(seq uint64) (id string) {
	var digits [20]byte
	var all strings.Builder
	if len(d.b) <= shared {
		all.Grow(len(d.b) + len("evt_") + len(digits))
		all.Write(d.b)
	}
	begin := all.Len()
	all.WriteString("evt_")
	all.Write(strconv.AppendUint(digits[:0], seq, 10))
	d.text = all.String()[:begin]
	return all.String()[begin:]
}

func (d *decoder) more() bool { return d.at < len(d.b) }

// from returns what was read since begin.
func (d *decoder) from(begin int) []byte { return d.b[begin:d.at] }

// tag reads a field's number and wire type. The caller has checked more.
func (d *decoder) tag() uint64 {
	if c := d.b[d.at]; c < 0x80 {
		d.at++
		return uint64(c)
	}
	return d.number()
}

func (d *decoder) number() uint64 {
	if d.at < len(d.b) && d.b[d.at] < 0x80 {
		d.at++
		return uint64(d.b[d.at-1])
	}
	v, n := binary.Uvarint(d.b[d.at:])
	if n <= 0 {
		d.fail()
		return 0
	}
	d.at += n
	return v
}

// fail ends the reading.
func (d *decoder) fail() { d.bad, d.at = true, len(d.b) }

// span reads a counted field and returns where its bytes are.
func (d *decoder) span() (from, to int) {
	n := uint64(0)
	if d.at < len(d.b) && d.b[d.at] < 0x80 { // most are short
		n = uint64(d.b[d.at])
		d.at++
	} else {
		n = d.number()
	}
	if d.bad || n > uint64(len(d.b)-d.at) {
		d.fail()
		return d.at, d.at
	}
	from = d.at
	d.at += int(n)
	return from, d.at
}

// expected reads the counted field of that number if it comes next, as it does in the usual order;
// else it reads nothing and returns nil.
func (d *decoder) expected(field byte) []byte {
	if d.at >= len(d.b) || d.b[d.at] != field<<3|counted {
		return nil
	}
	d.at++
	return d.bytes()
}

func (d *decoder) bytes() []byte {
	from, to := d.span()
	return d.b[from:to]
}

func (d *decoder) string() string {
	from, to := d.span()
	if d.text == "" {
		return string(d.b[from:to])
	}
	return d.text[from:to]
}

func (d *decoder) fixed() uint64 {
	if len(d.b)-d.at < 8 {
		d.fail()
		return 0
	}
	d.at += 8
	return binary.LittleEndian.Uint64(d.b[d.at-8:])
}

// float reads a finite number; it fails on any other.
func (d *decoder) float() float64 {
	f := math.Float64frombits(d.fixed())
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.fail()
		return 0
	}
	return f
}

// skip reads past a field whose tag was read.
func (d *decoder) skip(tag uint64) {
	if tag>>3 == 0 {
		d.fail()
		return
	}
	switch tag & 7 {
	case varint:
		d.number()
	case fixed64:
		d.fixed()
	case counted:
		d.span()
	case fixed32:
		if len(d.b)-d.at < 4 {
			d.fail()
			return
		}
		d.at += 4
	default:
		d.fail()
	}
}
