package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// Limits of tests of rules.
const (
	MaxTests = 500 // in one file
	MaxTold  = 500 // steps of one test
)

// Test is a short story with what the rules should find in it.
type Test struct {
	Name    string
	Rules   []g.RuleID // that take part; none: all
	Begin   time.Time
	Zones   map[g.ZoneID]g.Zone
	Devices map[g.DeviceID]DeviceFacts
	// People are those of whom the story says what kind they are.
	People map[g.PersonID]PersonFacts
	// Calendar holds the days off and the working days of its first week.
	Calendar []g.CalendarEntry
	Steps    []Told
	level    g.LockdownID // that stands, while the steps are parsed
	Line     int
}

// PersonFacts is who somebody of a story is.
type PersonFacts struct {
	Kind    g.PersonKind
	Boarder bool
}

// Told is one step of a test: at a time something happens, or something is expected.
type Told struct {
	At     time.Time
	Event  *g.Event
	Answer string // a rule whose newest alert somebody acknowledges
	Expect bool
	Alerts []string // Expect: what fires then, by id or title of the rule; none: nothing
	// About, by such a name, is what the rule's alerts are about, one each: devices, rooms, people …
	About  map[string][]string
	Line   int
	Column int
}

// TestResult is the outcome of a test.
type TestResult struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Line   int    `json:"line"`
	// Failures are at the first line where something else was found than expected.
	Failures []*g.Error `json:"-"`
}

// RunTests runs tests of rules; file names their file in failures.
func RunTests(file string, tests []Test, rs []Rule, ps []Procedure) []TestResult {
	out := make([]TestResult, 0, len(tests))
	for _, t := range tests {
		x := &telling{
			file:   file,
			test:   t,
			alerts: map[g.AlertID]*g.Alert{},
		}
		out = append(out, x.run(rs, ps))
	}
	return out
}

// telling runs one test.
type telling struct {
	file   string
	test   Test
	rules  []Rule
	engine *Engine
	seq    uint64
	alerts map[g.AlertID]*g.Alert
	newest map[g.RuleID]g.AlertID
	moment []*g.Alert // raised since the step before, and true for a moment only
	errs   []*g.Error
}

// Device implements Facts.
func (x *telling) Device(id g.DeviceID) (DeviceFacts, bool) {
	d, ok := x.test.Devices[id]
	return d, ok
}

// Zone implements Facts.
func (x *telling) Zone(id g.ZoneID) (g.Zone, bool) {
	z, ok := x.test.Zones[id]
	return z, ok
}

// Person implements People.
func (x *telling) Person(id g.PersonID) (kind g.PersonKind, boarder, ok bool) {
	p, ok := x.test.People[id]
	return p.Kind, p.Boarder, ok
}

// Timezone implements Facts.
func (x *telling) Timezone(g.SchoolID) string { return "UTC" }

func (x *telling) wrong(s Told, format string, args ...any) {
	x.errs = append(x.errs,
		g.FieldErrorf(fmt.Sprintf("%s:%d:%d", x.file, s.Line, s.Column), format, args...))
}

func (x *telling) run(rs []Rule, ps []Procedure) TestResult {
	x.newest = map[g.RuleID]g.AlertID{}
	for _, r := range rs {
		plain, _ := Plain(r.ID)
		if len(x.test.Rules) == 0 || slices.Contains(x.test.Rules, plain) {
			r.ID, r.Where.Only, r.Where.Except = plain, nil, nil
			x.rules = append(x.rules, r)
		}
	}
	for _, id := range x.test.Rules {
		if !slices.ContainsFunc(x.rules, func(r Rule) bool { return r.ID == id }) {
			x.wrong(Told{
				Line:   x.test.Line,
				Column: 1,
			}, "there is no rule %q to test", id)
		}
	}
	x.checkRead()
	x.engine = New(x.rules, ps)
	x.engine.SetCalendars(map[g.SchoolID]calendar.Calendar{"school": calendar.New(x.test.Calendar, nil)})
	for _, s := range x.test.Steps {
		if len(x.errs) > 0 {
			break // what follows rests on it
		}
		x.step(s)
	}
	return TestResult{
		Name:     x.test.Name,
		Passed:   len(x.errs) == 0,
		Line:     x.test.Line,
		Failures: x.errs,
	}
}

// checkRead refuses a value that no rule of the test reads, said by a device without a profile: a
// misspelt property would let the test pass.
func (x *telling) checkRead() {
	read := map[string]bool{}
	for _, r := range x.rules {
		for _, p := range r.Properties() {
			read[p] = true
		}
	}
	for _, s := range x.test.Steps {
		if s.Event == nil || s.Event.Reading == nil || x.test.Devices[s.Event.Device].Profile != "" {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(s.Event.Reading.Values)) {
			if !read[name] {
				x.wrong(s, "no rule of this test reads %q", name)
			}
		}
	}
}

func (x *telling) step(s Told) {
	x.keep(x.engine.Tick(s.At))
	switch {
	case s.Expect:
		x.expect(s)
	case s.Answer != "":
		x.answer(s)
	default:
		x.seq++
		ev := *s.Event
		ev.Seq, ev.Time, ev.Received = x.seq, s.At, s.At
		x.keep(x.engine.Observe(ev, x))
		x.keep(x.engine.Tick(s.At))
	}
}

func (x *telling) keep(effects []Effect) {
	for _, e := range effects {
		if a := e.Alert; a != nil {
			if x.alerts[a.ID] == nil || a.Count > x.alerts[a.ID].Count {
				x.newest[a.Rule] = a.ID
				if !a.Firing {
					x.moment = append(x.moment, a)
				}
			}
			x.alerts[a.ID] = a
		}
	}
}

// answer acknowledges the newest alert of a rule.
func (x *telling) answer(s Told) {
	r, ok := x.named(s.Answer)
	id := x.newest[r.ID]
	if !ok || id == "" {
		x.wrong(s, "there is no alert %q to acknowledge", s.Answer)
		return
	}
	x.seq++
	x.keep(x.engine.Observe(g.Event{
		Seq:      x.seq,
		Kind:     g.EventAlert,
		Received: s.At,
		Alert: &g.Alert{
			ID:    id,
			Rule:  r.ID,
			State: g.AlertAcknowledged,
		},
	}, x))
}

// named finds a rule by its ID or one of its titles.
func (x *telling) named(name string) (Rule, bool) {
	for _, r := range x.rules {
		if string(r.ID) == name || r.Title == name || r.TitleZH == name {
			return r, true
		}
	}
	return Rule{}, false
}

// expect compares what fires, and what was true for a moment since the step before, with what is
// expected.
func (x *telling) expect(s Told) {
	found := x.moment
	x.moment = nil
	for _, a := range x.alerts {
		if a.Firing {
			found = append(found, a)
		}
	}
	got := make([]g.RuleID, 0, len(found))
	for _, a := range found {
		got = append(got, a.Rule)
	}
	slices.Sort(got)
	got = slices.Compact(got)
	var want []g.RuleID
	for _, name := range s.Alerts {
		r, ok := x.named(name)
		if !ok {
			x.wrong(s, "no rule of this test has the id or the title %q", name)
			return
		}
		want = append(want, r.ID)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	if !slices.Equal(got, want) {
		x.wrong(s, "at %s: expected %s, and there is %s", s.At.Format("15:04:05"), listed(want),
			listed(got))
		return
	}
	for name, about := range s.About {
		r, _ := x.named(name)
		x.expectAbout(s, r, found, about)
	}
}

// expectAbout compares what a rule's alerts are about with what is expected.
func (x *telling) expectAbout(s Told, r Rule, found []*g.Alert, want []string) {
	var got []string
	for _, a := range found {
		if a.Rule == r.ID {
			got = append(got, r.Per.about(a))
		}
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		x.wrong(s, "at %s: expected %s of %s, and there is %s", s.At.Format("15:04:05"), r.ID,
			strings.Join(want, ", "), strings.Join(got, ", "))
	}
}

// about is the name, in a story, of what an alert is about.
func (p Subject) about(a *g.Alert) string {
	switch p {
	case PerZone:
		return string(a.Zone)
	case PerPerson:
		return string(a.Person)
	case PerSchool:
		return string(a.School)
	case PerBuilding, PerFloor, PerDriver:
		return a.Values[string(p)].String()
	}
	return string(a.Device)
}

func listed(ids []g.RuleID) g.Text {
	if len(ids) == 0 {
		return g.Word("nothing")
	}
	return g.Textf("%s", strings.Join(words(ids), ", "))
}
