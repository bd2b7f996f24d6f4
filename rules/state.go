package rules

import (
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// device holds the newest values of one device, of the properties that rules read and some others.
type device struct {
	ID       g.DeviceID
	School   g.SchoolID
	Zone     g.ZoneID
	Kind     g.ZoneKind
	Building g.BuildingID
	Floor    g.FloorID
	Profile  g.ProfileID
	Type     g.DeviceType
	Driver   g.DriverName
	Timezone string // the school's
	Behind   string // what it hangs on, the nearest first, separated by spaces

	hours     *hours // of its school and Timezone; nil until it is needed
	slots     []slot
	places    map[string]int // of slots, if there are many
	byStatus  []*binding
	byEvent   []*rule // rules for occurrences
	looking   []looking
	bindings  []*binding
	bound     bool
	asked     bool // steady and own are set for every slot, since the start
	status    g.DeviceState
	statusWas g.DeviceState
	statusSeq uint64
	heard     int64 // when its newest sign of life was received; 0: never
	changed   bool  // since Saved
}

// slot is one property of a device: its newest value, the previous one, and the rules that read it.
type slot struct {
	name      string
	v, was    g.Value
	at, wasAt int64
	seq       uint64
	steady    bool  // reported on change: valid until the next report or until the device is away
	own       bool  // it tells of the device itself
	ends      int64 // of an answer: until when it counts; 0: no answer
	bindings  []bound
	traces    []trace // for rate conditions
	usuals    []*usual
}

// bound is a binding with tests of whether a new value can matter to its rule.
type bound struct {
	*binding
	watch []watcher
}

// watcher reports whether a new value can have changed a condition. If no watcher of a rule reports
// so, it is not evaluated; changes by time are left to its timers.
type watcher func(s *slot, resumed int64) bool

// binding joins a device to a rule's subject.
type binding struct {
	rule  *rule
	key   string
	stamp uint64
}

// Values of a device: beyond manySlots they are indexed by a map; beyond maxValues those that no
// rule reads are not kept.
const (
	manySlots = 24
	maxValues = 256
)

func (d *device) slot(name string) *slot {
	if d.places != nil {
		if i, ok := d.places[name]; ok {
			return &d.slots[i]
		}
		return nil
	}
	for i := range d.slots {
		if d.slots[i].name == name {
			return &d.slots[i]
		}
	}
	return nil
}

// addSlot adds a property that the device has not reported before.
func (d *device) addSlot(s slot) *slot {
	d.slots = append(d.slots, s)
	if d.places == nil && len(d.slots) > manySlots {
		d.places = make(map[string]int, 2*len(d.slots))
		for i := range d.slots {
			d.places[d.slots[i].name] = i
		}
	} else if d.places != nil {
		d.places[s.name] = len(d.slots) - 1
	}
	return &d.slots[len(d.slots)-1]
}

// away reports whether the device is unreachable, so that its state is unknown.
func (d *device) away() bool {
	return d.status == g.StateOffline || d.status == g.StateDriverDown
}

// until is when the slot's value becomes stale. Values reported on change are valid while the
// device is online.
func (d *device) until(s *slot, fresh int64, gaps []gap) int64 {
	switch {
	case s.ends != 0:
		return s.ends
	case !s.steady:
		return freshUntil(s.at, fresh, gaps)
	case d.away():
		return 0
	}
	return never
}

// sample is the property's slot; nil if it has never been reported.
func (d *device) sample(name string) *slot {
	if s := d.slot(name); s != nil && s.seq != 0 {
		return s
	}
	return nil
}

func (d *device) setStatus(st g.DeviceState, seq uint64) {
	d.statusWas, d.status, d.statusSeq = d.status, st, seq
}

func (d *device) unbind() {
	d.bound = false
	d.bindings = nil
	d.byStatus = nil
	d.byEvent = nil
	d.looking = nil
	for i := range d.slots {
		d.slots[i].bindings = nil
	}
}

// phase is the state of a subject in its rule.
type phase int8

const (
	idle phase = iota
	pending
	firing
	done // a track that was decided
)

// subject is the state of one rule for one device, zone, person, track, driver or school.
type subject struct {
	rule       *rule
	key        string
	members    []*device // whose values count; nil for people and tracks
	counts     [][]int64
	names      [][]string // parallel to counts: the sighting's key under Distinct
	phase      phase
	since      int64 // pending: since when the condition holds
	clearSince int64 // firing: since when it has not held; 0: it holds
	touched    int64
	first      uint64 // event that began what is pending or firing
	last       uint64 // newest event that touched it
	cause      cause
	alert      *g.Alert
	fired      int64    // firing: start time
	stage      int      // firing: how many of the rule's stages it has reached
	answered   bool     // firing: the alert has been acknowledged
	settled    bool     // firing: a person has said that it is over, or silenced it until it is
	told       int64    // firing: when it was told again for want of an answer; 0: never
	mutes      []string // firing: keys of the places that it mutes
	muted      bool     // pending: it would fire but is muted
	deadline   int64
	pos        int
	dropped    bool
	changed    bool // since Saved
}

// cause describes the event behind a finding, for the alert.
type cause struct {
	School   g.SchoolID   `json:"school"`
	Device   g.DeviceID   `json:"device,omitempty"`
	Zone     g.ZoneID     `json:"zone,omitempty"`
	Building g.BuildingID `json:"building,omitempty"`
	Floor    g.FloorID    `json:"floor,omitempty"`
	Driver   g.DriverName `json:"driver,omitempty"`
	Person   g.PersonID   `json:"person,omitempty"`
	Sighting g.SightingID `json:"sighting,omitempty"`
	Media    g.MediaID    `json:"media,omitempty"`
	Happened int64        `json:"happened,omitempty"` // see happened
}

func causeOf(d *device, at spot, ev *g.Event) cause {
	c := cause{
		School:   d.School,
		Device:   d.ID,
		Zone:     at.zone,
		Building: at.building,
		Floor:    at.floor,
		Driver:   d.Driver,
	}
	if p := d.person(); p != "" {
		c.Device, c.Person = "", p
		return c
	}
	if ev == nil {
		return c
	}
	c.Happened = happened(ev)
	if s := ev.Sighting; s != nil {
		c.Person, c.Sighting, c.Media = s.Person, s.ID, s.Media
	}
	return c
}

// device returns the device as it was at the event, to look up its place.
func (c cause) device() *device {
	return &device{
		ID:       c.Device,
		School:   c.School,
		Building: c.Building,
		Driver:   c.Driver,
	}
}

// repeat is the newest alarm for one once key.
type repeat struct {
	at    int64
	alert *g.Alert
}

// recent remembers the newest sightings, so that a repeat of one is dropped.
type recent struct {
	ids  map[g.SightingID]bool
	ring []g.SightingID
	next int

	count int // ever added
}

// since returns the IDs added after the first n, oldest first, or all remembered ones if there are
// fewer.
func (r *recent) since(n int) []g.SightingID {
	all := append(slices.Clone(r.ring[r.next:]), r.ring[:r.next]...)
	return all[max(0, len(all)-(r.count-n)):]
}

func newRecent() *recent { return &recent{ids: map[g.SightingID]bool{}} }

// add reports whether the ID is new; an empty ID always is.
func (r *recent) add(id g.SightingID) bool {
	if id == "" {
		return true
	}
	if r.ids[id] {
		return false
	}
	r.ids[id] = true
	r.count++
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, id)
		return true
	}
	delete(r.ids, r.ring[r.next])
	r.ring[r.next] = id
	r.next = (r.next + 1) % maxRecent
	return true
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// shift moves every remembered time back by delta, after the gateway's clock was.
func (e *Engine) shift(delta int64) {
	e.changes.all = true
	e.clock -= delta
	e.resumed -= delta
	for i := range e.gaps {
		e.gaps[i].From -= delta
		e.gaps[i].To -= delta
	}
	e.resuming = 0
	for _, d := range e.devices {
		d.heard -= delta
		for i := range d.slots {
			d.slots[i].at -= delta
			d.slots[i].wasAt -= delta
			if d.slots[i].ends != 0 {
				d.slots[i].ends -= delta
			}
			d.slots[i].shift(delta)
		}
	}
	for _, u := range e.usuals {
		u.shift(delta)
	}
	for _, r := range e.rules {
		for _, s := range r.subjects {
			s.shift(delta)
		}
		for _, o := range r.once {
			o.at -= delta
		}
	}
	for _, l := range e.logs {
		for _, p := range l.places {
			p.shift(delta)
		}
	}
}

func (s *subject) shift(delta int64) {
	s.touched -= delta
	if s.since != 0 {
		s.since -= delta
	}
	if s.clearSince != 0 {
		s.clearSince -= delta
	}
	if s.fired != 0 {
		s.fired -= delta
	}
	if s.told != 0 {
		s.told = max(s.told-delta, 1)
	}
	if s.deadline != 0 {
		s.deadline -= delta // all shift alike, so the heap stays valid
	}
	for _, times := range s.counts {
		for i := range times {
			times[i] -= delta
		}
	}
}
