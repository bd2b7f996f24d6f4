package rules

import (
	"container/heap"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// DeviceFacts is what the engine needs to know about a device.
type DeviceFacts struct {
	School  g.SchoolID
	Zone    g.ZoneID
	Profile g.ProfileID
	Type    g.DeviceType
	Driver  g.DriverName
	Name    string
	// Behind is the device that it hangs on, a switch, gateway or power supply; "": none.
	Behind g.DeviceID
	// Timezone is the school's, an IANA name; empty means UTC.
	Timezone string
	// Properties are those of the device's profile, which says which are reported on change.
	Properties map[string]g.Property
}

// Facts answers from memory; it is called for every event and must not block. Events of unknown
// devices have no effect.
type Facts interface {
	Device(g.DeviceID) (DeviceFacts, bool)
	Zone(g.ZoneID) (g.Zone, bool)
	Timezone(g.SchoolID) string // "" if it is unknown
}

// Limits of the engine's memory. Beyond MaxDevices the tenth that was heard least recently is
// evicted; beyond MaxSubjects first idle subjects, then pending ones, least recently touched first.
// Firing subjects are never evicted.
const (
	MaxDevices  = 200_000
	MaxSubjects = 200_000

	maxRecent   = 4096             // sighting IDs kept to drop repeats
	maxPassages = 256              // passages kept per place and log
	maxRepeats  = 10_000           // Once records per rule
	sweepFrom   = 64               // Once records per rule from which those that are over are let go
	trackMemory = 15 * time.Minute // a track is kept this long after its last sighting
	maxSetback  = time.Minute      // the clock may go back this far before times are shifted
	backEarly   = 5 * time.Second  // events may precede the call of Resume by this much
)

// Engine runs rules over events. It is not safe for concurrent use: one goroutine owns it.
//
// All times are the gateway's: an event happens when it was received, so that wrong device clocks
// do not matter and passages at two devices are comparable. Tick must only be called with a time up
// to which every event has been observed; then effects, times and IDs do not depend on when and how
// often it is called.
type Engine struct {
	rules      []*rule
	named      map[g.RuleID]*rule
	plain      map[g.RuleID][]*rule // by the ID in their text, which schools may share
	procedures map[g.ProcedureID]Procedure

	byProperty   map[string]*index[*rule]
	byStatus     *index[*rule]
	bySighting   *index[*rule]
	byOccurrence *index[*rule]
	byUnless     *index[*passageLog]
	logs         map[string]*passageLog // by their keys

	devices   map[g.DeviceID]*device
	usuals    map[string]*usual  // by their texts
	hanging   map[g.DeviceID]int // by device: how many hang on it, at any distance
	hours     map[whose]*hours
	calendars map[g.SchoolID]calendar.Calendar
	levels    map[g.SchoolID]standing // of the schools where one stands

	placesOf   map[g.SchoolID]bool // where rules ask for people; "": everywhere
	levelsKept bool                // the restored state has said so
	recent     *recent
	timers     timers
	live       int        // subjects
	carried    []*subject // firing under a previous version of their rule
	changes    changes

	seq      uint64 // of the newest event
	clock    int64
	resumed  int64
	gaps     []gap // oldest first
	resuming int64 // next value of resumed, until the clock has reached it; 0: none
	now      int64 // of the current evaluation
	swept    int64 // when people were last let go

	facts DeviceFacts // of the event's device
	ev    g.Event
	m     moment
	one   [1]*device
	hits  []*binding
	out   []Effect
}

// New returns an engine without history. Of rules with the same ID the first counts; Check reports
// those.
func New(rs []Rule, ps []Procedure) *Engine {
	e := &Engine{
		devices: map[g.DeviceID]*device{},
		usuals:  map[string]*usual{},
		hanging: map[g.DeviceID]int{},
		hours:   map[whose]*hours{},
		levels:  map[g.SchoolID]standing{},
		recent:  newRecent(),
	}
	e.SetRules(rs, ps)
	return e
}

// SetRules replaces the rules. A rule with the same meaning keeps its state. A changed one keeps
// the alerts for which its condition holds now; its other alerts, and those of removed rules, end
// with the next Observe or Tick. New and changed rules are evaluated at once for all known devices.
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
	heap.Init(&e.timers) // order of equal deadlines depends on the rules' order
	for _, o := range gone {
		for _, k := range sortedKeys(o.subjects) {
			e.end(o.subjects[k])
			e.drop(o.subjects[k])
		}
	}
	e.changes.all = true
	e.bindAll()
}

// arrange compiles the rules and indexes them by their inputs.
func (e *Engine) arrange(rs []Rule, ps []Procedure) {
	e.procedures = make(map[g.ProcedureID]Procedure, len(ps))
	for _, p := range ps {
		e.procedures[p.ID] = p
	}
	e.rules = nil
	e.byProperty = map[string]*index[*rule]{}
	e.byStatus, e.bySighting = &index[*rule]{}, &index[*rule]{}
	e.byOccurrence, e.byUnless = &index[*rule]{}, &index[*passageLog]{}
	before := e.logs
	e.logs = map[string]*passageLog{}
	e.placesOf = map[g.SchoolID]bool{}
	e.named = make(map[g.RuleID]*rule, len(rs))
	e.plain = make(map[g.RuleID][]*rule, len(rs))
	for _, r := range rs {
		if e.named[r.ID] != nil {
			continue
		}
		c := compileRule(r, len(e.rules))
		e.named[r.ID] = c
		id, _ := Plain(r.ID)
		e.plain[id] = append(e.plain[id], c)
		e.rules = append(e.rules, c)
		for _, p := range c.props {
			if e.byProperty[p] == nil {
				e.byProperty[p] = &index[*rule]{}
			}
			e.byProperty[p].add(c, c.Where)
		}
		e.askPlaces(c)
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
			e.watchPassages(c)
		}
	}
	for key, l := range e.logs {
		if old := before[key]; old != nil {
			l.places = old.places
		}
	}
	for _, r := range e.rules {
		for _, m := range r.MutedBy {
			for _, by := range e.plain[m.Rule] {
				if by != r || m.Same == SameBehind {
					by.hush(r, m.Same)
				}
			}
		}
	}
}

// adopt takes over the state of a rule with the same meaning.
func (r *rule) adopt(o *rule) {
	r.revised = r.manner != o.manner
	// For schools that it held for no longer, or did not before, it is as a rule that is removed or
	// added.
	r.isNew = !slices.Equal(r.Where.Only, o.Where.Only) ||
		!slices.Equal(r.Where.Except, o.Where.Except)
	r.subjects = o.subjects
	if r.Once == o.Once {
		r.once, r.onceChanged = o.once, o.onceChanged
	}
	o.subjects = map[string]*subject{}
	for _, s := range r.subjects {
		s.rule, s.mutes = r, nil
	}
}

// inherit takes over the firing subjects of a changed rule, for carryOn to check.
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
			Settled:  s.settled,
			Told:     s.told,
		})
	}
}

// carry adds a subject that was firing under the previous version of a rule.
func (e *Engine) carry(r *rule, key string, x savedSubject) {
	s := e.subject(r, key)
	s.load(x)
	if d := e.ownDevice(r, key); d != nil {
		s.join(d)
	}
	e.carried = append(e.carried, s)
}

// carryOn ends carried subjects whose condition no longer holds, once every device is bound, and
// evaluates firing and pending subjects of revised rules.
func (e *Engine) carryOn() {
	for _, r := range e.rules {
		if len(r.Where.Only) > 0 || len(r.Where.Except) > 0 {
			e.leaveSchools(r)
		}
		for _, s := range r.subjects {
			if s.phase == firing {
				e.mute(s)
			}
		}
	}
	for _, s := range e.carried {
		r := s.rule
		d := e.ownDevice(r, s.key)
		watched := !r.single() || d != nil && slices.ContainsFunc(d.bindings,
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

// leaveSchools removes the devices of schools for which the rule no longer holds.
func (e *Engine) leaveSchools(r *rule) {
	for _, k := range sortedKeys(r.subjects) {
		s := r.subjects[k]
		had := len(s.members)
		s.members = slices.DeleteFunc(s.members, func(d *device) bool {
			return !within(r.Where.Only, d.School) || slices.Contains(r.Where.Except, d.School)
		})
		if had > 0 && len(s.members) == 0 {
			e.end(s)
			e.drop(s)
		} else if had > len(s.members) {
			e.touch(s)
		}
	}
}

// reconsider updates a kept alert to its revised rule, and evaluates the subject.
func (e *Engine) reconsider(s *subject) {
	if s.phase == firing {
		e.retitle(s)
	}
	if !s.rule.momentary {
		e.evaluate(s, nil, nil)
	}
}

// Resume sets the time from which the gateway is listening again, after Restore or a forward jump
// of its clock. Silence before at is not the devices': absences and the age of values count from
// at, and pending or ending alerts do not progress in the gap. Call it before observing later
// events. Save effects and state together: an absence that was reported but not saved is only
// reported again after its full duration.
func (e *Engine) Resume(at time.Time) {
	if t := at.UnixNano(); t > e.clock {
		e.resuming = max(e.resuming, t)
	}
}

// wakeUp removes the gap before t from the waiting times of subjects. The first event may be up to
// backEarly older than the call of Resume: no waiting time begins after it.
func (e *Engine) wakeUp(t int64) {
	from := e.clock
	e.resumed, e.resuming = e.resuming, 0
	if e.resumed <= from {
		return
	}
	e.missed(from, e.resumed)
	gap := min(e.resumed, t) - from
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

// Seq is the sequence of the newest observed event.
func (e *Engine) Seq() uint64 { return e.seq }

// Observe processes the next event. Events with an old sequence are ignored, and so is the content
// of replayed ones: history raises no alerts. It may still be a sign of life of the device.
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
	case ev.Lockdown != nil && ev.Kind == g.EventLockdown:
		e.hearLevel(ev.Lockdown)
	case ev.Attendance != nil && ev.Kind == g.EventAttendance:
		e.ev = ev
		e.hearAnswer(&e.ev, f)
		e.ev, e.m = g.Event{}, moment{}
	case ev.Reading != nil && ev.Kind == g.EventReading,
		ev.Sighting != nil && ev.Kind == g.EventSighting,
		ev.Occurrence != nil && ev.Kind == g.EventOccurrence,
		ev.Status != nil && ev.Kind == g.EventStatus:
		e.ev = ev
		if d := e.device(&e.ev, f); d != nil && !ev.Outdated(d.heard) {
			// other states are not reported by the device itself
			if ev.Status == nil || ev.Status.State == g.StateOnline ||
				ev.Status.State == g.StateFault {
				d.heard = max(d.heard, at.UnixNano())
			}
			e.hear(d, &e.ev, f)
			if ev.Sighting != nil {
				e.hearPresence(&e.ev, f)
			}
		}
		e.ev, e.m = g.Event{}, moment{}
	}
	return e.take()
}

// Tick advances the time to now. If now is more than a minute back, the gateway's clock was set
// back, and all stored times are shifted with it.
func (e *Engine) Tick(now time.Time) []Effect {
	t := now.UnixNano()
	if back := e.clock - t; back > int64(maxSetback) {
		e.shift(back)
	}
	e.advance(max(t, e.clock), true)
	e.sweepPeople()
	return e.take()
}

// NextDeadline is the earliest time at which Tick may have an effect; ok is false if only an event
// can have one.
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

// advance fires all timers before t, or up to t if inclusive, each at its own time.
func (e *Engine) advance(t int64, inclusive bool) {
	if e.resuming != 0 && t >= e.resuming-int64(backEarly) {
		e.wakeUp(t)
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

// schedule evaluates the subject again at next; never means only on an event.
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

// drop deletes a subject.
func (e *Engine) drop(s *subject) {
	if s.dropped {
		return
	}
	if s.deadline != 0 {
		heap.Remove(&e.timers, s.pos)
		s.deadline = 0
	}
	e.touch(s)
	if s.phase == pending {
		s.phase = idle
		e.release(s)
	}
	s.dropped = true
	delete(s.rule.subjects, s.key)
	e.live--
}

// timers is a heap of subjects by deadline, rule and key, so that the order is deterministic.
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
