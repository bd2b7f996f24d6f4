package sim

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-iot/gatehouse"
)

// The four tables of a Modbus unit (Modbus Application Protocol V1.1b3, section 4.3).
const (
	coil     = "coil"
	discrete = "discrete"
	holding  = "holding"
	input    = "input"
)

// point maps one value to registers or bits of a bank.
type point struct {
	name  string
	table string
	addr  uint16
	as    string // int16, uint16, int32, uint32, float32 or bit
	bit   int
	order string
	scale float64
	off   float64
}

// words is the number of registers or bits of the point.
func (p point) words() int {
	if p.as == "int32" || p.as == "uint32" || p.as == "float32" {
		return 2
	}
	return 1
}

func parseRegister(name string, r Register) (point, error) {
	table, num, ok := strings.Cut(r.Register, ":")
	addr, err := strconv.ParseUint(num, 10, 16)
	if !ok || err != nil ||
		table != coil && table != discrete && table != holding && table != input {
		return point{}, gatehouse.FieldErrorf(name,
			"%q is no register; write e.g. holding:100, input:0, coil:7 or discrete:3", r.Register)
	}
	p := point{
		name:  name,
		table: table,
		addr:  uint16(addr),
		as:    r.As,
		order: r.Order,
		scale: r.Scale,
		off:   r.Offset,
	}
	if p.scale == 0 {
		p.scale = 1
	}
	if p.order == "" {
		p.order = "ABCD"
	}
	switch p.order {
	case "ABCD", "CDAB", "BADC", "DCBA":
	default:
		return point{}, gatehouse.FieldErrorf(name, "%q is no order; use ABCD, CDAB, BADC or DCBA",
			p.order)
	}
	if p.as == "" {
		p.as = "int16"
	}
	if b, ok := strings.CutPrefix(p.as, "bit:"); ok {
		n, err := strconv.Atoi(b)
		if err != nil || n < 0 || n > 15 {
			return point{}, gatehouse.FieldErrorf(name, "%q is no bit; use bit:0 to bit:15", r.As)
		}
		p.as, p.bit = "bit", n
	}
	switch p.as {
	case "int16", "uint16", "int32", "uint32", "float32", "bit":
	default:
		return point{}, gatehouse.FieldErrorf(name,
			"%q is no form; use int16, uint16, int32, uint32, float32 or bit:0 to bit:15", r.As)
	}
	if int(p.addr)+p.words() > 1<<16 {
		return point{}, gatehouse.FieldErrorf(name, "the value does not fit behind register %d",
			p.addr)
	}
	return p, nil
}

// encode returns the value as two or four bytes; a value out of range is clamped, as instruments
// do.
func (p point) encode(v gatehouse.Value) []byte {
	f, _ := v.Float()
	f = (f - p.off) / p.scale
	var b []byte
	switch p.as {
	case "int16":
		b = binary.BigEndian.AppendUint16(nil,
			uint16(int16(clamp(f, math.MinInt16, math.MaxInt16))))
	case "uint16":
		b = binary.BigEndian.AppendUint16(nil, uint16(clamp(f, 0, math.MaxUint16)))
	case "int32":
		b = binary.BigEndian.AppendUint32(nil,
			uint32(int32(clamp(f, math.MinInt32, math.MaxInt32))))
	case "uint32":
		b = binary.BigEndian.AppendUint32(nil, uint32(clamp(f, 0, math.MaxUint32)))
	case "float32":
		b = binary.BigEndian.AppendUint32(nil, math.Float32bits(float32(f)))
	default: // bit
		var w uint16
		if f != 0 {
			w = 1 << p.bit
		}
		return binary.BigEndian.AppendUint16(nil, w)
	}
	return reorder(b, p.order)
}

// decode converts bytes of encode's length to a value.
func (p point) decode(b []byte) gatehouse.Value {
	b = reorder(b, p.order)
	var raw float64
	switch p.as {
	case "int16":
		raw = float64(int16(binary.BigEndian.Uint16(b)))
	case "uint16":
		raw = float64(binary.BigEndian.Uint16(b))
	case "int32":
		raw = float64(int32(binary.BigEndian.Uint32(b)))
	case "uint32":
		raw = float64(binary.BigEndian.Uint32(b))
	case "float32":
		raw = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	}
	return gatehouse.NumberValue(raw*p.scale + p.off)
}

// reorder converts between ABCD and the given order; it is its own inverse.
func reorder(b []byte, order string) []byte {
	out := make([]byte, len(b))
	copy(out, b)
	if order == "BADC" || order == "DCBA" {
		for i := 0; i+1 < len(out); i += 2 {
			out[i], out[i+1] = out[i+1], out[i]
		}
	}
	if len(out) == 4 && (order == "CDAB" || order == "DCBA") {
		out[0], out[1], out[2], out[3] = out[2], out[3], out[0], out[1]
	}
	return out
}

func clamp(f, lo, hi float64) float64 { return math.Round(max(lo, min(hi, f))) }

// bank holds the registers of one unit, computed from its state at each request.
type bank struct {
	state  *state
	points map[string][]point // by table
}

func newBank(registers map[string]Register, s *state) (*bank, error) {
	b := &bank{
		state:  s,
		points: map[string][]point{},
	}
	taken := map[string]string{}
	for name, r := range registers {
		g, ok := s.gens[name]
		if !ok {
			return nil, gatehouse.FieldErrorf(name, "there is no such value; add it under values")
		}
		if g.kind == "" && g.constant.Kind() == gatehouse.String {
			return nil, gatehouse.FieldErrorf(name, "a text has no place in a register")
		}
		p, err := parseRegister(name, r)
		if err != nil {
			return nil, err
		}
		for i := range p.words() {
			k := fmt.Sprintf("%s:%d", p.table, int(p.addr)+i)
			if p.as == "bit" {
				k += fmt.Sprintf(" bit %d", p.bit)
			}
			if other, ok := taken[k]; ok {
				return nil, gatehouse.FieldErrorf(name, "%s is taken by %s", k, other)
			}
			taken[k] = name
		}
		b.points[p.table] = append(b.points[p.table], p)
	}
	return b, nil
}

// bits reads n coils or discrete inputs; ok is false if one of them does not exist.
func (b *bank) bits(table string, addr, n int, now time.Time) (out []bool, ok bool) {
	out, have := make([]bool, n), make([]bool, n)
	values := b.state.at(now)
	for _, p := range b.points[table] {
		if i := int(p.addr) - addr; i >= 0 && i < n {
			f, _ := values[p.name].Float()
			out[i], have[i] = f != 0, true
		}
	}
	for _, h := range have {
		if !h {
			return nil, false
		}
	}
	return out, true
}

// read reads n registers; ok is false if one of them does not exist.
func (b *bank) read(table string, addr, n int, now time.Time) (out []byte, ok bool) {
	out, have := make([]byte, 2*n), make([]bool, n)
	values := b.state.at(now)
	for _, p := range b.points[table] {
		if int(p.addr) >= addr+n || int(p.addr)+p.words() <= addr {
			continue
		}
		enc := p.encode(values[p.name])
		for w := range p.words() {
			i := int(p.addr) + w - addr
			if i < 0 || i >= n {
				continue
			}
			out[2*i] |= enc[2*w]
			out[2*i+1] |= enc[2*w+1]
			have[i] = true
		}
	}
	for _, h := range have {
		if !h {
			return nil, false
		}
	}
	return out, true
}

// write sets the points in the registers from addr on; ok is false if a register does not exist or
// a value of two registers is written only in part.
func (b *bank) write(addr int, data []byte) (ok bool) {
	n := len(data) / 2
	set := map[string]gatehouse.Value{}
	covered := make([]bool, n)
	for _, p := range b.points[holding] {
		i := int(p.addr) - addr
		if i >= n || i+p.words() <= 0 {
			continue
		}
		if i < 0 || i+p.words() > n {
			return false
		}
		for w := range p.words() {
			covered[i+w] = true
		}
		if p.as == "bit" {
			set[p.name] = b.typed(p.name, binary.BigEndian.Uint16(data[2*i:])>>p.bit&1 == 1)
			continue
		}
		set[p.name] = p.decode(data[2*i : 2*(i+p.words())])
	}
	for _, c := range covered {
		if !c {
			return false
		}
	}
	return b.state.set(set) == nil
}

// writeCoils sets coils from addr on.
func (b *bank) writeCoils(addr int, on []bool) (ok bool) {
	set := map[string]gatehouse.Value{}
	for _, p := range b.points[coil] {
		if i := int(p.addr) - addr; i >= 0 && i < len(on) {
			set[p.name] = b.typed(p.name, on[i])
		}
	}
	return len(set) == len(on) && b.state.set(set) == nil
}

// typed converts a bit to the type of the value.
func (b *bank) typed(name string, on bool) gatehouse.Value {
	if g := b.state.gens[name]; g.kind == "" && g.constant.Kind() == gatehouse.Bool {
		return gatehouse.BoolValue(on)
	}
	if on {
		return gatehouse.NumberValue(1)
	}
	return gatehouse.NumberValue(0)
}
