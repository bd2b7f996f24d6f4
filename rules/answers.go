package rules

import (
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// AttendanceIs holds while somebody's answer at a session of the kind is one of the states.
type AttendanceIs struct {
	Kind  g.SessionKind       `json:"kind"`
	State []g.AttendanceState `json:"state"`
}

// missed are the states that a rule can ask for. Who is where they are expected is of no rule's
// concern, and nothing is kept of them.
func missed() []g.AttendanceState {
	return []g.AttendanceState{g.Absent, g.Late, g.LeftEarly, g.Unknown}
}

// AnswerCounts is how long after its session's end an answer counts: what is found out later, as
// when a reader delivers what it kept, alarms nobody.
const AnswerCounts = 2 * time.Hour

// A person is a device of their own, whose values are their answers by kind of session. It is there
// while an answer is one of missed, or an alert fires for want of one.
const personPrefix = "person/" // no device's id has a slash

// person is whose answers or whereabouts the device holds; "" for a real device.
func (d *device) person() g.PersonID {
	if id, is := strings.CutPrefix(string(d.ID), personPrefix); is {
		return g.PersonID(id)
	}
	if id, is := strings.CutPrefix(string(d.ID), wherePrefix); is {
		return g.PersonID(id)
	}
	return ""
}

// answerOf is the name of the value for a kind of session; no property has a space.
func answerOf(kind g.SessionKind) string { return "attendance " + string(kind) }

// test is the condition as a function of a value.
func (a AttendanceIs) test() func(g.Value) tri {
	return func(v g.Value) tri {
		text, _ := v.Text()
		return known(slices.Contains(a.State, g.AttendanceState(text)))
	}
}

// hearAnswer applies somebody's answer, and evaluates the rules that ask for it. Of two sessions of
// a kind the one that ends later counts.
func (e *Engine) hearAnswer(ev *g.Event, f Facts) {
	a := ev.Attendance
	id := g.DeviceID(personPrefix + string(a.Person))
	ends := a.Until.Add(AnswerCounts).UnixNano()
	d := e.devices[id]
	if a.Person == "" || a.Until.IsZero() || e.now >= ends ||
		d == nil && !slices.Contains(missed(), a.State) {
		return
	}
	if d == nil {
		if len(e.devices) >= MaxDevices {
			e.forgetQuiet()
		}
		d = &device{ID: id}
		e.devices[id] = d
	}
	name := answerOf(a.Kind)
	s := d.slot(name)
	if s != nil && s.ends > ends {
		return
	}
	e.touchDevice(d)
	d.heard = e.now
	place := device{
		ID:       id,
		School:   ev.School,
		Timezone: f.Timezone(ev.School),
	}
	if !d.bound || d.moved(&place) {
		for _, b := range e.bind(d, &place) {
			e.settle(d, b)
		}
	}
	if s == nil {
		s = d.addSlot(slot{
			name:     name,
			steady:   true,
			bindings: e.bound(d, name),
		})
	}
	s.was, s.wasAt = s.v, s.at
	s.v, s.at, s.seq, s.ends = g.StringValue(string(a.State)), e.now, ev.Seq, ends
	e.hits = e.hits[:0]
	for _, b := range s.bindings {
		e.hit(ev.Seq, b.binding)
	}
	slices.SortFunc(e.hits, byRule)
	for _, b := range e.hits {
		e.ask(b.rule, b.key, d, d.spot(), ev)
	}
	if e.accounted(d) {
		e.forget(d)
	}
}

// accounted reports whether nothing has to be kept of a person: no answer that a rule can ask for,
// and nothing that fires or waits.
func (e *Engine) accounted(d *device) bool {
	for i := range d.slots {
		text, _ := d.slots[i].v.Text()
		if e.now < d.slots[i].ends && strings.HasPrefix(d.slots[i].name, presenceName) {
			return false // where they were seen orders what is heard late
		}
		if e.now < d.slots[i].ends && slices.Contains(missed(), g.AttendanceState(text)) {
			return false
		}
	}
	return !slices.ContainsFunc(d.bindings, func(b *binding) bool {
		s := b.rule.subjects[b.key]
		return s != nil && s.phase != idle
	})
}

// sweepPeople lets go of people whose answers have ceased to count, once an hour.
func (e *Engine) sweepPeople() {
	if e.clock < e.swept+int64(time.Hour) && e.clock >= e.swept {
		return
	}
	e.swept = e.clock
	var over []g.DeviceID // the devices are far more, and are not to be sorted
	for id, d := range e.devices {
		if d.person() != "" && e.accounted(d) {
			over = append(over, id)
		}
	}
	slices.Sort(over)
	for _, id := range over {
		e.forget(e.devices[id])
	}
}

// answersRead are the names of the values that the rule's conditions on answers read.
func (r Rule) answersRead() (out []string) {
	r.walk(func(c Condition) {
		if a := c.Attendance; a != nil && !slices.Contains(out, answerOf(a.Kind)) {
			out = append(out, answerOf(a.Kind))
		}
	})
	return out
}

// AsksAnswers reports whether the rule asks for somebody's answers.
func (r Rule) AsksAnswers() bool { return len(r.answersRead()) > 0 }

func parseAttendance(n node) *AttendanceIs {
	o := n.object("kind", "state")
	a := &AttendanceIs{}
	if c, ok := o.need("kind", g.Word("say at what people are expected, such as kind: dorm")); ok {
		a.Kind = oneOf(c, g.SessionKinds())
	}
	if c, ok := o.need("state", g.Word("say what came of it, such as state: absent")); ok {
		a.State = listOf(c, missed())
	}
	return a
}

// checkAnswers refuses what cannot be asked of people.
func checkAnswers(o object, r Rule) {
	if !r.AsksAnswers() {
		return
	}
	when, _ := o.get("when")
	if r.Per != PerPerson && r.Per != PerSchool {
		when.fail("attendance is of people: use per: person, or per: school for one alert of all")
	}
	w := r.Where
	if w.School = nil; len(w.keys()) > 0 {
		if c, ok := o.get("where"); ok {
			c.fail("attendance is of people, and not of devices or rooms: only school can stand in where")
		}
	}
	r.walk(func(c Condition) {
		if c.Compare != nil || c.Status != nil || c.Absent != nil || c.Count != nil || c.Sighting != nil ||
			c.Change != nil || c.Occurrence != nil || c.Share != nil || c.Sequence != nil ||
			c.Rate != nil || c.Baseline != nil {
			when.fail("attendance is of people: only time and level stand beside it")
		}
	})
	for _, a := range r.Then {
		if a.Command != nil && (a.Command.Device == "same" || a.Command.Zone == "same") {
			when.fail("attendance is of people: a command names its device or room")
		}
	}
}
