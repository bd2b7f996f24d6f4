package rules

import (
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
		if by, _ := e.muting(s); (r.Unless == nil || !r.explained(s)) && by == nil {
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
