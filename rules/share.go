package rules

import (
	g "github.com/gatehouse-iot/gatehouse"
)

// compileShare counts the devices of the group for which the inner condition holds.
func (r *rule) compileShare(c Share) condition {
	inner := r.compile(c.Of, yes)
	if r.shared == nil {
		r.shared, r.sharedOf = &c, inner
	}
	return func(m *moment) tri {
		group := m.devs
		holds, told, doubts := c.count(m, group, inner)
		m.devs = group
		switch {
		case c.enough(holds, told):
			return yes
		case told == 0 || c.enough(holds+doubts, told+doubts):
			return unknown
		}
		return no
	}
}

func (c Share) enough(holds, told int) bool {
	if c.AtLeast > 0 {
		return holds >= c.AtLeast
	}
	return told > 0 && told >= c.Devices && 100*float64(holds) >= c.Percent*float64(told)
}

// count is of how many devices it is known, for how many of them it holds, and for how many that
// fell silent it may still hold.
func (c Share) count(m *moment, group []*device, inner condition) (holds, told, doubts int) {
	for i := range group {
		m.devs, m.doubted = group[i:i+1], false
		switch inner(m) {
		case yes:
			holds++
			told++
		case no:
			told++
		default:
			if m.doubted {
				doubts++
			}
		}
	}
	return holds, told, doubts
}

// share reports whether the rule counts devices of a group.
func (r *rule) share() bool { return r.shared != nil }

// shareValues adds the number of devices for which the condition holds, and of those for which it
// is known.
func (e *Engine) shareValues(s *subject, out map[string]g.Value) {
	r := s.rule
	if r.shared == nil {
		return
	}
	kept := e.m // of the current evaluation
	m := e.look(r, s, nil, nil)
	holds, told, _ := r.shared.count(m, m.devs, r.sharedOf)
	e.m = kept
	out["devices"] = g.NumberValue(float64(holds))
	out["of"] = g.NumberValue(float64(told))
}
