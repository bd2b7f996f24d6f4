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

// point maps one property to registers or bits of the equipment.
type point struct {
	property string
	kind     string // number or boolean
	table    string
	addr     int
	form     string // one of forms, bit or string; "" for coils and discrete inputs
	bit      int
	words    int      // registers of a string
	none     []uint64 // raw values that mean "no value"
	order    string
	scale    float64
	offset   float64
	writable bool
}

// String names the register as the profile does.
func (p point) String() string { return fmt.Sprintf("%s:%d", p.table, p.addr) }

// forms maps the number formats to the registers that each takes.
func forms() map[string]int {
	return map[string]int{
		"int8":    1,
		"uint8":   1,
		"int16":   1,
		"uint16":  1,
		"int32":   2,
		"uint32":  2,
		"float32": 2,
		"int64":   4,
		"uint64":  4,
		"float64": 4,
	}
}

// size is the number of registers or bits of the point.
func (p point) size() int {
	if p.form == "string" {
		return p.words
	}
	return max(1, forms()[p.form])
}

// points parses the register forms of a profile's properties, sorted by table and address.
// Properties without a register are ignored.
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
		return nil, gatehouse.FieldErrorf("profile",
			"no property of profile %q says in which register it lives; add forms, e.g. "+
				"register: holding:100",
			p.ID)
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
		if !slices.Contains([]string{"register", "as", "order", "scale", "offset", "none"}, key) {
			return point{}, gatehouse.FieldErrorf(at(key),
				"is no form of this driver; it knows register, as, order, scale, offset and none")
		}
	}
	p := point{
		property: name,
		kind:     prop.Type,
		scale:    1,
		order:    "ABCD",
		writable: prop.Writable,
	}
	if text := strings.HasPrefix(prop.Forms["as"], "string:"); text != (prop.Type == "string") {
		return point{}, gatehouse.FieldErrorf(at("as"),
			"a text is as: string:4, with how many registers it takes, and its property's type "+
				"string")
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
			return point{}, gatehouse.FieldErrorf(at("order"),
				"%q is no order of bytes; use ABCD, CDAB, BADC or DCBA", s)
		}
		p.order = s
	}
	if err := p.shape(prop.Forms["as"]); err != nil {
		return point{}, gatehouse.FieldErrorf(at("as"), "%v", err)
	}
	var err error
	if p.none, err = sentinels(prop.Forms["none"]); err != nil {
		return point{}, gatehouse.FieldErrorf(at("none"), "%v", err)
	}
	if p.addr+p.size() > 1<<16 {
		return point{}, gatehouse.FieldErrorf(at("register"),
			"%d is too near to the last register, 65535: the value needs %d", p.addr, p.size())
	}
	if p.writable && (p.table == discrete || p.table == input) {
		return point{}, gatehouse.FieldErrorf(at("register"),
			"%s registers cannot be written; take writable away, or use holding or coil", p.table)
	}
	return p, nil
}

func (p *point) place(s string) error {
	table, num, ok := strings.Cut(s, ":")
	addr, err := strconv.ParseUint(num, 10, 16)
	if !ok || err != nil || !slices.Contains([]string{coil, discrete, holding, input}, table) {
		return gatehouse.Errorf(gatehouse.Invalid,
			"%q is no register; write holding:100, input:0, coil:7 or discrete:3, counted from 0",
			s)
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
			return gatehouse.Errorf(gatehouse.Invalid,
				"%q is no bit; use bit:0 (the lowest) to bit:15", as)
		}
		if p.writable {
			return gatehouse.Errorf(gatehouse.Invalid,
				"a single bit of a register cannot be written without its neighbours; take "+
					"writable away")
		}
		p.form, p.bit = "bit", n
		return nil
	}
	if n, ok := strings.CutPrefix(as, "string:"); ok {
		words, err := strconv.Atoi(n)
		if err != nil || words < 1 || words > 64 || p.writable {
			return gatehouse.Errorf(gatehouse.Invalid,
				"%q is no text that can be read; use string:1 to string:64 registers, without "+
					"writable",
				as)
		}
		p.form, p.words = "string", words
		return nil
	}
	if forms()[as] == 0 {
		return gatehouse.Errorf(gatehouse.Invalid,
			"%q is no form; use int8, uint8, int16, uint16, int32, uint32, int64, uint64, "+
				"float32, float64, bit:0 to bit:15 or string:1 to string:64",
			as)
	}
	p.form = as
	return nil
}

// sentinels parses raw values that mean "no value": "0x8000" or "0x7FFF,0x8000".
func sentinels(s string) ([]uint64, error) {
	var out []uint64
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.ParseUint(part, 0, 64)
		if err != nil || len(out) == 8 {
			return nil, fmt.Errorf("%q will not do; give up to 8 raw values as the register "+
				"holds them, e.g. 0x7FFF,0x8000",
				s)
		}
		out = append(out, n)
	}
	return out, nil
}

// decode returns the property's value from the bytes of the point's registers.
func (p point) decode(b []byte) (gatehouse.Value, error) {
	w := reorder(b, p.order)
	if p.form == "string" {
		return gatehouse.StringValue(strings.ToValidUTF8(strings.Trim(string(w), "\x00 \t\r\n"),
			"?")), nil
	}
	var bits uint64
	for _, x := range w {
		bits = bits<<8 | uint64(x)
	}
	if slices.Contains(p.none, bits) {
		return gatehouse.Value{}, p.blank(fmt.Sprintf("%#x", bits))
	}
	if p.form == "bit" {
		return p.fromBit(bits>>p.bit&1 == 1), nil
	}
	raw := p.raw(bits)
	if math.IsNaN(raw) || math.IsInf(raw, 0) {
		return gatehouse.Value{}, p.blank(fmt.Sprint(raw))
	}
	if p.kind == "boolean" {
		return gatehouse.BoolValue(raw != 0), nil
	}
	f := raw*p.scale + p.offset
	if math.IsInf(f, 0) {
		detail := fmt.Sprintf("%s reads %v, which the profile's scale makes too large", p, raw)
		return gatehouse.Value{}, gatehouse.Because(gatehouse.ReasonBadValue, "property",
			p.property, "detail", detail).Err(gatehouse.Invalid)
	}
	return gatehouse.NumberValue(tidy(f, p.scale)), nil
}

// blank is the error of a register that holds a "no value" sentinel.
func (p point) blank(reads string) error {
	why := gatehouse.Because(gatehouse.ReasonSeesNothing, "property", p.property, "register", p,
		"raw", reads)
	return why.Err(gatehouse.Invalid)
}

// raw converts bits to a number; 8-bit forms use the low byte of a register.
func (p point) raw(bits uint64) float64 {
	switch p.form {
	case "int8":
		return float64(int8(bits))
	case "uint8":
		return float64(uint8(bits))
	case "int16":
		return float64(int16(bits))
	case "int32":
		return float64(int32(bits))
	case "int64":
		return float64(int64(bits))
	case "float32":
		return float64(math.Float32frombits(uint32(bits)))
	case "float64":
		return math.Float64frombits(bits)
	}
	return float64(bits)
}

// tidy rounds away binary fractions: 231 tenths are 23.1, not 23.100000000000001.
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

// encode returns the registers to write for a value or, for a coil, one byte 0 or 1.
func (p point) encode(v gatehouse.Value) ([]byte, error) {
	f, ok := v.Float()
	if !ok {
		return nil, gatehouse.FieldErrorf(p.property, "%q is neither a number nor true or false",
			v.String())
	}
	if p.table == coil {
		if f != 0 && f != 1 {
			return nil, gatehouse.FieldErrorf(p.property,
				"%v is neither 0 nor 1, and a coil knows no more", f)
		}
		return []byte{byte(f)}, nil
	}
	if p.form == "float32" {
		if math.Abs(f) > math.MaxFloat32 {
			return nil, gatehouse.FieldErrorf(p.property, "%v is too large for a float32", f)
		}
		return reorder(binary.BigEndian.AppendUint32(nil,
			math.Float32bits(float32((f-p.offset)/p.scale))),
			p.order), nil
	}
	if p.form == "float64" {
		return reorder(binary.BigEndian.AppendUint64(nil, math.Float64bits((f-p.offset)/p.scale)),
			p.order), nil
	}
	exact := (f - p.offset) / p.scale
	raw := math.Round(exact)
	bounds := map[string][2]float64{
		"int8":   {math.MinInt8, math.MaxInt8},
		"uint8":  {0, math.MaxUint8},
		"int16":  {math.MinInt16, math.MaxInt16},
		"uint16": {0, math.MaxUint16},
		"int32":  {math.MinInt32, math.MaxInt32},
		"uint32": {0, math.MaxUint32},
		"int64":  {-exactly, exactly},
		"uint64": {0, exactly},
	}[p.form]
	if !(raw >= bounds[0] && raw <= bounds[1]) {
		return nil, gatehouse.FieldErrorf(p.property,
			"%v does not fit into %s as %s; it takes %v to %v", f, p, p.form,
			bounds[0]*p.scale+p.offset, bounds[1]*p.scale+p.offset)
	}
	if math.Abs(exact-raw) > 1e-6*max(1, math.Abs(exact)) {
		return nil, gatehouse.FieldErrorf(p.property,
			"%v lies between two values of %s, which has steps of %v: write %v or %v",
			f, p, math.Abs(p.scale), tidy(math.Floor(exact)*p.scale+p.offset, p.scale),
			tidy(math.Ceil(exact)*p.scale+p.offset, p.scale))
	}
	switch p.size() {
	case 1:
		return reorder(binary.BigEndian.AppendUint16(nil, uint16(int32(raw))), p.order), nil
	case 2:
		return reorder(binary.BigEndian.AppendUint32(nil, uint32(int64(raw))), p.order), nil
	}
	return reorder(binary.BigEndian.AppendUint64(nil, uint64(int64(raw))), p.order), nil
}

// exactly is the limit up to which float64 represents every integer.
const exactly = 1 << 53

// reorder converts from a byte order to ABCD; it is its own inverse. CDAB has the low word first,
// BADC the low byte of each word first, DCBA both. Strings are swapped within words only.
func reorder(b []byte, order string) []byte {
	w := slices.Clone(b)
	if order == "BADC" || order == "DCBA" {
		for i := 0; i+1 < len(w); i += 2 {
			w[i], w[i+1] = w[i+1], w[i]
		}
	}
	if (len(w) == 4 || len(w) == 8) && (order == "CDAB" || order == "DCBA") {
		for i, j := 0, len(w)-2; i < j; i, j = i+2, j-2 {
			w[i], w[i+1], w[j], w[j+1] = w[j], w[j+1], w[i], w[i+1]
		}
	}
	return w
}
