package rules

// blame makes the device of a group at which the condition holds the cause of what fires. The last
// event of a group may have come from another one, at which all is well, while the condition had to
// hold for some time; people are led to the cause, and commands to the same device go there.
func (e *Engine) blame(s *subject) {
	if len(s.members) < 2 || s.cause.Sighting != "" || s.cause.Happened != 0 {
		return
	}
	kept := e.m // of the current evaluation
	best, most := (*device)(nil), 0
	for _, d := range s.members {
		n := e.guilt(s, d)
		better := n > most || n == most && best != nil && best.ID != s.cause.Device &&
			(d.ID == s.cause.Device || d.ID < best.ID)
		if n > 0 && better {
			best, most = d, n
		}
	}
	e.m = kept
	if best != nil && best.ID != s.cause.Device {
		s.cause = causeOf(best, best.spot(), nil)
	}
}

// guilt is how much of a group's condition a device fulfils: the whole by itself counts most, else
// each comparison does.
func (e *Engine) guilt(s *subject, d *device) int {
	r := s.rule
	m := e.look(r, s, nil, d)
	e.one[0] = d
	m.devs = e.one[:]
	if r.when(m) == yes {
		return len(r.compares) + 1
	}
	n := 0
	for _, c := range r.compares {
		v := d.sample(c.property)
		if v != nil && e.now < d.until(v, int64(r.Fresh), e.gaps) && c.test(v.v) == yes {
			n++
		}
	}
	return n
}
