package rules

import (
	"container/heap"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// DeviceFacts is what the engine asks about a device.
type DeviceFacts struct {
	School  g.SchoolID
	Zone    g.ZoneID
	Profile g.ProfileID
	Type    g.DeviceType
	Driver  g.DriverName
	Name    string
}

// Facts answers from memory; it is called for every event and must not block. An event of a
// device that Facts does not know has no effect.
type Facts interface {
	Device(g.DeviceID) (DeviceFacts, bool)
	Zone(g.ZoneID) (g.Zone, bool)
}

// The bounds of the engine's memory. Past MaxDevices the tenth that was heard of least lately
// is forgotten; past MaxSubjects idle subjects go first, then the pending ones that were
// touched least lately; a firing subject is never forgotten.
const (
	MaxDevices  = 200_000
	MaxSubjects = 200_000

	maxRecent   = 4096             // sightings remembered, to drop repeats
	maxPassages = 256              // passages remembered per place and rule
	maxRepeats  = 10_000           // once records per rule
	trackMemory = 15 * time.Minute // a track is remembered this long after its last sighting
	maxSetback  = time.Minute      // the clock may run back this far before times are shifted
)

// Engine runs rules over events. It is not safe for concurrent use: one goroutine owns it.
//
// Time is the gateway's, not the devices': an event happens when it was received, so that a
// device with a wrong clock alarms like any other, and passages at two devices compare. Tick
// may only be called with a time up to which every event has been observed; then the effects,
// their times and their ids are the same whenever and however often Tick is called.
type Engine struct {
	rules      []*rule
	procedures map[string]Procedure
	byProperty map[string][]*rule
	byStatus   []*rule
	bySighting []*rule
	byUnless   []*rule

	devices map[g.DeviceID]*device
	recent  *recent
	timers  timers
	live    int // subjects
	changes changes

	seq     uint64 // of the newest event
	clock   int64
	resumed int64
	now     int64 // of the evaluation that is under way

	ev   g.Event
	m    moment
	one  [1]*device
	hits []*binding
	out  []Effect
}

// New makes an engine without history. Of rules with the same id the first counts; Check
// finds those.
func New(rs []Rule, ps []Procedure) *Engine {
	e := &Engine{devices: map[g.DeviceID]*device{}, recent: newRecent()}
	e.SetRules(rs, ps)
	return e
}

// SetRules replaces the rules. A rule whose meaning is unchanged keeps its state; an alert of
// a rule that is gone or changed ends with the next Observe or Tick. A new or changed rule
// looks at once at the values that are known of those properties that rules read before.
func (e *Engine) SetRules(rs []Rule, ps []Procedure) {
	old := e.rules
	e.rules = nil
	e.byStatus = nil
	e.bySighting = nil
	e.byUnless = nil
	e.byProperty = map[string][]*rule{}
	e.procedures = make(map[string]Procedure, len(ps))
	for _, p := range ps {
		e.procedures[p.ID] = p
	}
	seen := map[g.RuleID]bool{}
	for _, r := range rs {
		if seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		c := compileRule(r, len(e.rules))
		if i := slices.IndexFunc(old, func(o *rule) bool { return o.ID == c.ID }); i >= 0 &&
			old[i].hash == c.hash {
			c.adopt(old[i])
			old = slices.Delete(slices.Clone(old), i, i+1)
		}
		e.rules = append(e.rules, c)
		for _, p := range c.props {
			e.byProperty[p] = append(e.byProperty[p], c)
		}
		if c.status {
			e.byStatus = append(e.byStatus, c)
		}
		if c.sighting {
			e.bySighting = append(e.bySighting, c)
		}
		if c.Unless != nil {
			e.byUnless = append(e.byUnless, c)
		}
	}
	heap.Init(&e.timers) // of equal deadlines the rule's place decides, and that may be another
	for _, o := range old {
		for _, k := range sortedKeys(o.subjects) {
			e.end(o.subjects[k])
			e.drop(o.subjects[k])
		}
	}
	e.now = e.clock
	e.changes.all = true
	e.bindAll()
}

// adopt takes over the state of the same rule, compiled before.
func (r *rule) adopt(o *rule) {
	r.isNew = false
	r.subjects, r.once, r.passages = o.subjects, o.once, o.passages
	r.onceChanged, r.passChanged = o.onceChanged, o.passChanged
	for _, s := range r.subjects {
		s.rule = r
	}
}

// Resume says from when the gateway is listening again, after Restore: silence before at is
// the gateway's and not the devices', so that absences and the age of values count from at.
// Effects and the state that led to them should be saved together: what was told of an
// absence, but not saved, is told again only once it has lasted anew.
func (e *Engine) Resume(at time.Time) {
	e.resumed = max(e.resumed, at.UnixNano())
}

// Seq is the sequence of the newest event that was observed.
func (e *Engine) Seq() uint64 { return e.seq }

// Observe takes the next event. An event whose sequence is not above all before is ignored,
// and so is what a replayed one says: history never alarms. That a device was there to send it
// counts, where it was.
func (e *Engine) Observe(ev g.Event, f Facts) []Effect {
	if ev.Seq <= e.seq {
		return nil
	}
	e.seq = ev.Seq
	at := ev.Received
	if at.IsZero() {
		at = ev.Time
	}
	t := max(e.clock, at.UnixNano())
	e.advance(t, false)
	e.now = t
	if ev.Replayed {
		return e.sign(ev, f)
	}
	switch {
	case ev.Reading != nil && ev.Kind == g.EventReading,
		ev.Sighting != nil && ev.Kind == g.EventSighting,
		ev.Status != nil && ev.Kind == g.EventStatus:
		e.ev = ev
		if d := e.device(&e.ev, f); d != nil && !ev.Outdated(d.heard) {
			// else others speak of it
			if ev.Status == nil || ev.Status.State == g.StateOnline ||
				ev.Status.State == g.StateFault {
				d.heard = max(d.heard, at.UnixNano())
			}
			e.hear(d, &e.ev, f)
		}
		e.ev, e.m = g.Event{}, moment{}
	}
	return e.take()
}

// Tick lets time pass up to now. A now that is more than a minute behind says that the
// gateway's clock was set back: all remembered times are shifted with it.
func (e *Engine) Tick(now time.Time) []Effect {
	t := now.UnixNano()
	if back := e.clock - t; back > int64(maxSetback) {
		e.shift(back)
	}
	e.advance(max(t, e.clock), true)
	return e.take()
}

// NextDeadline is the earliest time at which Tick may have an effect; ok is false where only
// an event can have one.
func (e *Engine) NextDeadline() (time.Time, bool) {
	if len(e.out) > 0 {
		return time.Unix(0, e.clock).UTC(), true
	}
	if len(e.timers) == 0 {
		return time.Time{}, false
	}
	return time.Unix(0, e.timers[0].deadline).UTC(), true
}

func (e *Engine) take() []Effect {
	out := e.out
	e.out = nil
	return out
}

// advance fires every timer before t, with t itself where inclusive, each at its own time.
func (e *Engine) advance(t int64, inclusive bool) {
	for len(e.timers) > 0 {
		s := e.timers[0]
		if s.deadline > t || s.deadline == t && !inclusive {
			break
		}
		e.now = max(e.clock, s.deadline)
		e.clock = e.now
		heap.Pop(&e.timers)
		s.deadline = 0
		if s.rule.momentary {
			e.decide(s)
		} else {
			e.evaluate(s, nil, nil)
		}
	}
	e.clock = max(e.clock, t)
	e.now = e.clock
}

// schedule has the subject looked at again at next; never: only when an event asks.
func (e *Engine) schedule(s *subject, next int64) {
	switch {
	case s.dropped || next == never:
	case s.deadline == 0:
		s.deadline = next
		heap.Push(&e.timers, s)
	case next < s.deadline:
		s.deadline = next
		heap.Fix(&e.timers, s.pos)
	}
}

// drop forgets a subject.
func (e *Engine) drop(s *subject) {
	if s.dropped {
		return
	}
	if s.deadline != 0 {
		heap.Remove(&e.timers, s.pos)
		s.deadline = 0
	}
	e.touch(s)
	s.dropped = true
	delete(s.rule.subjects, s.key)
	e.live--
}

// timers is a heap of subjects by deadline, then rule, then key, so that order never varies.
type timers []*subject

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	a, b := t[i], t[j]
	if a.deadline != b.deadline {
		return a.deadline < b.deadline
	}
	if a.rule.index != b.rule.index {
		return a.rule.index < b.rule.index
	}
	return a.key < b.key
}
func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].pos, t[j].pos = i, j
}
func (t *timers) Push(x any) {
	s := x.(*subject)
	s.pos = len(*t)
	*t = append(*t, s)
}
func (t *timers) Pop() any {
	old := *t
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*t = old[:len(old)-1]
	return s
}
