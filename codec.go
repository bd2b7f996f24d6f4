package gatehouse

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"time"
)

// The journal's record of an event, version 1: one version byte, one kind byte, one flag
// byte (1: replayed, 2: late, 4: a rejection that names properties, 8: the part ends with sealed
// bytes, 16: a status that ends with a weakness), then the id (empty for observations, whose id follows from the
// sequence), school, device, zone and driver as strings (uvarint length, bytes), the two
// times as zig-zag varint nanoseconds since 1970 (math.MinInt64: zero time), then the part
// that the kind names. Alerts, incidents and attendance are rare and travel as JSON.
const (
	eventVersion = 1
	flagReplayed = 1
	flagLate     = 2
	flagNames    = 4
	flagSealed   = 8
	flagWeak     = 16
)

var eventKinds = [...]EventKind{EventReading, EventSighting, EventStatus, EventRejected, EventAlert, EventIncident, EventAttendance}

// ErrNoEvent is what DecodeEvent answers, wrapped, to bytes that are no event.
var ErrNoEvent = errors.New("not an event")

// AppendEvent appends the journal's record of e, without its sequence, to b.
func AppendEvent(b []byte, e *Event) ([]byte, error) {
	kind := -1
	for i, k := range eventKinds {
		if k == e.Kind {
			kind = i
		}
	}
	if kind < 0 {
		return b, fmt.Errorf("encode event: unknown kind %q", e.Kind)
	}
	var flags byte
	if e.Replayed {
		flags |= flagReplayed
	}
	if e.Late {
		flags |= flagLate
	}
	if e.Rejection != nil && len(e.Rejection.Properties) > 0 {
		flags |= flagNames
	}
	if e.Status != nil && e.Status.Weak != "" {
		flags |= flagWeak
	}
	sealed := e.sealed()
	if len(sealed) > 0 {
		flags |= flagSealed
	}
	b = append(b, eventVersion, byte(kind), flags)
	for _, s := range [...]string{e.ID, string(e.School), string(e.Device), string(e.Zone), string(e.Driver)} {
		b = appendString(b, s)
	}
	b = appendTime(appendTime(b, e.Time), e.Received)
	switch {
	case e.Kind == EventReading && e.Reading != nil:
		return appendReading(b, e.Reading), nil
	case e.Kind == EventSighting && e.Sighting != nil:
		return appendSealed(appendSighting(b, e.Sighting), sealed), nil
	case e.Kind == EventStatus && e.Status != nil:
		return appendStatus(b, e.Status), nil
	case e.Kind == EventRejected && e.Rejection != nil:
		return appendSealed(appendRejection(b, e.Rejection), sealed), nil
	case e.Kind == EventAlert && e.Alert != nil:
		return appendJSON(b, e.Alert)
	case e.Kind == EventIncident && e.Incident != nil:
		return appendJSON(b, e.Incident)
	case e.Kind == EventAttendance && e.Attendance != nil:
		return appendJSON(b, e.Attendance)
	}
	return b, fmt.Errorf("encode event: kind %q without its part", e.Kind)
}

// DecodeEvent reads a journal record; seq becomes the event's sequence and, for
// observations, its id. Bytes that are no event give an error and never a panic.
func DecodeEvent(seq uint64, b []byte) (Event, error) {
	d := decoder{b: b}
	version, kind, flags := d.byte(), d.byte(), d.byte()
	if d.bad || version != eventVersion {
		return Event{}, fmt.Errorf("%w: version %d, want %d", ErrNoEvent, version, eventVersion)
	}
	if int(kind) >= len(eventKinds) {
		return Event{}, fmt.Errorf("%w: kind %d", ErrNoEvent, kind)
	}
	e := Event{Seq: seq, Kind: eventKinds[kind], Replayed: flags&flagReplayed != 0, Late: flags&flagLate != 0, ID: d.string(), School: SchoolID(d.string()),
		Device: DeviceID(d.string()), Zone: ZoneID(d.string()), Driver: DriverName(d.string()), Time: d.time(), Received: d.time()}
	if e.ID == "" {
		e.ID = "evt_" + strconv.FormatUint(seq, 10)
	}
	switch e.Kind {
	case EventReading:
		e.Reading = d.reading()
	case EventSighting:
		e.Sighting = d.sighting()
		e.Sighting.Sealed = d.sealed(flags)
	case EventStatus:
		e.Status = d.status(flags&flagWeak != 0)
	case EventRejected:
		e.Rejection = d.rejection(flags&flagNames != 0)
		e.Rejection.Sealed = d.sealed(flags)
	case EventAlert:
		e.Alert = new(Alert)
		d.json(e.Alert)
	case EventIncident:
		e.Incident = new(Incident)
		d.json(e.Incident)
	case EventAttendance:
		e.Attendance = new(Attendance)
		d.json(e.Attendance)
	}
	if d.bad || len(d.b) != 0 {
		return Event{}, fmt.Errorf("%w: a %s of %d bytes does not parse", ErrNoEvent, e.Kind, len(b))
	}
	return e, nil
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendStatus writes the weakness only where one was said, as a flag of the record says.
func appendStatus(b []byte, s *Status) []byte {
	b = appendString(appendString(b, string(s.State)), s.Reason)
	if s.Weak == "" {
		return b
	}
	return appendString(b, string(s.Weak))
}

func (d *decoder) status(weak bool) *Status {
	s := &Status{State: DeviceState(d.string()), Reason: d.string()}
	if weak {
		s.Weak = Weakness(d.string())
	}
	return s
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(b, math.MinInt64)
	}
	return binary.AppendVarint(b, t.UnixNano())
}

func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

func appendJSON(b []byte, v any) ([]byte, error) {
	j, err := json.Marshal(v)
	if err != nil {
		return b, fmt.Errorf("encode event: %w", err)
	}
	return append(b, j...), nil
}

func appendReading(b []byte, r *Reading) []byte {
	names := make([]string, 0, 8)
	for n := range r.Values {
		names = append(names, n)
	}
	sort.Strings(names)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, n := range names {
		v := r.Values[n]
		b = append(appendString(b, n), byte(v.kind))
		switch v.kind {
		case Number:
			b = appendFloat(b, v.num)
		case Bool:
			b = append(b, byte(v.num))
		case String:
			b = appendString(b, v.str)
		}
	}
	return b
}

// appendRejection writes the names only where there are some, as a flag of the record says.
func appendRejection(b []byte, r *Rejection) []byte {
	b = appendString(appendString(appendString(b, r.Reason), r.Source), r.Excerpt)
	if len(r.Properties) == 0 {
		return b
	}
	partial := byte(0)
	if r.Partial {
		partial = 1
	}
	b = binary.AppendUvarint(append(b, partial), uint64(len(r.Properties)))
	for _, name := range r.Properties {
		b = appendString(b, name)
	}
	return b
}

// sealed is the sealed bytes of the part.
func (e *Event) sealed() []byte {
	switch {
	case e.Sighting != nil:
		return e.Sighting.Sealed
	case e.Rejection != nil:
		return e.Rejection.Sealed
	}
	return nil
}

// appendSealed writes sealed bytes only where there are some, as a flag of the record says.
func appendSealed(b, sealed []byte) []byte {
	if len(sealed) == 0 {
		return b
	}
	return appendString(b, string(sealed))
}

func appendSighting(b []byte, s *Sighting) []byte {
	for _, t := range [...]string{string(s.ID), string(s.Method), string(s.Direction), string(s.Zone), string(s.Person), s.Credential, s.Track, string(s.Media)} {
		b = appendString(b, t)
	}
	if s.Match == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	for _, f := range [...]float64{s.Match.Score, s.Match.RunnerUp, s.Match.Margin, s.Match.Quality} {
		b = appendFloat(b, f)
	}
	return appendString(binary.AppendUvarint(b, uint64(max(s.Match.Frames, 0))), s.Match.Reason)
}

// decoder reads from the front of b; after the first thing that does not fit it is bad and
// answers zero values.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n uint64) []byte {
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) byte() byte {
	if p := d.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.take(uint64(n))
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.take(uint64(n))
	return v
}

func (d *decoder) sealed(flags byte) []byte {
	if flags&flagSealed == 0 {
		return nil
	}
	return slices.Clone(d.take(d.uvarint()))
}

func (d *decoder) string() string { return string(d.take(d.uvarint())) }

func (d *decoder) time() time.Time {
	v := d.varint()
	if d.bad || v == math.MinInt64 {
		return time.Time{}
	}
	return time.Unix(0, v).UTC()
}

func (d *decoder) float() float64 {
	p := d.take(8)
	if p == nil {
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(p))
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.bad = true
		return 0
	}
	return f
}

func (d *decoder) json(v any) {
	if err := json.Unmarshal(d.take(uint64(len(d.b))), v); err != nil {
		d.bad = true
	}
}

func (d *decoder) reading() *Reading {
	n := d.uvarint()
	if n > uint64(len(d.b)) { // each value takes more than a byte
		d.bad = true
		return nil
	}
	r := &Reading{Values: make(map[string]Value, n)}
	for ; n > 0 && !d.bad; n-- {
		name := d.string()
		switch ValueKind(d.byte()) {
		case None:
			r.Values[name] = Value{}
		case Number:
			r.Values[name] = NumberValue(d.float())
		case Bool:
			r.Values[name] = BoolValue(d.byte() != 0)
		case String:
			r.Values[name] = StringValue(d.string())
		default:
			d.bad = true
		}
	}
	return r
}

func (d *decoder) rejection(names bool) *Rejection {
	r := &Rejection{Reason: d.string(), Source: d.string(), Excerpt: d.string()}
	if !names {
		return r
	}
	r.Partial = d.byte() != 0
	n := d.uvarint()
	if n == 0 || n > uint64(len(d.b)) { // each name takes a byte at least
		d.bad = true
		return r
	}
	for ; n > 0 && !d.bad; n-- {
		r.Properties = append(r.Properties, d.string())
	}
	return r
}

func (d *decoder) sighting() *Sighting {
	s := &Sighting{ID: SightingID(d.string()), Method: Method(d.string()), Direction: Direction(d.string()), Zone: ZoneID(d.string()),
		Person: PersonID(d.string()), Credential: d.string(), Track: d.string(), Media: MediaID(d.string())}
	if d.byte() == 1 {
		s.Match = &Match{Score: d.float(), RunnerUp: d.float(), Margin: d.float(), Quality: d.float(), Frames: int(min(d.uvarint(), math.MaxInt32)), Reason: d.string()}
	}
	return s
}
