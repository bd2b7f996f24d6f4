package rules

import (
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of an explanation.
const (
	maxSeen      = 8  // devices of a group that are named for a condition
	maxStandings = 50 // places named for a rule
)

// Explanation says what a rule makes of a device or a room at a time.
type Explanation struct {
	Rule g.RuleID  `json:"rule"`
	At   time.Time `json:"at"`
	// Phase is what the rule does there: quiet, waiting (it holds, not yet long enough), muted (it
	// would have raised an alert but another rule's speaks for it), firing; or why it does not look:
	// outside (of its where), unheard (nothing came from the device yet).
	Phase   string    `json:"phase"`
	Outside string    `json:"outside,omitempty"` // the list of where that does not fit
	Per     Subject   `json:"per"`
	Key     string    `json:"key,omitempty"` // the device, room, … that the alert would be about
	Since   time.Time `json:"since,omitzero"`
	Due     time.Time `json:"due,omitzero"` // waiting: when it would fire
	Ending  time.Time `json:"ending,omitzero"`
	MutedBy g.RuleID  `json:"muted_by,omitempty"`
	// Behind is the device that it hangs on and that the muting alert is about.
	Behind g.DeviceID `json:"behind,omitempty"`
	Alert  g.AlertID  `json:"alert,omitempty"`
	Moment bool       `json:"moment"` // it is true for a moment only: nothing of it holds between
	When   *Ground    `json:"when,omitempty"`
	Clear  *Ground    `json:"clear,omitempty"`
}

// The phases of an explanation.
const (
	PhaseQuiet   = "quiet"
	PhaseWaiting = "waiting"
	PhaseMuted   = "muted"
	PhaseFiring  = "firing"
	PhaseOutside = "outside"
	PhaseUnheard = "unheard"
)

// Ground is one condition of a rule: whether it holds, and by what.
type Ground struct {
	Kind     string      `json:"kind"`  // the word of the language: all, property, status, …
	Holds    string      `json:"holds"` // yes, no or unknown
	Property string      `json:"property,omitempty"`
	Seen     []SeenValue `json:"seen,omitempty" nullable:"false"`
	More     int         `json:"more,omitempty"` // devices that Seen leaves out
	Count    int         `json:"count,omitempty"`
	Need     int         `json:"need,omitempty"`
	Usual    float64     `json:"usual,omitzero"` // of a baseline: at this hour of this weekday
	Until    time.Time   `json:"until,omitzero"` // when time alone may change it
	Of       []Ground    `json:"of,omitempty" nullable:"false"`
	Says     string      `json:"says,omitempty"` // in the words of the language
}

// SeenValue is what is known of a device for a condition.
type SeenValue struct {
	Device g.DeviceID    `json:"device"`
	Value  g.Value       `json:"value"`
	State  g.DeviceState `json:"state,omitempty"`
	At     time.Time     `json:"at,omitzero"`
	Old    bool          `json:"old"`     // too old to count, or the device is out of reach
	Never  bool          `json:"missing"` // it was never reported
}

// Watched is a place where a rule holds or has begun to.
type Watched struct {
	Key    string     `json:"key"`
	Device g.DeviceID `json:"device,omitempty"`
	Phase  string     `json:"phase"`
	Since  time.Time  `json:"since,omitzero"`
}

// Explain says what a rule makes of a device now. It changes nothing. ok is false without such a
// rule.
func (e *Engine) Explain(id g.RuleID, dev g.DeviceID) (x Explanation, ok bool) {
	r := e.named[id]
	if r == nil {
		return x, false
	}
	x = Explanation{
		Rule:   id,
		At:     instant(e.clock),
		Per:    r.Per,
		Moment: r.momentary,
		Phase:  PhaseQuiet,
	}
	d := e.devices[dev]
	if d == nil {
		x.Phase = PhaseUnheard
		return x, true
	}
	at := d.spot()
	if x.Outside = r.Where.outside(d, at); x.Outside != "" {
		x.Phase = PhaseOutside
		return x, true
	}
	x.Key = r.Per.key(d, at, nil)
	s := r.subjects[x.Key]
	if s != nil {
		x.stands(e, s)
	}
	kept, now := e.m, e.now
	e.now = e.clock
	again := &rule{Rule: r.Rule}
	x.When = pointer(e.reason(again, r, s, d, r.When, yes))
	if r.Clear.When != nil {
		x.Clear = pointer(e.reason(
			again,
			r,
			s,
			d,
			*r.Clear.When,
			no,
		))
	}
	e.m, e.now = kept, now
	return x, true
}

// stands sets what the subject is at.
func (x *Explanation) stands(e *Engine, s *subject) {
	x.Phase = s.standing()
	if s.since != 0 {
		x.Since = instant(s.since)
	}
	switch s.phase {
	case pending:
		x.Due = instant(s.since + int64(s.rule.For))
		if by, head := e.muting(s); by != nil {
			x.Phase, x.MutedBy, x.Behind = PhaseMuted, by.ID, head
		}
	case firing:
		x.Since = instant(s.fired)
		if s.alert != nil {
			x.Alert = s.alert.ID
		}
		if s.clearSince != 0 {
			x.Ending = instant(s.clearSince + s.clearAfter())
		}
	}
}

func (s *subject) standing() string {
	switch {
	case s.phase == firing:
		return PhaseFiring
	case s.phase == pending && s.muted:
		return PhaseMuted
	case s.phase == pending:
		return PhaseWaiting
	}
	return PhaseQuiet
}

// Standings lists where a rule holds or has begun to, firing first, then by key; more is how many
// are left out.
func (e *Engine) Standings(id g.RuleID) (out []Watched, more int) {
	r := e.named[id]
	if r == nil {
		return nil, 0
	}
	for _, k := range sortedKeys(r.subjects) {
		s := r.subjects[k]
		if s.phase != pending && s.phase != firing {
			continue
		}
		one := Watched{
			Key:    k,
			Device: s.cause.Device,
			Phase:  s.standing(),
		}
		if at := max(s.since, s.fired); at != 0 {
			one.Since = instant(at)
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b Watched) int {
		if (a.Phase == PhaseFiring) == (b.Phase == PhaseFiring) {
			return 0
		} else if a.Phase == PhaseFiring {
			return -1
		}
		return 1
	})
	more = max(0, len(out)-maxStandings)
	return out[:len(out)-more], more
}

// outside is the list of Where in which the device or its place is not; "" if it fits.
func (w Where) outside(d *device, at spot) string {
	switch {
	case !within(w.Only, d.School) || slices.Contains(w.Except, d.School) ||
		!within(w.School, d.School):
		return "school"
	case !within(w.Building, at.building):
		return "building"
	case !within(w.Floor, at.floor):
		return "floor"
	case !within(w.Zone, at.zone):
		return "zone"
	case !within(w.ZoneKind, at.kind):
		return "zone_kind"
	case !within(w.Device, d.ID):
		return "device"
	case !within(w.Profile, d.Profile):
		return "profile"
	case !within(w.Type, d.Type):
		return "type"
	case !within(w.Driver, d.Driver):
		return "driver"
	}
	return ""
}

// reason explains a condition and its children. again collects the counts in the order of the
// compilation, so that each finds its own in the subject.
func (e *Engine) reason(
	again, r *rule, s *subject, d *device, c Condition, decisive tri,
) Ground {
	out := Ground{
		Kind:     c.kind(),
		Property: c.property(),
	}
	children := slices.Concat(c.All, c.Any)
	if c.Not != nil {
		children, decisive = []Condition{*c.Not}, yes
	}
	if len(children) > 0 {
		var truths []tri
		for _, x := range children {
			child := e.reason(again, r, s, d, x, decisive)
			out.Of = append(out.Of, child)
			truths = append(truths, triOf(child.Holds))
		}
		out.Holds = joined(c, truths).word()
		return out
	}
	out.Says = c.says()
	first := len(again.counted)
	test := again.compile(c, decisive)
	m := e.look(r, s, nil, d)
	if m.devs == nil {
		e.one[0] = d
		m.devs = e.one[:]
	}
	out.Holds = test(m).word()
	if next := min(m.raise, m.stale); next != never {
		out.Until = instant(next)
	}
	out.see(e, r, c, m.devs)
	if b := c.Baseline; b != nil {
		out.Need = b.Weeks
		for _, d := range m.devs {
			if v := d.sample(b.Property); v != nil {
				out.Usual, out.Count = v.usually(b.key(), e.now, m.hours.zone)
				break
			}
		}
	}
	if c.Count != nil && s != nil && first < len(s.counts) {
		out.Count = inside(s.counts[first], e.now-int64(c.Count.Within))
		out.Need = c.Count.AtLeast
	}
	return out
}

// see lists what is known of each device for a condition.
func (x *Ground) see(e *Engine, r *rule, c Condition, devs []*device) {
	property, status := c.property(), len(c.Status) > 0
	if c.Share != nil {
		property, status = c.Share.Of.property(), len(c.Share.Of.Status) > 0
	}
	if property == "" && !status {
		return
	}
	for _, d := range devs {
		if len(x.Seen) == maxSeen {
			x.More++
			continue
		}
		one := SeenValue{
			Device: d.ID,
			State:  d.status,
		}
		if v := d.sample(property); v != nil {
			one.Value, one.At = v.v, instant(v.at)
			one.Old = e.now >= d.until(v, int64(r.Fresh), e.gaps) && c.Absent == nil
		} else {
			one.Never = property != ""
		}
		x.Seen = append(x.Seen, one)
	}
}

// kind is the condition's word in the language.
func (c Condition) kind() string {
	for _, x := range []struct {
		is   bool
		word string
	}{
		{len(c.All) > 0, "all"},
		{len(c.Any) > 0, "any"},
		{c.Not != nil, "not"},
		{c.Compare != nil, "property"},
		{len(c.Status) > 0, "status"},
		{c.Absent != nil, "absent"},
		{c.Count != nil, "count"},
		{c.Sighting != nil, "sighting"},
		{c.Change != nil, "change"},
		{c.Occurrence != nil, "occurrence"},
		{c.Time != nil, "time"},
		{c.Share != nil, "share"},
		{c.Sequence != nil, "sequence"},
		{c.Rate != nil, "rate"},
		{c.Baseline != nil, "baseline"},
		{len(c.Level) > 0, "level"},
		{c.Attendance != nil, "attendance"},
		{c.Presence != nil, "presence"},
	} {
		if x.is {
			return x.word
		}
	}
	return ""
}

func (t tri) word() string {
	return [...]string{
		unknown: "unknown",
		no:      "no",
		yes:     "yes",
	}[t]
}

func triOf(word string) tri {
	switch word {
	case "yes":
		return yes
	case "no":
		return no
	}
	return unknown
}

// joined is the truth of a condition from those of its children.
func joined(c Condition, truths []tri) tri {
	switch {
	case c.Not != nil:
		return opposite(truths[0])
	case len(c.All) > 0:
		if slices.Contains(truths, no) {
			return no
		} else if slices.Contains(truths, unknown) {
			return unknown
		}
		return yes
	}
	if slices.Contains(truths, yes) {
		return yes
	} else if slices.Contains(truths, unknown) {
		return unknown
	}
	return no
}
