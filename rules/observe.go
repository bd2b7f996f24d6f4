package rules

import (
	"cmp"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// device is the event's device with its current facts; nil if it is unknown.
func (e *Engine) device(ev *g.Event, f Facts) *device {
	facts, ok := f.Device(ev.Device)
	if !ok {
		return nil
	}
	d := e.devices[ev.Device]
	if d == nil {
		if len(e.devices) >= MaxDevices {
			e.forgetQuiet()
		}
		d = &device{ID: ev.Device}
		e.devices[ev.Device] = d
	}
	e.touchDevice(d)
	e.facts = facts
	place := device{
		ID:       d.ID,
		School:   facts.School,
		Zone:     facts.Zone,
		Profile:  facts.Profile,
		Type:     facts.Type,
		Driver:   facts.Driver,
		Timezone: facts.Timezone,
	}
	if place.School == "" {
		place.School = ev.School
	}
	if place.Driver == "" {
		place.Driver = ev.Driver
	}
	if place.Zone != "" {
		z, _ := f.Zone(place.Zone)
		place.Kind, place.Building, place.Floor = z.Kind, z.Building, z.Floor
	}
	place.Behind = heads(ev.Device, facts.Behind, f)
	if !d.asked {
		d.asked = true
		for i := range d.slots {
			d.slots[i].heed(facts)
		}
	}
	if !d.bound || d.moved(&place) {
		behind := d.Behind
		for _, b := range e.bind(d, &place) {
			e.settle(d, b)
		}
		if d.Behind != behind {
			e.rehang(d)
		}
	}
	return d
}

// heed takes over what the profile says of the property.
func (s *slot) heed(facts DeviceFacts) {
	s.steady, s.own = facts.steady(s.name), facts.Properties[s.name].Own
}

// steady reports whether the property is only reported when it changes.
func (f DeviceFacts) steady(property string) bool {
	return f.Properties[property].Reports == g.ReportsChange
}

func (d *device) moved(to *device) bool {
	return d.School != to.School || d.spot() != to.spot() || d.Profile != to.Profile ||
		d.Type != to.Type || d.Driver != to.Driver || d.Timezone != to.Timezone ||
		d.Behind != to.Behind
}

func (e *Engine) move(d, to *device) {
	e.hang(d, to.Behind)
	d.School, d.Profile, d.Type, d.Driver = to.School, to.Profile, to.Type, to.Driver
	d.Zone, d.Kind, d.Building, d.Floor = to.Zone, to.Kind, to.Building, to.Floor
	d.Timezone, d.hours = to.Timezone, nil
}

// bind finds the rules for a device that is new or has moved, or after rules changed, and returns
// the bindings that have not been evaluated yet.
func (e *Engine) bind(d *device, to *device) (unsettled []*binding) {
	before, moved := d.bindings, d.bound
	e.move(d, to)
	d.unbind()
	d.bound = true
	if d.person() == "" {
		d.byStatus = e.bindings(d, e.byStatus)
		d.byEvent = e.byOccurrence.find(d, d.spot())
	}
	for i := range d.slots {
		d.slots[i].bindings = e.bound(d, d.slots[i].name)
		d.slots[i].follow()
		e.habits(d, &d.slots[i])
	}
	e.leave(d, before)
	for _, b := range d.bindings {
		if b.rule.isNew || moved && !slices.ContainsFunc(before, b.same) {
			unsettled = append(unsettled, b)
		}
	}
	slices.SortFunc(unsettled, byRule)
	return unsettled
}

// byRule orders the bindings of a device, since values come in random order.
func byRule(a, b *binding) int { return cmp.Compare(a.rule.index, b.rule.index) }

func (b *binding) same(o *binding) bool { return b.rule == o.rule && b.key == o.key }

// settle evaluates a rule that is new to the device.
func (e *Engine) settle(d *device, b *binding) {
	if s := e.introduce(d, b); s != nil {
		e.evaluate(s, nil, nil)
	}
}

// introduce creates the subject for a rule and a device; nil if there is nothing to evaluate. For a
// group, the device that passes the condition by itself becomes the cause.
func (e *Engine) introduce(d *device, b *binding) *subject {
	r := b.rule
	if r.momentary {
		return nil
	}
	s := r.subjects[b.key]
	if s == nil {
		if m := e.look(r, nil, nil, d); r.when(m) != yes && m.raise == never {
			return nil
		}
		s = e.subject(r, b.key)
		s.join(d)
	}
	if s.phase == firing {
		return s
	}
	m := e.look(r, s, nil, d)
	e.one[0] = d
	m.devs = e.one[:]
	if s.cause.School == "" || r.single() || r.when(m) == yes {
		s.touched, s.last, s.cause = e.now, e.seq, causeOf(d, d.spot(), nil)
	}
	return s
}

// bindAll binds all devices again, ordered by ID to be deterministic. New rules are evaluated once
// their groups are complete.
func (e *Engine) bindAll() {
	type late struct {
		d *device
		b *binding
	}
	var unsettled []late
	for _, id := range slices.Sorted(maps.Keys(e.devices)) {
		d := e.devices[id]
		d.unbind()
		for _, b := range e.bind(d, d) {
			unsettled = append(unsettled, late{d, b})
		}
	}
	e.unlearn()
	e.carryOn()
	asked := map[*subject]bool{}
	var ask []*subject
	for _, l := range unsettled {
		if s := e.introduce(l.d, l.b); s != nil && !asked[s] {
			asked[s] = true
			ask = append(ask, s)
		}
	}
	for _, s := range ask {
		if !s.dropped {
			e.evaluate(s, nil, nil)
		}
	}
	for _, r := range e.rules {
		r.isNew, r.revised = false, false
	}
}

// bindings returns the bindings for the rules of the index, one per rule and device.
func (e *Engine) bindings(d *device, in *index[*rule]) []*binding {
	var out []*binding
	at := d.spot()
	for _, r := range in.find(d, at) {
		if i := slices.IndexFunc(d.bindings, func(b *binding) bool { return b.rule == r }); i >= 0 {
			out = append(out, d.bindings[i])
			continue
		}
		key := r.Per.key(d, at, nil)
		if key == "" {
			continue
		}
		b := &binding{
			rule: r,
			key:  key,
		}
		d.bindings = append(d.bindings, b)
		out = append(out, b)
		if !r.single() {
			s := e.subject(r, key)
			s.join(d)
			e.touch(s)
		}
	}
	return out
}

// bound returns the bindings of the rules that read the property.
func (e *Engine) bound(d *device, property string) []bound {
	var out []bound
	for _, b := range e.bindings(d, e.byProperty[property]) {
		out = append(out, bound{
			binding: b,
			watch:   b.rule.watch[property],
		})
	}
	return out
}

// leave removes the device from the subjects that it no longer belongs to.
func (e *Engine) leave(d *device, before []*binding) {
	slices.SortFunc(before, byRule)
	for _, b := range before {
		if slices.ContainsFunc(d.bindings, b.same) {
			continue
		}
		s := b.rule.subjects[b.key]
		if s == nil {
			continue
		}
		e.touch(s)
		s.members = slices.DeleteFunc(s.members, func(m *device) bool { return m == d })
		switch {
		case len(s.members) == 0:
			e.end(s)
			e.drop(s)
		case !b.rule.momentary:
			e.evaluate(s, nil, nil)
		}
	}
}

func (s *subject) join(d *device) {
	if !slices.Contains(s.members, d) {
		s.members = append(s.members, d)
	}
}

// subject finds or creates the subject for a key.
func (e *Engine) subject(r *rule, key string) *subject {
	s := r.subjects[key]
	if s == nil {
		if e.live >= MaxSubjects {
			e.evict()
		}
		s = &subject{
			rule:    r,
			key:     key,
			counts:  make([][]int64, len(r.counted)),
			touched: e.now,
		}
		r.subjects[key] = s
		e.live++
		e.touch(s)
	}
	return s
}

// hear applies an event to its device, and evaluates the rules that depend on it.
func (e *Engine) hear(d *device, ev *g.Event, f Facts) {
	e.hits = e.hits[:0]
	e.hearStatus(d, ev)
	if ev.Reading != nil {
		e.hearValues(d, ev)
	}
	if len(e.hits) > 1 {
		slices.SortFunc(e.hits, byRule)
	}
	at := d.spot()
	for _, b := range e.hits {
		e.ask(b.rule, b.key, d, at, ev)
	}
	if ev.Sighting != nil && e.recent.add(ev.Sighting.ID) {
		e.sight(d, ev, f)
	}
	if ev.Occurrence != nil {
		for _, r := range d.byEvent {
			if key := r.Per.key(d, at, nil); key != "" {
				e.ask(r, key, d, at, ev)
			}
		}
	}
}

// hearStatus applies the device's state. A device that reports is online, whatever was last said
// about it; a fault lasts until the device itself withdraws it.
func (e *Engine) hearStatus(d *device, ev *g.Event) {
	state := g.StateOnline
	if ev.Status != nil {
		state = ev.Status.State
	}
	if ev.Status != nil && state == d.status || ev.Status == nil && !d.away() {
		return
	}
	away := d.away()
	d.setStatus(state, ev.Seq)
	e.hit(ev.Seq, d.byStatus...)
	if away == d.away() {
		return
	}
	for i := range d.slots { // values reported on change count while it is online
		if !d.slots[i].steady {
			continue
		}
		for _, b := range d.slots[i].bindings {
			e.hit(ev.Seq, b.binding)
		}
	}
}

func (e *Engine) hearValues(d *device, ev *g.Event) {
	facts := e.facts
	for name, v := range ev.Reading.Values {
		s := d.slot(name)
		if s == nil {
			if e.byProperty[name] == nil && len(d.slots) >= maxValues {
				continue
			}
			s = d.addSlot(slot{
				name:     name,
				bindings: e.bound(d, name),
			})
			e.habits(d, s)
		}
		s.was, s.wasAt = s.v, s.at
		s.v, s.at, s.seq = v, e.now, ev.Seq
		s.heed(facts)
		if s.was.Kind() == g.None {
			s.follow()
		} else {
			s.record()
		}
		e.learn(d, s)
		for _, b := range s.bindings {
			if b.stamp != ev.Seq && s.matters(b.watch, e.resumed) {
				e.hit(ev.Seq, b.binding)
			}
		}
	}
}

// sign treats history that the device itself has just sent as a sign of life only.
func (e *Engine) sign(ev g.Event, f Facts) []Effect {
	if ev.SignOfLife() {
		e.ev = g.Event{
			Seq:      ev.Seq,
			Kind:     ev.Kind,
			School:   ev.School,
			Device:   ev.Device,
			Zone:     ev.Zone,
			Driver:   ev.Driver,
			Time:     ev.Received,
			Received: ev.Received,
		}
		if d := e.device(&e.ev, f); d != nil {
			d.heard = max(d.heard, e.now)
			e.hear(d, &e.ev, f)
		}
		e.ev, e.m = g.Event{}, moment{}
	}
	if ev.Sighting != nil && ev.Kind == g.EventSighting { // where somebody is is no history
		e.ev = ev
		e.hearPresence(&e.ev, f)
		e.ev, e.m = g.Event{}, moment{}
	}
	return e.take()
}

// hit collects each binding once per event.
func (e *Engine) hit(seq uint64, list ...*binding) {
	for _, b := range list {
		if b.stamp != seq {
			b.stamp = seq
			e.hits = append(e.hits, b)
		}
	}
}

func (s *slot) matters(watch []watcher, resumed int64) bool {
	for _, w := range watch {
		if w(s, resumed) {
			return true
		}
	}
	return false
}

// sight evaluates the rules for sightings.
func (e *Engine) sight(d *device, ev *g.Event, f Facts) {
	at := d.spot()
	if z := ev.Sighting.Zone; z != "" && z != at.zone {
		other, _ := f.Zone(z)
		at = spot{
			zone:     z,
			kind:     other.Kind,
			building: other.Building,
			floor:    other.Floor,
		}
	}
	l := e.lookingAt(d, at)
	for _, log := range l.passes {
		log.pass(d, at, ev.Sighting, e.now)
	}
	for _, r := range l.rules {
		if key := r.Per.key(d, at, ev.Sighting); key != "" {
			e.ask(r, key, d, at, ev)
		}
	}
}

// ask evaluates one rule for the event.
func (e *Engine) ask(r *rule, key string, d *device, at spot, ev *g.Event) {
	if r.momentary {
		e.pulse(r, key, d, at, ev)
		return
	}
	s := r.subjects[key]
	if s == nil {
		m := e.look(r, nil, ev, d)
		if !r.happened(m) {
			if !r.single() {
				return // not a member, and no counted happening
			}
			if r.when(m) != yes && m.raise == never {
				return
			}
		}
		s = e.subject(r, key)
		if r.lasting {
			s.join(d)
		}
	}
	s.touched, s.last, s.cause = e.now, ev.Seq, causeOf(d, at, ev)
	e.count(s, e.look(r, s, ev, d))
	e.evaluate(s, ev, d)
}

// look sets up the moment for an evaluation; it is valid until the next call.
func (e *Engine) look(r *rule, s *subject, ev *g.Event, d *device) *moment {
	e.m = moment{
		at:      e.now,
		resumed: e.resumed,
		gaps:    e.gaps,
		ev:      ev,
		dev:     d,
		raise:   never,
		stale:   never,
	}
	m := &e.m
	if s != nil {
		m.devs, m.counts = s.members, s.counts
		m.keeps = s.phase == firing && r.Clear.Unknown == stays
	} else {
		m.counts = r.empty
	}
	if m.devs == nil && d != nil && r.single() {
		e.one[0] = d
		m.devs = e.one[:]
	}
	if r.timed {
		m.hours = e.whereabouts(s, d)
	}
	if r.leveled {
		m.level = e.levelAt(s, d)
	}
	return m
}

// evaluate updates a lasting rule's subject at e.now.
func (e *Engine) evaluate(s *subject, ev *g.Event, d *device) {
	e.touch(s)
	r := s.rule
	m := e.look(r, s, ev, d)
	truth := r.when(m)
	next := int64(never)
	if s.phase == pending && truth != yes {
		s.phase, s.since, s.muted = idle, 0, false
		e.release(s)
	}
	if s.phase == idle && truth == yes {
		s.phase, s.since, s.first = pending, e.now, s.last
	}
	if s.phase == pending {
		next = e.whilePending(s, m)
	}
	if s.phase == firing {
		next = e.whileFiring(s, m, truth)
	}
	next = min(next, m.raise)
	if s.phase == idle && r.negated {
		next = min(next, m.stale) // in a group, a stale value can make a negation true
	}
	if s.phase == idle && next == never {
		if last := s.lastHappening(); last > e.now {
			next = last // to be deleted then
		} else if r.single() || len(s.members) == 0 {
			e.drop(s)
		}
	}
	e.schedule(s, next)
}

// whilePending fires the subject once its condition has held for For. If it rests only on values
// from before the gateway's pause, it waits for a newer one; if it is muted, for the end of the
// muting alert.
func (e *Engine) whilePending(s *subject, m *moment) int64 {
	due := s.since + int64(s.rule.For)
	switch {
	case e.now < due:
		return min(due, m.stale)
	case m.old && s.rule.For > 0:
		return m.stale
	}
	e.blame(s)
	if by, _ := e.muting(s); by != nil {
		s.muted = true
		return m.stale
	}
	s.muted = false
	s.phase, s.clearSince = firing, 0
	s.fired, s.stage, s.answered, s.settled = e.now, 0, false, false
	s.told = 0
	e.raise(s)
	e.mute(s)
	return never
}

// whileFiring ends the alert once its condition has been false for Clear.After. What stays for want of
// news stays until a person has said that it is over: it must not be silent for good.
func (e *Engine) whileFiring(s *subject, m *moment, truth tri) int64 {
	r := s.rule
	over := truth == unknown && (r.Clear.Unknown != stays || s.settled) ||
		truth == no && (r.clearWhen == nil || r.clearWhen(m) == yes)
	if !over {
		if s.clearSince != 0 {
			s.clearSince = 0
			e.returns(s)
		}
		return min(m.stale, e.rise(s, m))
	}
	if s.clearSince == 0 {
		s.clearSince = e.now
	}
	if due := s.clearSince + s.clearAfter(); e.now < due {
		return min(due, m.stale)
	}
	e.end(s)
	return never
}

// lastHappening is when the newest counted happening leaves its window; 0 if there is none.
func (s *subject) lastHappening() int64 {
	var last int64
	for i, times := range s.counts {
		if n := len(times); n > 0 {
			last = max(last, times[n-1]+int64(s.rule.counted[i].Within))
		}
	}
	return last
}
