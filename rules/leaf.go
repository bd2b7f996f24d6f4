package rules

import (
	"math"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

func compileCompare(property string, test func(g.Value) tri, fresh int64, decisive tri) condition {
	return func(m *moment) tri {
		out, doubt := unknown, false
		for _, d := range m.devs {
			s := d.sample(property)
			if s == nil {
				continue
			}
			until := d.until(s, fresh, m.gaps)
			silent := m.at >= until
			if silent && !m.keeps {
				continue
			}
			t := test(s.v)
			if silent || t == unknown {
				doubt = doubt || silent && t == decisive
				continue
			}
			m.stale = min(m.stale, until)
			m.old = m.old || s.at < m.resumed && !s.steady
			if out = t; t == decisive {
				return t
			}
		}
		return m.unless(doubt, out)
	}
}

// unless is what a group's other devices say, or unknown if one that fell silent may decide otherwise.
func (m *moment) unless(doubt bool, out tri) tri {
	if !doubt {
		return out
	}
	m.doubted = true
	return unknown
}

func compileStatus(states []g.DeviceState, decisive tri) condition {
	return func(m *moment) tri {
		out := unknown
		for _, d := range m.devs {
			if d.status == "" {
				continue
			}
			if out = known(slices.Contains(states, d.status)); out == decisive {
				return out
			}
		}
		return out
	}
}

func compileAbsent(a Absent) condition {
	return func(m *moment) tri {
		last := int64(-1)
		for _, d := range m.devs {
			if s := d.sample(a.Property); s != nil {
				last = max(last, s.at)
			}
		}
		if last < 0 {
			return unknown
		}
		due := max(last, m.resumed) + int64(a.For)
		if m.at >= due {
			return yes
		}
		m.raise = min(m.raise, due)
		return no
	}
}

func (s SightingIs) matches(x *g.Sighting) bool {
	switch {
	case s.Person == "unknown" && x.Person != "", s.Person == "known" && x.Person == "":
		return false
	case len(s.Who) > 0 && !slices.Contains(s.Who, x.Person):
		return false
	case len(s.Card) > 0 && (x.Person != "" || !s.ends(x.Credential)):
		return false
	case len(s.Method) > 0 && !slices.Contains(s.Method, x.Method):
		return false
	case s.Direction != "" && x.Direction != s.Direction:
		return false
	case len(s.Reason) > 0 && (x.Match == nil || !slices.Contains(s.Reason, x.Match.Reason)):
		return false
	}
	return true
}

// ends reports whether a card or code ends in one of those that are looked for.
func (s SightingIs) ends(credential string) bool {
	return slices.ContainsFunc(s.Card, func(tail string) bool {
		return strings.HasSuffix(strings.ToUpper(credential), strings.ToUpper(tail))
	})
}

// happens reports whether m's event changed the property; the first value is no change.
func (c Change) happens(m *moment) bool {
	s := m.dev.sample(c.Property)
	if s == nil || s.seq != m.ev.Seq || s.was.Kind() == g.None || s.v == s.was {
		return false
	}
	if c.From != nil && s.was != *c.From || c.To != nil && s.v != *c.To {
		return false
	}
	if c.By > 0 {
		a, ok1 := s.was.Float()
		b, ok2 := s.v.Float()
		return ok1 && ok2 && math.Abs(a-b) >= c.By
	}
	return true
}

// test is the comparison as a function of a value; values of another type give unknown.
func (c Compare) test() func(g.Value) tri {
	if c.Above != nil && c.Below == nil && c.AtLeast == nil && c.AtMost == nil && c.Is == nil &&
		c.IsNot == nil && c.OneOf == nil {
		limit := *c.Above
		return func(v g.Value) tri { return number(v, func(f float64) bool { return f > limit }) }
	}
	var tests []func(g.Value) tri
	add := func(limit *float64, test func(v, limit float64) bool) {
		if limit != nil {
			l := *limit
			tests = append(tests, func(v g.Value) tri {
				return number(v, func(f float64) bool { return test(f, l) })
			})
		}
	}
	add(c.Above, func(v, l float64) bool { return v > l })
	add(c.Below, func(v, l float64) bool { return v < l })
	add(c.AtLeast, func(v, l float64) bool { return v >= l })
	add(c.AtMost, func(v, l float64) bool { return v <= l })
	if c.Is != nil {
		tests = append(tests, func(v g.Value) tri { return known(v == *c.Is) })
	}
	if c.IsNot != nil {
		tests = append(tests, func(v g.Value) tri { return known(v != *c.IsNot) })
	}
	if c.OneOf != nil {
		tests = append(tests, among(c.OneOf))
	}
	return func(v g.Value) tri {
		if v.Kind() == g.None {
			return unknown
		}
		out := yes
		for _, t := range tests {
			switch t(v) {
			case no:
				return no
			case unknown:
				out = unknown
			}
		}
		return out
	}
}

// among tests for one of the values, at a cost that does not grow with how many they are: a list of
// lost cards may be long.
func among(values []g.Value) func(g.Value) tri {
	if len(values) <= 8 {
		return func(v g.Value) tri { return known(slices.Contains(values, v)) }
	}
	set := make(map[g.Value]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return func(v g.Value) tri { return known(set[v]) }
}

func number(v g.Value, test func(float64) bool) tri {
	if v.Kind() != g.Number {
		return unknown
	}
	f, _ := v.Float()
	return known(test(f))
}
