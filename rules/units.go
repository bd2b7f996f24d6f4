package rules

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// units is a compact encoding of devices, which are most of the state and of the deltas: their
// number, then for each its strings, when it was heard, and its values by name. Numbers are
// varints; times are relative to the clock. Strings are interned: 0 and the bytes at first, then an
// index from 1. Version 2 also had each previous value and event sequence, but no building, time
// zone and flags; version 3 no floor and nothing of what a device hangs on; version 4 no value that ends.
type units []byte

// Flags of a value.
const (
	unitSteady = 1 << iota // reported on change
	unitTraced             // traces follow
	unitEnds               // until when it counts follows
)

var errUnits = errors.New("the devices do not parse")

type unitWriter struct {
	b     []byte
	clock int64
	known map[string]uint64
	slots []*slot // of the current device
}

// newUnits returns a writer for n devices.
func newUnits(n int, clock int64) *unitWriter {
	w := &unitWriter{
		b:     make([]byte, 0, 64+128*n),
		clock: clock,
		known: map[string]uint64{},
	}
	w.number(uint64(n))
	return w
}

func (w *unitWriter) number(n uint64) { w.b = binary.AppendUvarint(w.b, n) }

func (w *unitWriter) text(s string) {
	if n, ok := w.known[s]; ok {
		w.number(n)
		return
	}
	w.known[s] = uint64(len(w.known) + 1)
	w.b = append(w.b, 0)
	w.number(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *unitWriter) time(t int64) { w.b = binary.AppendVarint(w.b, w.clock-t) }

func (w *unitWriter) value(v g.Value) {
	w.b = append(w.b, byte(v.Kind()))
	switch v.Kind() {
	case g.Number:
		f, _ := v.Float()
		w.float(f)
	case g.Bool:
		f, _ := v.Float()
		w.b = append(w.b, byte(f))
	case g.String:
		s, _ := v.Text()
		w.number(uint64(len(s)))
		w.b = append(w.b, s...)
	}
}

func (w *unitWriter) add(d *device) {
	w.number(uint64(len(d.ID)))
	w.b = append(w.b, d.ID...)
	for _, s := range [...]string{
		string(d.School), string(d.Zone), string(d.Kind), string(d.Profile),
		string(d.Type), string(d.Driver), string(d.status), string(d.statusWas),
		string(d.Building), d.Timezone, string(d.Floor), d.Behind,
	} {
		w.text(s)
	}
	w.number(d.statusSeq)
	w.time(d.heard)
	w.slots = w.slots[:0]
	for i := range d.slots {
		if s := &d.slots[i]; s.seq != 0 {
			w.slots = append(w.slots, s)
		}
	}
	slices.SortFunc(w.slots, func(a, b *slot) int { return strings.Compare(a.name, b.name) })
	w.number(uint64(len(w.slots)))
	for _, s := range w.slots {
		w.text(s.name)
		w.slot(s)
	}
}

// slot writes a value and its time.
func (w *unitWriter) slot(s *slot) {
	var flags byte
	if s.steady {
		flags |= unitSteady
	}
	if len(s.traces) > 0 {
		flags |= unitTraced
	}
	if s.ends != 0 {
		flags |= unitEnds
	}
	w.b = append(w.b, flags)
	w.value(s.v)
	w.time(s.at)
	if s.ends != 0 {
		w.time(s.ends)
	}
	if flags&unitTraced == 0 {
		return
	}
	w.number(uint64(len(s.traces)))
	for _, t := range s.traces {
		w.number(uint64(t.over))
		w.float(t.rollover)
		w.float(t.last)
		w.float(t.turned)
		w.number(uint64(len(t.points)))
		for _, p := range t.points {
			w.time(p.at)
			w.float(p.v)
		}
	}
}

func (w *unitWriter) float(f float64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(f))
}

// unitReader reads what unitWriter wrote; bad is set after an error.
type unitReader struct {
	b       []byte
	version int
	clock   int64
	known   []string
	bad     bool
}

// read decodes the devices in u.
func (u units) read(version int, clock int64) (map[g.DeviceID]savedUnit, error) {
	r := unitReader{
		b:       u,
		version: version,
		clock:   clock,
	}
	all := map[g.DeviceID]savedUnit{}
	for n := r.number(); n > 0 && !r.bad; n-- {
		id := g.DeviceID(r.bytes())
		all[id] = r.unit()
	}
	if r.bad || len(r.b) > 0 {
		return nil, errUnits
	}
	return all, nil
}

func (r *unitReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[size:]
	return n
}

func (r *unitReader) bytes() []byte { return r.take(r.number()) }

func (r *unitReader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *unitReader) text() string {
	n := r.number()
	if n == 0 {
		s := string(r.bytes())
		r.known = append(r.known, s)
		return s
	}
	if n > uint64(len(r.known)) {
		r.bad = true
		return ""
	}
	return r.known[n-1]
}

func (r *unitReader) time() int64 {
	d, size := binary.Varint(r.b)
	if size <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[size:]
	return r.clock - d
}

func (r *unitReader) value() g.Value {
	kind := r.take(1)
	if r.bad {
		return g.Value{}
	}
	switch g.ValueKind(kind[0]) {
	case g.None:
		return g.Value{}
	case g.Number:
		return g.NumberValue(r.float())
	case g.Bool:
		if b := r.take(1); !r.bad {
			return g.BoolValue(b[0] != 0)
		}
	case g.String:
		return g.StringValue(string(r.bytes()))
	}
	r.bad = true
	return g.Value{}
}

func (r *unitReader) float() float64 {
	b := r.take(8)
	if r.bad {
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(b))
	r.bad = math.IsNaN(f) || math.IsInf(f, 0)
	return f
}

func (r *unitReader) unit() savedUnit {
	u := savedUnit{
		School:    g.SchoolID(r.text()),
		Zone:      g.ZoneID(r.text()),
		Kind:      g.ZoneKind(r.text()),
		Profile:   g.ProfileID(r.text()),
		Type:      g.DeviceType(r.text()),
		Driver:    g.DriverName(r.text()),
		Status:    g.DeviceState(r.text()),
		StatusWas: g.DeviceState(r.text()),
	}
	if r.version > 2 {
		u.Building, u.Timezone = g.BuildingID(r.text()), r.text()
	}
	if r.version > 3 {
		u.Floor, u.Behind = g.FloorID(r.text()), r.text()
	}
	u.StatusSeq, u.Heard = r.number(), r.time()
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad = true
		return u
	}
	u.Values = make(map[string]savedSlot, n)
	for ; n > 0 && !r.bad; n-- {
		name := r.text()
		u.Values[name] = r.slot()
	}
	return u
}

func (r *unitReader) slot() savedSlot {
	if r.version <= 2 {
		return savedSlot{
			Value: r.value(),
			Was:   r.value(),
			At:    r.time(),
			WasAt: r.time(),
			Seq:   r.number(),
		}
	}
	flags := r.take(1)
	if r.bad {
		return savedSlot{}
	}
	s := savedSlot{
		Steady: flags[0]&unitSteady != 0,
		Value:  r.value(),
		At:     r.time(),
		Seq:    1, // before any future event
	}
	if flags[0]&unitEnds != 0 {
		s.Ends = r.time()
	}
	if flags[0]&unitTraced != 0 {
		s.Traces = r.traces()
	}
	return s
}

func (r *unitReader) traces() (out []trace) {
	n := r.number()
	for ; n > 0 && !r.bad; n-- {
		t := trace{over: time.Duration(r.number())}
		t.rollover, t.last, t.turned = r.float(), r.float(), r.float()
		points := r.number()
		if t.over <= 0 || t.over > MaxDuration || points > 4*tracePoints {
			r.bad = true
		}
		for ; points > 0 && !r.bad; points-- {
			t.points = append(t.points, point{r.time(), r.float()})
		}
		out = append(out, t)
	}
	return out
}

// unitsOf encodes devices in order of their IDs.
func unitsOf(devices []*device, clock int64) units {
	slices.SortFunc(devices, func(a, b *device) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
	w := newUnits(len(devices), clock)
	for _, d := range devices {
		w.add(d)
	}
	return w.b
}
