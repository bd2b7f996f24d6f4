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
	// Timezone is the school's, an IANA name; UTC where there is none.
	Timezone string
	// Properties are those of the device's profile, which says what is reported on change.
	Properties map[string]g.Property
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
	backEarly   = 5 * time.Second  // before Resume was called, events may be heard already
)

// Engine runs rules over events. It is not safe for concurrent use: one goroutine owns it.
//
// Time is the gateway's, not the devices': an event happens when it was received, so that a
// device with a wrong clock alarms like any other, and passages at two devices compare. Tick
// may only be called with a time up to which every event has been observed; then the effects,
// their times and their ids are the same whenever and however often Tick is called.
type Engine struct {
	rules      []*rule
	named      map[g.RuleID]*rule
	procedures map[string]Procedure

	byProperty   map[string]*index
	byStatus     *index
	bySighting   *index
	byOccurrence *index
	byUnless     *index

	devices   map[g.DeviceID]*device
	locations map[string]*time.Location
	recent    *recent
	timers    timers
	live      int        // subjects
	carried   []*subject // firing, of rules that have changed
	changes   changes

	seq      uint64 // of the newest event
	clock    int64
	resumed  int64
	resuming int64 // the same, until the clock has come to it; 0: it has
	now      int64 // of the evaluation that is under way

	facts DeviceFacts // of the device that is heard
	ev    g.Event
	m     moment
	one   [1]*device
	hits  []*binding
	out   []Effect
}

// New makes an engine without history. Of rules with the same id the first counts; Check
// finds those.
func New(rs []Rule, ps []Procedure) *Engine {
	e := &Engine{
		devices:   map[g.DeviceID]*device{},
		locations: map[string]*time.Location{},
		recent:    newRecent(),
	}
	e.SetRules(rs, ps)
	return e
}

// SetRules replaces the rules. A rule that watches for the same as before keeps its state. One
// that was changed keeps the alerts for which its condition holds now; others of it, and those of
// a rule that is gone, end with the next Observe or Tick. A new or changed rule looks at once at
// what is known of every device.
func (e *Engine) SetRules(rs []Rule, ps []Procedure) {
	old := make(map[g.RuleID]*rule, len(e.rules))
	for _, o := range e.rules {
		old[o.ID] = o
	}
	gone := e.rules
	e.now = e.clock
	e.arrange(rs, ps)
	for _, r := range e.rules {
		o := old[r.ID]
		switch {
		case o == nil:
		case o.hash == r.hash:
			r.adopt(o)
		default:
			e.inherit(r, o)
		}
	}
	heap.Init(&e.timers) // of equal deadlines the rule's place decides, and that may be another
	for _, o := range gone {
		for _, k := range sortedKeys(o.subjects) {
			e.end(o.subjects[k])
			e.drop(o.subjects[k])
		}
	}
	e.changes.all = true
	e.bindAll()
}

// arrange compiles the rules and says which of them are asked about what.
func (e *Engine) arrange(rs []Rule, ps []Procedure) {
	e.procedures = make(map[string]Procedure, len(ps))
	for _, p := range ps {
		e.procedures[p.ID] = p
	}
	e.rules = nil
	e.byProperty = map[string]*index{}
	e.byStatus, e.bySighting = &index{}, &index{}
	e.byOccurrence, e.byUnless = &index{}, &index{}
	e.named = make(map[g.RuleID]*rule, len(rs))
	for _, r := range rs {
		if e.named[r.ID] != nil {
			continue
		}
		c := compileRule(r, len(e.rules))
		e.named[r.ID] = c
		e.rules = append(e.rules, c)
		for _, p := range c.props {
			if e.byProperty[p] == nil {
				e.byProperty[p] = &index{}
			}
			e.byProperty[p].add(c, c.Where)
		}
		if c.status {
			e.byStatus.add(c, c.Where)
		}
		if c.sighting {
			e.bySighting.add(c, c.Where)
		}
		if c.occurs {
			e.byOccurrence.add(c, c.Where)
		}
		if c.Unless != nil {
			e.byUnless.add(c, c.passing())
		}
	}
	for _, r := range e.rules {
		for _, m := range r.MutedBy {
			if by := e.named[m.Rule]; by != nil && by != r {
				by.hush(r, m.Same)
			}
		}
	}
}

// adopt takes over the state of a rule that watches for the same.
func (r *rule) adopt(o *rule) {
	r.isNew, r.revised = false, r.manner != o.manner
	r.subjects, r.passages = o.subjects, o.passages
	r.passChanged = o.passChanged
	if r.Once == o.Once {
		r.once, r.onceChanged = o.once, o.onceChanged
	}
	o.subjects = map[string]*subject{}
	for _, s := range r.subjects {
		s.rule, s.mutes = r, nil
	}
}

// inherit takes over what fires of a rule that has changed, so that bindAll can ask whether it
// still does.
func (e *Engine) inherit(r, o *rule) {
	if r.Once == o.Once {
		r.once = o.once
	}
	for _, k := range sortedKeys(o.subjects) {
		s := o.subjects[k]
		if s.phase != firing || r.momentary || r.Per.of(s.cause) != k {
			continue
		}
		e.drop(s)
		e.carry(r, k, savedSubject{
			Phase:    firing,
			Since:    s.since,
			Touched:  s.touched,
			First:    s.first,
			Last:     s.last,
			Cause:    s.cause,
			Alert:    s.alert,
			Fired:    s.fired,
			Stage:    s.stage,
			Answered: s.answered,
		})
	}
}

// carry gives a changed rule a finding that fired under the rule that it was.
func (e *Engine) carry(r *rule, key string, x savedSubject) {
	s := e.subject(r, key)
	s.load(x)
	if d := e.devices[g.DeviceID(key)]; d != nil && r.Per == PerDevice {
		s.join(d)
	}
	e.carried = append(e.carried, s)
}

// carryOn asks, once every device is bound, whether what was carried over still holds, and looks
// anew at what fires or waits by rules that were revised.
func (e *Engine) carryOn() {
	for _, r := range e.rules {
		for _, s := range r.subjects {
			if s.phase == firing {
				e.mute(s)
			}
		}
	}
	for _, s := range e.carried {
		r := s.rule
		d := e.devices[g.DeviceID(s.key)]
		watched := r.Per != PerDevice || d != nil && slices.ContainsFunc(d.bindings,
			func(b *binding) bool { return b.rule == r })
		if !watched || len(s.members) == 0 || r.when(e.look(r, s, nil, nil)) != yes {
			e.end(s)
		}
		if !watched || len(s.members) == 0 {
			e.drop(s)
			continue
		}
		e.reconsider(s)
	}
	e.carried = nil
	for _, r := range e.rules {
		if !r.revised && len(r.MutedBy) == 0 {
			continue
		}
		for _, k := range sortedKeys(r.subjects) {
			if s := r.subjects[k]; r.revised || s.muted {
				e.reconsider(s)
			}
		}
	}
}

// reconsider tells of a kept alert what the rule now says of it, and looks at the subject.
func (e *Engine) reconsider(s *subject) {
	if s.phase == firing {
		e.retitle(s)
	}
	if !s.rule.momentary {
		e.evaluate(s, nil, nil)
	}
}

// Resume says from when the gateway is listening again, after Restore or where its clock leapt
// ahead: silence before at is the gateway's and not the devices', so that absences and the age of
// values count from at, and what was about to fire or to end has waited only while somebody
// listened. Call it before anything is observed that was heard since. Effects and the state that
// led to them should be saved together: what was told of an absence, but not saved, is told again
// only once it has lasted anew.
func (e *Engine) Resume(at time.Time) {
	if t := at.UnixNano(); t > e.clock {
		e.resuming = max(e.resuming, t)
	}
}

// wakeUp takes the time that nobody listened out of what waits.
func (e *Engine) wakeUp() {
	gap := e.resuming - e.clock
	e.resumed, e.resuming = e.resuming, 0
	if gap <= 0 {
		return
	}
	for _, r := range e.rules {
		for _, s := range r.subjects {
			if s.phase == pending && !r.momentary {
				s.since += gap
				e.touch(s)
			}
			if s.clearSince != 0 {
				s.clearSince += gap
				e.touch(s)
			}
		}
	}
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
	case ev.Alert != nil && ev.Kind == g.EventAlert:
		e.answer(ev.Alert)
	case ev.Reading != nil && ev.Kind == g.EventReading,
		ev.Sighting != nil && ev.Kind == g.EventSighting,
		ev.Occurrence != nil && ev.Kind == g.EventOccurrence,
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
	if e.resuming != 0 && t >= e.resuming-int64(backEarly) {
		e.wakeUp()
	}
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
