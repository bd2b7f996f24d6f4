package rules

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

func (r *rule) compileCount(c *Count) condition {
	i := len(r.counted)
	r.counted = append(r.counted, counted{
		Count: c,
		test:  countTest(c.Of, int64(r.Fresh)),
	})
	return func(m *moment) tri {
		times := m.counts[i]
		if len(times) < c.AtLeast {
			return no
		}
		until := times[len(times)-c.AtLeast] + int64(c.Within)
		if m.at >= until {
			return no
		}
		m.raise = min(m.raise, until)
		return yes
	}
}

// compileSequence counts each step, except the last, by the start time of its chain. Keeping only
// the latest chain suffices, since it expires last. The last step is counted when it completes a
// chain.
func (r *rule) compileSequence(c Sequence) condition {
	first := len(r.counted)
	for i, x := range c.Steps {
		r.counted = append(r.counted, counted{
			Count: &Count{
				Of:      x,
				AtLeast: 1,
				Within:  c.Within,
			},
			test:  countTest(x, int64(r.Fresh)),
			step:  i + 1,
			steps: len(c.Steps),
		})
	}
	last := first + len(c.Steps) - 1
	return func(m *moment) tri {
		times := m.counts[last]
		return known(m.ev != nil && len(times) > 0 && times[0] == m.at && r.counted[last].test(m))
	}
}

// count adds the moment's happenings to the subject.
func (e *Engine) count(s *subject, m *moment) {
	r := s.rule
	// From the last to the first, so that one event is not two steps of a sequence.
	for i := len(r.counted) - 1; i >= 0; i-- {
		c := &r.counted[i]
		if !c.test(m) {
			continue
		}
		switch {
		case c.step > 0:
			s.step(i, e.now)
		case c.Distinct != "":
			s.countNamed(i, e.now, m.whose(c.Distinct))
		default:
			times := append(s.counts[i], e.now)
			s.counts[i] = times[max(0, len(times)-c.AtLeast):]
		}
	}
}

// step advances a sequence by one step.
func (s *subject) step(i int, now int64) {
	c := &s.rule.counted[i]
	if c.step == 1 {
		s.counts[i] = []int64{now}
		return
	}
	s.counts[i] = nil
	before := s.counts[i-1]
	if len(before) == 0 || now-before[0] > int64(c.Within) {
		return
	}
	s.counts[i] = []int64{before[0]}
	if c.step < c.steps {
		return
	}
	s.counts[i][0] = now
	for j := i - c.steps + 1; j < i; j++ {
		s.counts[j] = nil // consumed
	}
}

// countNamed counts a name once, by its newest sighting. It keeps only the newest AtLeast names: an
// older one can only return by a new sighting.
func (s *subject) countNamed(i int, now int64, name string) {
	if name == "" {
		return
	}
	if s.names == nil {
		s.names = make([][]string, len(s.counts))
	}
	times, names := s.counts[i], s.names[i]
	if at := slices.Index(names, name); at >= 0 {
		times, names = slices.Delete(times, at, at+1), slices.Delete(names, at, at+1)
	}
	times, names = append(times, now), append(names, name)
	from := max(0, len(times)-s.rule.counted[i].AtLeast)
	s.counts[i], s.names[i] = times[from:], names[from:]
}

// whose returns the key by which Distinct tells the moment's sighting from others; "" without a
// sighting.
func (m *moment) whose(distinct string) string {
	s := m.ev.Sighting
	if s == nil {
		return ""
	}
	switch {
	case distinct == "person":
		return string(s.Person)
	case distinct == "track" && s.Track != "":
		return string(m.dev.ID) + "/" + s.Track
	case distinct == "card" && s.Person != "":
		return string(s.Person)
	case distinct == "card" && s.Credential != "":
		return "card " + s.Credential
	}
	return string(s.ID)
}

// happened reports whether the moment is a happening that the rule counts.
func (r *rule) happened(m *moment) bool {
	for i := range r.counted {
		if r.counted[i].test(m) {
			return true
		}
	}
	return false
}

// countTest returns the test for happenings: for values and statuses, only the start counts.
func countTest(of Condition, fresh int64) func(*moment) bool {
	switch {
	case of.Sighting != nil:
		return func(m *moment) bool {
			return m.ev.Sighting != nil && of.Sighting.matches(m.ev.Sighting)
		}
	case of.Occurrence != nil:
		o := of.Occurrence.ready()
		return func(m *moment) bool { return o.matches(m.ev.Occurrence) }
	case of.Change != nil:
		return func(m *moment) bool { return of.Change.happens(m) }
	case of.Status != nil:
		return func(m *moment) bool {
			return m.dev.statusSeq == m.ev.Seq && slices.Contains(of.Status, m.dev.status) &&
				!slices.Contains(of.Status, m.dev.statusWas)
		}
	case of.Compare == nil:
		return func(*moment) bool { return false }
	}
	test := of.Compare.test()
	return func(m *moment) bool {
		s := m.dev.sample(of.Compare.Property)
		if s == nil || s.seq != m.ev.Seq || test(s.v) != yes {
			return false
		}
		return test(s.was) != yes || !s.steady && s.at-s.wasAt >= fresh
	}
}

// occurrence is a compiled OccurrenceIs.
type occurrence struct {
	kinds []g.OccurrenceKind
	data  []compare
}

func (o OccurrenceIs) ready() occurrence {
	out := occurrence{kinds: o.Kind}
	for _, d := range o.Data {
		out.data = append(out.data, compare{d.Property, d.test()})
	}
	return out
}

func (o occurrence) matches(x *g.Occurrence) bool {
	if x == nil || !within(o.kinds, x.Kind) {
		return false
	}
	for _, d := range o.data {
		if d.test(x.Data[d.property]) != yes {
			return false
		}
	}
	return true
}
