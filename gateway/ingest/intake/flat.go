package intake

import (
	"strconv"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// decodeFlat is the fast path for what nearly every device sends: one object of numbers, booleans
// and plain strings, with or without "time". ok is false for everything else, valid or not: nested
// values, null, escapes, duplicate names, too many values. Where ok is true, decodeTelemetry would
// have decoded the same.
func decodeFlat(b []byte) (o g.Observation, ok bool) {
	p := flat{b: b}
	if !p.take('{') {
		return o, false
	}
	values := make(map[string]g.Value, 4)
	timed := false
	for more := !p.take('}'); more; {
		name, ok := p.text()
		if !ok || !p.take(':') {
			return o, false
		}
		if string(name) == "time" {
			if o.Time, ok = p.time(); !ok || timed {
				return o, false
			}
			timed = true
		} else {
			v, ok := p.value()
			if _, twice := values[string(name)]; !ok || twice || len(values) == maxProperties {
				return o, false
			}
			values[string(name)] = v
		}
		if more = p.take(','); !more && !p.take('}') {
			return o, false
		}
	}
	if p.peek() != 0 || p.at < len(b) {
		return o, false
	}
	o.Reading = &g.Reading{Values: values}
	return o, true
}

// flat is a position in JSON text.
type flat struct {
	b  []byte
	at int
}

// peek is the next byte that is no space; 0 at the end.
func (p *flat) peek() byte {
	for ; p.at < len(p.b); p.at++ {
		switch c := p.b[p.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

func (p *flat) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

// text reads a string of plain ASCII without escapes, which needs no further checks.
func (p *flat) text() ([]byte, bool) {
	if !p.take('"') {
		return nil, false
	}
	for i := p.at; i < len(p.b); i++ {
		switch c := p.b[i]; {
		case c == '"':
			s := p.b[p.at:i]
			p.at = i + 1
			return s, true
		case c < ' ' || c == '\\' || c >= 0x80:
			return nil, false
		}
	}
	return nil, false
}

func (p *flat) word(w string) bool {
	if len(p.b)-p.at < len(w) || string(p.b[p.at:p.at+len(w)]) != w {
		return false
	}
	p.at += len(w)
	return true
}

func (p *flat) value() (g.Value, bool) {
	switch p.peek() {
	case '"':
		s, ok := p.text()
		return g.StringValue(string(s)), ok && len(s) <= g.MaxStringValue
	case 't':
		return g.BoolValue(true), p.word("true")
	case 'f':
		return g.BoolValue(false), p.word("false")
	}
	n := p.number()
	f, err := strconv.ParseFloat(string(n), 64)
	return g.NumberValue(f), len(n) > 0 && err == nil
}

// number is what RFC 8259, section 6 allows; nil where there is none.
func (p *flat) number() []byte {
	start := p.at
	if p.at < len(p.b) && p.b[p.at] == '-' {
		p.at++
	}
	if p.at < len(p.b) && p.b[p.at] == '0' {
		p.at++
	} else if !p.digits() {
		return nil
	}
	if p.at < len(p.b) && p.b[p.at] == '.' {
		if p.at++; !p.digits() {
			return nil
		}
	}
	if p.at < len(p.b) && p.b[p.at]|0x20 == 'e' {
		p.at++
		if p.at < len(p.b) && (p.b[p.at] == '+' || p.b[p.at] == '-') {
			p.at++
		}
		if !p.digits() {
			return nil
		}
	}
	return p.b[start:p.at]
}

func (p *flat) digits() bool {
	start := p.at
	for p.at < len(p.b) && p.b[p.at] >= '0' && p.b[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}

// time reads a time in the forms of stamp.
func (p *flat) time() (time.Time, bool) {
	if p.peek() == '"' {
		s, ok := p.text()
		if !ok {
			return time.Time{}, false
		}
		t, err := time.Parse(time.RFC3339Nano, string(s))
		return t.UTC(), err == nil
	}
	return since1970(string(p.number()))
}
