package rules

import (
	"slices"
	"strconv"

	g "github.com/gatehouse-iot/gatehouse"
)

// pulse evaluates a momentary rule for an event.
func (e *Engine) pulse(r *rule, key string, d *device, at spot, ev *g.Event) {
	group := r.subjects[key]
	if r.Per == PerTrack && group != nil {
		e.again(group, ev)
		return
	}
	m := e.look(r, group, ev, d)
	if r.happened(m) {
		if group == nil {
			group = e.subject(r, key)
			m = e.look(r, group, ev, d)
		}
		e.count(group, m)
		group.touched = e.now
		e.touch(group)
		e.schedule(group, group.lastHappening())
	}
	if r.when(m) != yes {
		return
	}
	if r.Per != PerTrack {
		key += "#" + strconv.FormatUint(ev.Seq, 10)
	}
	s := e.subject(r, key)
	s.touched, s.since, s.first, s.last = e.now, e.now, ev.Seq, ev.Seq
	s.cause = causeOf(d, at, ev)
	s.phase = pending
	e.touch(s)
	if r.Unless != nil && r.Unless.After > 0 {
		e.schedule(s, e.now+int64(r.Unless.After))
		return
	}
	e.decide(s)
}

// again processes another sighting of a track. If it has been identified meanwhile, no alert is
// needed.
func (e *Engine) again(s *subject, ev *g.Event) {
	e.touch(s)
	s.touched = e.now
	if s.phase == pending && ev.Sighting.Person != "" && s.cause.Person == "" {
		s.phase = done
	}
}

// decide decides a pending momentary finding, or deletes a decided track.
func (e *Engine) decide(s *subject) {
	e.touch(s)
	r := s.rule
	switch s.phase {
	case pending:
		if (r.Unless == nil || !r.explained(s, e.now)) && !e.isMuted(s) {
			e.raise(s)
		}
		if r.Per != PerTrack {
			e.drop(s)
			return
		}
		s.phase, s.alert = done, nil
	case idle: // counts outside of their window
		if last := s.lastHappening(); last > e.now {
			e.schedule(s, last)
		} else if len(s.members) == 0 {
			e.drop(s)
		}
		return
	}
	if until := s.touched + int64(trackMemory); until > e.now {
		e.schedule(s, until)
		return
	}
	e.drop(s)
}

// pass records a passage at a place that may explain a finding, or a person who was recognised
// there otherwise and needs the passage themselves.
func (r *rule) pass(d *device, at spot, s *g.Sighting, now int64) {
	key := r.Unless.Same.key(d, at, s)
	if key == "" {
		return
	}
	explains := r.Unless.Sighting.matches(s)
	if !explains && s.Person == "" {
		return
	}
	r.passChanged[key] = true
	p := r.passages[key]
	if p == nil {
		p = &passages{}
		r.passages[key] = p
	}
	// A finding is decided After after it happened, and may look Before back from that time.
	oldest := now - 2*int64(r.Unless.Before+r.Unless.After)
	list := &p.passes
	if !explains {
		list = &p.faces
	}
	*list = slices.DeleteFunc(*list, func(x passage) bool { return x.At < oldest })
	*list = append(*list, passage{
		At:     now,
		Person: s.Person,
	})
	if len(*list) > maxPassages {
		*list = slices.Delete(*list, 0, len(*list)-maxPassages)
	}
}

// explained consumes a passage that explains the finding, if there is one. Findings are decided in
// order, so taking the oldest passage that fits explains as many as possible.
func (r *rule) explained(s *subject, now int64) bool {
	key := r.Unless.Same.of(s.cause)
	p := r.passages[key]
	if p == nil {
		return false
	}
	from, to := s.since-int64(r.Unless.Before), s.since+int64(r.Unless.After)
	span := int64(max(r.Unless.Before, r.Unless.After))
	for i := range p.passes {
		x := &p.passes[i]
		if x.At < from || x.At > to || x.Used >= r.Unless.Explains {
			continue
		}
		own := x.Person != "" && slices.ContainsFunc(p.faces, func(f passage) bool {
			return f.Person == x.Person && f.At >= x.At-span && f.At <= x.At+span
		})
		if !own {
			x.Used++
			r.passChanged[key] = true
			return true
		}
	}
	return false
}
