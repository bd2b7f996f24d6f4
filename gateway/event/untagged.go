package event

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Records of versions before the tags, which journals and backups hold: one version byte, one kind
// byte, one flag byte (1: replayed, 2: late, 4: a rejection that names properties, 8: the part ends
// with sealed bytes, 16: a status that ends with a weakness), then the id (empty for observations,
// whose id follows from the sequence), school, device, zone and driver as strings (uvarint length,
// bytes), the two times as zig-zag varint nanoseconds since 1970 (math.MinInt64: zero time), then
// the part that the kind names; alerts, incidents and attendance as JSON. A record with tags never
// begins with the version byte: it would be field 0.
const (
	untagged     = 1
	flagReplayed = 1
	flagLate     = 2
	flagNames    = 4
	flagSealed   = 8
	flagWeak     = 16
)

// untaggedKinds are the kinds by their byte. The list is closed.
var untaggedKinds = [...]g.EventKind{
	g.EventReading,
	g.EventSighting,
	g.EventStatus,
	g.EventRejected,
	g.EventAlert,
	g.EventIncident,
	g.EventAttendance,
}

func decodeUntagged(seq uint64, b []byte) (g.Event, error) {
	d := old{b: b}
	version, kind, flags := d.byte(), d.byte(), d.byte()
	if d.bad || version != untagged {
		return g.Event{}, fmt.Errorf("%w: version %d, want %d", ErrNoEvent, version, untagged)
	}
	if int(kind) >= len(untaggedKinds) {
		return g.Event{}, fmt.Errorf("%w: kind %d", ErrNoEvent, kind)
	}
	e := g.Event{
		Seq:      seq,
		Kind:     untaggedKinds[kind],
		Replayed: flags&flagReplayed != 0,
		Late:     flags&flagLate != 0,
		ID:       d.string(),
		School:   g.SchoolID(d.string()),
		Device:   g.DeviceID(d.string()),
		Zone:     g.ZoneID(d.string()),
		Driver:   g.DriverName(d.string()),
		Time:     d.time(),
		Received: d.time(),
	}
	if e.ID == "" {
		e.ID = "evt_" + strconv.FormatUint(seq, 10)
	}
	switch e.Kind {
	case g.EventReading:
		e.Reading = d.reading()
	case g.EventSighting:
		e.Sighting = d.sighting()
		e.Sighting.Sealed = d.sealed(flags)
	case g.EventStatus:
		e.Status = d.status(flags&flagWeak != 0)
	case g.EventRejected:
		e.Rejection = d.rejection(flags&flagNames != 0)
		e.Rejection.Sealed = d.sealed(flags)
	case g.EventAlert:
		e.Alert = new(g.Alert)
		d.json(e.Alert)
	case g.EventIncident:
		e.Incident = new(g.Incident)
		d.json(e.Incident)
	case g.EventAttendance:
		e.Attendance = new(g.Attendance)
		d.json(e.Attendance)
	}
	if d.bad || len(d.b) != 0 {
		return g.Event{}, fmt.Errorf("%w: a %s of %d bytes does not parse", ErrNoEvent, e.Kind,
			len(b))
	}
	return e, nil
}

func headUntagged(b []byte) (g.EventHead, error) {
	d := old{b: b}
	version, kind, flags := d.byte(), d.byte(), d.byte()
	if d.bad || version != untagged || int(kind) >= len(untaggedKinds) {
		return g.EventHead{}, fmt.Errorf("%w: its beginning does not parse", ErrNoEvent)
	}
	h := g.EventHead{
		Kind:     untaggedKinds[kind],
		Replayed: flags&flagReplayed != 0,
		Late:     flags&flagLate != 0,
	}
	d.take(d.uvarint()) // the id
	h.School, h.Device = d.take(d.uvarint()), d.take(d.uvarint())
	d.take(d.uvarint()) // the zone
	h.Driver = d.take(d.uvarint())
	h.Time, h.Received = d.varint(), d.varint()
	if d.bad {
		return g.EventHead{}, fmt.Errorf("%w: its beginning does not parse", ErrNoEvent)
	}
	h.Rest = d.b
	return h, nil
}

func (d *old) status(weak bool) *g.Status {
	s := &g.Status{
		State:  g.DeviceState(d.string()),
		Reason: d.string(),
	}
	if weak {
		s.Weak = g.Weakness(d.string())
	}
	return s
}

// old reads from the front of b; after the first error it is bad and returns zero values.
type old struct {
	b   []byte
	bad bool
}

func (d *old) take(n uint64) []byte {
	if d.bad || n > uint64(len(d.b)) {
		d.bad = true
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *old) byte() byte {
	if p := d.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (d *old) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.take(uint64(n))
	return v
}

func (d *old) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.take(uint64(n))
	return v
}

func (d *old) sealed(flags byte) []byte {
	if flags&flagSealed == 0 {
		return nil
	}
	return slices.Clone(d.take(d.uvarint()))
}

func (d *old) string() string { return string(d.take(d.uvarint())) }

func (d *old) time() time.Time {
	v := d.varint()
	if d.bad || v == math.MinInt64 {
		return time.Time{}
	}
	return time.Unix(0, v).UTC()
}

func (d *old) float() float64 {
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

func (d *old) json(v any) {
	if err := json.Unmarshal(d.take(uint64(len(d.b))), v); err != nil {
		d.bad = true
	}
}

func (d *old) reading() *g.Reading {
	n := d.uvarint()
	if n > uint64(len(d.b)) { // each value takes more than a byte
		d.bad = true
		return nil
	}
	r := &g.Reading{Values: make(map[string]g.Value, n)}
	for ; n > 0 && !d.bad; n-- {
		name := d.string()
		switch g.ValueKind(d.byte()) {
		case g.None:
			r.Values[name] = g.Value{}
		case g.Number:
			r.Values[name] = g.NumberValue(d.float())
		case g.Bool:
			r.Values[name] = g.BoolValue(d.byte() != 0)
		case g.String:
			r.Values[name] = g.StringValue(d.string())
		default:
			d.bad = true
		}
	}
	return r
}

func (d *old) rejection(names bool) *g.Rejection {
	r := &g.Rejection{
		Reason:  d.string(),
		Source:  d.string(),
		Excerpt: d.string(),
	}
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

func (d *old) sighting() *g.Sighting {
	s := &g.Sighting{
		ID:         g.SightingID(d.string()),
		Method:     g.Method(d.string()),
		Direction:  g.Direction(d.string()),
		Zone:       g.ZoneID(d.string()),
		Person:     g.PersonID(d.string()),
		Credential: d.string(),
		Track:      d.string(),
		Media:      g.MediaID(d.string()),
	}
	if d.byte() == 1 {
		s.Match = &g.Match{
			Score:    d.float(),
			RunnerUp: d.float(),
			Margin:   d.float(),
			Quality:  d.float(),
			Frames:   int(min(d.uvarint(), math.MaxInt32)),
			Reason:   d.string(),
		}
	}
	return s
}
