package rules

import (
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// tracePoints is the resolution of a trace: its start is known to 1/16 of its duration.
const tracePoints = 16

// rateKey identifies the trace that a rate needs.
type rateKey struct {
	property string
	over     time.Duration
	rollover float64
}

func (c Rate) key() rateKey { return rateKey{c.Property, c.Over, c.Rollover} }

// trace is a number's recent past: points at most 1/16 of the duration apart, from before its
// start.
type trace struct {
	over     time.Duration
	rollover float64
	last     float64
	turned   float64 // sum of a meter's counts at each of its resets
	points   []point
}

type point struct {
	at int64
	v  float64 // including turned
}

// add adds the newest value.
func (t *trace) add(now int64, v float64) {
	if len(t.points) > 0 && t.rollover > 0 && v < t.last {
		switch {
		case t.last-v > t.rollover/2:
			t.turned += t.rollover
		case v < t.last/2:
			t.turned += t.last // the meter was replaced or set back
		}
	}
	t.last = v
	if n := len(t.points); n == 0 || now-t.points[n-1].at >= int64(t.over)/tracePoints {
		t.points = append(t.points, point{now, v + t.turned})
	}
	from := t.base(now)
	t.points = t.points[max(from, len(t.points)-tracePoints-2):]
}

// base is the newest point at least as old as the trace's duration, else the oldest.
func (t *trace) base(now int64) int {
	i := 0
	for i+1 < len(t.points) && t.points[i+1].at <= now-int64(t.over) {
		i++
	}
	return i
}

// rise is the increase of the value, and when it changes by time alone. ok is false if nothing was
// measured near the start.
func (t *trace) rise(now int64, steady bool) (by float64, next int64, ok bool) {
	if len(t.points) == 0 {
		return 0, never, false
	}
	i := t.base(now)
	if age := now - t.points[i].at; !steady && age > int64(t.over)+int64(t.over)/4 {
		i++ // too old to represent the start
	}
	if i >= len(t.points) {
		return 0, never, false
	}
	next = never
	if i+1 < len(t.points) {
		next = t.points[i+1].at + int64(t.over)
	}
	return t.last + t.turned - t.points[i].v, next, true
}

func (s *slot) shift(delta int64) {
	for i := range s.traces {
		for j := range s.traces[i].points {
			s.traces[i].points[j].at -= delta
		}
	}
}

func (s *slot) trace(k rateKey) *trace {
	for i := range s.traces {
		if s.traces[i].over == k.over && s.traces[i].rollover == k.rollover {
			return &s.traces[i]
		}
	}
	return nil
}

// follow keeps exactly the traces that the slot's rules need. A new one starts with the current
// value.
func (s *slot) follow() {
	var out []trace
	for _, b := range s.bindings {
		for _, k := range b.rule.rates {
			if k.property != s.name || (&slot{traces: out}).trace(k) != nil {
				continue
			}
			t := trace{
				over:     k.over,
				rollover: k.rollover,
			}
			if old := s.trace(k); old != nil {
				t = *old
			} else if f, ok := s.v.Float(); ok && s.v.Kind() == g.Number {
				t.add(s.at, f)
			}
			out = append(out, t)
		}
	}
	s.traces = out
}

// record adds the slot's newest value to its traces.
func (s *slot) record() {
	if len(s.traces) == 0 || s.v.Kind() != g.Number {
		return
	}
	f, _ := s.v.Float()
	for i := range s.traces {
		s.traces[i].add(s.at, f)
	}
}

func compileRate(c Rate, fresh int64, decisive tri) condition {
	key := c.key()
	return func(m *moment) tri {
		out, doubt := unknown, false
		for _, d := range m.devs {
			s := d.sample(c.Property)
			if s == nil || s.v.Kind() != g.Number {
				continue
			}
			until := d.until(s, fresh, m.gaps)
			t := s.trace(key)
			silent := m.at >= until
			if t == nil || silent && !m.keeps {
				continue
			}
			at := m.at
			if silent {
				at = s.at
			}
			by, next, ok := t.rise(at, s.steady)
			if !ok {
				continue
			}
			truth := known((c.Above == nil || by > *c.Above) && (c.Below == nil || by < *c.Below))
			if silent {
				doubt = doubt || truth == decisive
				continue
			}
			m.stale = min(m.stale, until)
			m.raise = min(m.raise, next)
			m.old = m.old || s.at < m.resumed && !s.steady
			if out = truth; out == decisive {
				return out
			}
		}
		return m.unless(doubt, out)
	}
}
