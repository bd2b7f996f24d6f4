package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/gatehouse-iot/gatehouse"
)

// The four tables (Modbus Application Protocol V1.1b3, section 4.3).
const (
	coil     = "coil"
	discrete = "discrete"
	holding  = "holding"
	input    = "input"
)

// point is one property's place in the equipment.
type point struct {
	property string
	kind     string // number or boolean
	table    string
	addr     int
	form     string // int16, uint16, int32, uint32, float32 or bit; "" for coils and discrete inputs
	bit      int
	order    string
	scale    float64
	offset   float64
	writable bool
}

// String names the register as the profile does.
func (p point) String() string { return fmt.Sprintf("%s:%d", p.table, p.addr) }

// size is how many registers, or bits, the point takes.
func (p point) size() int {
	if p.form == "int32" || p.form == "uint32" || p.form == "float32" {
		return 2
	}
	return 1
}

// points reads the forms of a profile's properties, in the order of table and address.
// Properties without a register are no business of this driver.
func points(p gatehouse.Profile) ([]point, error) {
	var out []point
	for _, name := range p.PropertyNames() {
		prop := p.Properties[name]
		if prop.Forms["register"] == "" {
			continue
		}
		pt, err := parsePoint(name, prop)
		if err != nil {
			return nil, err
		}
		out = append(out, pt)
	}
	if len(out) == 0 {
		return nil, gatehouse.FieldErrorf("profile", "no property of profile %q says in which register it lives; add forms, e.g. register: holding:100", p.ID)
	}
	sort.SliceStable(out, func(i, j int) bool {
		if out[i].table != out[j].table {
			return out[i].table < out[j].table
		}
		return out[i].addr < out[j].addr
	})
	return out, nil
}

func parsePoint(name string, prop gatehouse.Property) (point, error) {
	at := func(key string) string { return "properties." + name + ".forms." + key }
	for key := range prop.Forms {
		if !slices.Contains([]string{"register", "as", "order", "scale", "offset"}, key) {
			return point{}, gatehouse.FieldErrorf(at(key), "is no form of this driver; it knows register, as, order, scale and offset")
		}
	}
	p := point{property: name, kind: prop.Type, scale: 1, order: "ABCD", writable: prop.Writable}
	if prop.Type == "string" {
		return point{}, gatehouse.FieldErrorf(at("register"), "a register holds no text; make the property a number or a boolean")
	}
	if err := p.place(prop.Forms["register"]); err != nil {
		return point{}, gatehouse.FieldErrorf(at("register"), "%v", err)
	}
	for key, into := range map[string]*float64{"scale": &p.scale, "offset": &p.offset} {
		s, ok := prop.Forms[key]
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || key == "scale" && f == 0 {
			return point{}, gatehouse.FieldErrorf(at(key), "%q is no number that can serve here", s)
		}
		*into = f
	}
	if s, ok := prop.Forms["order"]; ok {
		if !slices.Contains([]string{"ABCD", "CDAB", "BADC", "DCBA"}, s) {
			return point{}, gatehouse.FieldErrorf(at("order"), "%q is no order of bytes; use ABCD, CDAB, BADC or DCBA", s)
		}
		p.order = s
	}
	if err := p.shape(prop.Forms["as"]); err != nil {
		return point{}, gatehouse.FieldErrorf(at("as"), "%v", err)
	}
	if p.addr+p.size() > 1<<16 {
		return point{}, gatehouse.FieldErrorf(at("register"), "%d is the last register; the value needs two", p.addr)
	}
	if p.writable && (p.table == discrete || p.table == input) {
		return point{}, gatehouse.FieldErrorf(at("register"), "%s registers cannot be written; take writable away, or use holding or coil", p.table)
	}
	return p, nil
}

func (p *point) place(s string) error {
	table, num, ok := strings.Cut(s, ":")
	addr, err := strconv.ParseUint(num, 10, 16)
	if !ok || err != nil || !slices.Contains([]string{coil, discrete, holding, input}, table) {
		return gatehouse.Errorf(gatehouse.Invalid, "%q is no register; write holding:100, input:0, coil:7 or discrete:3, counted from 0", s)
	}
	p.table, p.addr = table, int(addr)
	return nil
}

func (p *point) shape(as string) error {
	if p.table == coil || p.table == discrete {
		if as != "" {
			return gatehouse.Errorf(gatehouse.Invalid, "a %s is one bit and takes no form", p.table)
		}
		return nil
	}
	if as == "" {
		as = "int16"
	}
	if b, ok := strings.CutPrefix(as, "bit:"); ok {
		n, err := strconv.Atoi(b)
		if err != nil || n < 0 || n > 15 {
			return gatehouse.Errorf(gatehouse.Invalid, "%q is no bit; use bit:0 (the lowest) to bit:15", as)
		}
		if p.writable {
			return gatehouse.Errorf(gatehouse.Invalid, "a single bit of a register cannot be written without its neighbours; take writable away")
		}
		p.form, p.bit = "bit", n
		return nil
	}
	if !slices.Contains([]string{"int16", "uint16", "int32", "uint32", "float32"}, as) {
		return gatehouse.Errorf(gatehouse.Invalid, "%q is no form; use int16, uint16, int32, uint32, float32 or bit:0 to bit:15", as)
	}
	p.form = as
	return nil
}

// decode is the property's value; b holds the point's registers.
func (p point) decode(b []byte) (gatehouse.Value, error) {
	var raw float64
	w := reorder(b, p.order)
	switch p.form {
	case "int16":
		raw = float64(int16(binary.BigEndian.Uint16(w)))
	case "uint16":
		raw = float64(binary.BigEndian.Uint16(w))
	case "int32":
		raw = float64(int32(binary.BigEndian.Uint32(w)))
	case "uint32":
		raw = float64(binary.BigEndian.Uint32(w))
	case "float32":
		raw = float64(math.Float32frombits(binary.BigEndian.Uint32(w)))
	case "bit":
		return p.fromBit(binary.BigEndian.Uint16(b)>>p.bit&1 == 1), nil
	}
	if math.IsNaN(raw) || math.IsInf(raw, 0) {
		return gatehouse.Value{}, gatehouse.Errorf(gatehouse.Invalid, "%s reads %v: the sensor behind it is missing or broken", p, raw)
	}
	if p.kind == "boolean" {
		return gatehouse.BoolValue(raw != 0), nil
	}
	f := raw*p.scale + p.offset
	if math.IsInf(f, 0) {
		return gatehouse.Value{}, gatehouse.Errorf(gatehouse.Invalid, "%s reads %v, which the profile's scale makes too large", p, raw)
	}
	return gatehouse.NumberValue(tidy(f, p.scale)), nil
}

// tidy takes off what binary fractions add: 231 tenths are 23.1 and not 23.100000000000001.
func tidy(f, scale float64) float64 {
	if scale == 1 {
		return f
	}
	t, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 12, 64), 64)
	if err != nil {
		return f
	}
	return t
}

func (p point) fromBit(on bool) gatehouse.Value {
	if p.kind == "boolean" {
		return gatehouse.BoolValue(on)
	}
	if on {
		return gatehouse.NumberValue(1)
	}
	return gatehouse.NumberValue(0)
}

// encode is what to write for a value: registers, or one byte, 0 or 1, for a coil.
func (p point) encode(v gatehouse.Value) ([]byte, error) {
	f, ok := v.Float()
	if !ok {
		return nil, gatehouse.FieldErrorf(p.property, "%q is neither a number nor true or false", v.String())
	}
	if p.table == coil {
		if f != 0 && f != 1 {
			return nil, gatehouse.FieldErrorf(p.property, "%v is neither 0 nor 1, and a coil knows no more", f)
		}
		return []byte{byte(f)}, nil
	}
	if p.form == "float32" {
		if math.Abs(f) > math.MaxFloat32 {
			return nil, gatehouse.FieldErrorf(p.property, "%v is too large for a float32", f)
		}
		return reorder(binary.BigEndian.AppendUint32(nil, math.Float32bits(float32((f-p.offset)/p.scale))), p.order), nil
	}
	raw := math.Round((f - p.offset) / p.scale)
	bounds := map[string][2]float64{"int16": {math.MinInt16, math.MaxInt16}, "uint16": {0, math.MaxUint16},
		"int32": {math.MinInt32, math.MaxInt32}, "uint32": {0, math.MaxUint32}}[p.form]
	if !(raw >= bounds[0] && raw <= bounds[1]) {
		return nil, gatehouse.FieldErrorf(p.property, "%v does not fit into %s as %s; it takes %v to %v", f, p, p.form, bounds[0]*p.scale+p.offset, bounds[1]*p.scale+p.offset)
	}
	if p.size() == 1 {
		return reorder(binary.BigEndian.AppendUint16(nil, uint16(int32(raw))), p.order), nil
	}
	return reorder(binary.BigEndian.AppendUint32(nil, uint32(int64(raw))), p.order), nil
}

// reorder turns an order of bytes into ABCD, and back: each is its own inverse.
func reorder(b []byte, order string) []byte {
	w := slices.Clone(b)
	if order == "BADC" || order == "DCBA" {
		for i := 0; i+1 < len(w); i += 2 {
			w[i], w[i+1] = w[i+1], w[i]
		}
	}
	if len(w) == 4 && (order == "CDAB" || order == "DCBA") {
		w[0], w[1], w[2], w[3] = w[2], w[3], w[0], w[1]
	}
	return w
}
