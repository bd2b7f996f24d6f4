package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules"
	"github.com/google/go-cmp/cmp"
)

// The golden files under testdata/golden describe a day in lines that a teacher can read:
//
//	rules safety.yaml                  shipped rules, or "rules:" and an indented rule file
//	rules instead:                     the same, in the place of all before
//	zone lab laboratory                a zone and its kind; "in west" names its building,
//	                                   "floor west-1" its floor
//	device lab-1 in lab sensor         a device, its zone and type; "driver modbus" may follow,
//	                                   "on-change leak,open": what it reports when it changes,
//	                                   and "behind switch-1": what it hangs on
//	day 2026-03-07                     the lines below are of that day; the first is 2026-03-02
//	08:00:05 lab-1 smoke=true          a reading
//	08:00:05 lab-1 offline             a status
//	08:00:05 cam face unknown track 1  a sighting: method, person or unknown, in or out, track
//	08:00:05 door occurs forced by=li  an occurrence with its data
//	08:00:05 answered smoke            somebody has acknowledged the newest alert of the rule;
//	08:00:05 resolved smoke            resolved it
//	08:00:05 dropped smoke             the acknowledgement ran out, and it was told again
//	08:00:05 undone smoke              the acknowledgement was undone: nothing was told
//	08:00:05 told smoke fired_again    it was told again for that reason; nobody has it in hand
//	restart                            stop, save, start again and load
//	off until 17:00                    the same, and the machine was off in between
//	expect 08:00:05 alert …            the next effect, and when
//	expect nothing until 08:10         no further effect up to then
//
// "replayed" at the end of a line makes it history. Every effect must be expected.
type story struct {
	t        *testing.T
	name     string
	rules    []rules.Rule
	procs    []rules.Procedure
	zones    map[g.ZoneID]g.Zone
	devices  map[g.DeviceID]rules.DeviceFacts
	engine   *rules.Engine
	seq      uint64
	last     time.Time
	effects  []string
	how      telling
	sighting int
	day      string
	told     map[g.AlertID]*g.Alert
	newest   map[g.RuleID]g.AlertID
}

// telling is a way of running a story; all must give the same result.
type telling struct {
	name    string
	ticks   time.Duration // also tick this often between lines
	twice   bool          // observe every event twice
	restart bool          // save and load after every line
}

func (s *story) Timezone(g.SchoolID) string { return "UTC" }

func (s *story) Device(id g.DeviceID) (rules.DeviceFacts, bool) {
	d, ok := s.devices[id]
	return d, ok
}
func (s *story) Zone(id g.ZoneID) (g.Zone, bool) {
	z, ok := s.zones[id]
	return z, ok
}

func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories found: %v", err)
	}
	for _, how := range []telling{
		{name: "plain"},
		{name: "ticking", ticks: 700 * time.Millisecond},
		{name: "twice", twice: true},
		{name: "restarting", restart: true},
	} {
		for _, f := range files {
			t.Run(how.name+"/"+strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				s := &story{
					t:       t,
					name:    f,
					how:     how,
					zones:   map[g.ZoneID]g.Zone{},
					devices: map[g.DeviceID]rules.DeviceFacts{},
					day:     "2026-03-02",
					told:    map[g.AlertID]*g.Alert{},
					newest:  map[g.RuleID]g.AlertID{},
				}
				s.tell(string(b))
			})
		}
	}
}

func (s *story) tell(text string) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], " ")
		at := fmt.Sprintf("%s:%d", s.name, i+1)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if line == "rules:" || line == "rules instead:" {
			if line != "rules:" {
				lines[i], s.rules = "rules:", nil
			}
			from := i
			for i+1 < len(lines) && (strings.HasPrefix(lines[i+1], " ") || lines[i+1] == "") {
				i++
			}
			s.load(at, strings.Join(lines[from:i+1], "\n"))
			continue
		}
		s.line(at, strings.Fields(line))
	}
	if len(s.effects) > 0 {
		s.t.Errorf("%s: got more at the end:\n%s", s.name, strings.Join(s.effects, "\n"))
	}
}

func (s *story) load(at, yaml string) {
	rs, err := rules.Parse(at, []byte(yaml))
	if err != nil {
		s.t.Fatalf("%s: %v", at, err)
	}
	s.rules = append(s.rules, rs...)
	b, err := os.ReadFile("../deploy/procedures/procedures.yaml")
	if err != nil {
		s.t.Fatal(err)
	}
	if s.procs, err = rules.ParseProcedures("procedures.yaml", b); err != nil {
		s.t.Fatal(err)
	}
	if s.engine == nil {
		s.engine = rules.New(nil, nil)
	}
	s.engine.SetRules(s.rules, s.procs)
}

func (s *story) line(at string, w []string) {
	switch w[0] {
	case "rules":
		for _, f := range w[1:] {
			b, err := os.ReadFile("../deploy/rules/" + f)
			if err != nil {
				s.t.Fatalf("%s: %v", at, err)
			}
			s.load(at, string(b))
		}
	case "zone":
		s.zones[g.ZoneID(w[1])] = g.Zone{
			ID:     g.ZoneID(w[1]),
			School: "school",
			Kind:   g.ZoneKind(w[2]),
		}
		z := s.zones[g.ZoneID(w[1])]
		for i := 3; i+1 < len(w); i += 2 {
			switch w[i] {
			case "in":
				z.Building = g.BuildingID(w[i+1])
			case "floor":
				z.Floor = g.FloorID(w[i+1])
			}
		}
		s.zones[z.ID] = z
	case "device":
		f := rules.DeviceFacts{
			School: "school",
			Zone:   g.ZoneID(w[3]),
			Type:   g.DeviceType(w[4]),
			Name:   w[1],
			Driver: "driver",

			Timezone: "Asia/Shanghai",
		}
		for i := 5; i+1 < len(w); i += 2 {
			switch w[i] {
			case "driver":
				f.Driver = g.DriverName(w[i+1])
			case "behind":
				f.Behind = g.DeviceID(w[i+1])
			case "on-change":
				f.Properties = map[string]g.Property{}
				for _, p := range strings.Split(w[i+1], ",") {
					f.Properties[p] = g.Property{Reports: g.ReportsChange}
				}
			}
		}
		s.devices[g.DeviceID(w[1])] = f
	case "day":
		s.day = w[1]
	case "restart":
		s.restart(at)
	case "off":
		s.restart(at)
		s.last = s.clock(at, w[2])
		s.engine.Resume(s.last)
		s.keep(s.engine.Tick(s.last))
	case "remove":
		delete(s.devices, g.DeviceID(w[1]))
		s.keep(s.engine.Forget(g.DeviceID(w[1])))
	case "expect":
		s.expect(at, w[1:])
	default:
		s.event(at, w)
		if s.how.restart {
			s.restart(at)
		}
	}
}

func (s *story) event(at string, w []string) {
	s.pass(s.clock(at, w[0]))
	s.seq++
	if w[1] == "answered" || w[1] == "resolved" || w[1] == "dropped" || w[1] == "undone" || w[1] == "told" {
		a := &g.Alert{
			ID:    s.newest[g.RuleID(w[2])],
			Rule:  g.RuleID(w[2]),
			State: g.AlertAcknowledged,
		}
		switch w[1] {
		case "resolved":
			a.State, a.ResolverName = g.AlertResolved, "Lin Feng"
		case "undone":
			a.State = g.AlertOpen
		case "dropped": // its acknowledgement ran out
			a.State, a.Retold, a.RetoldAt, a.RetoldWhy = g.AlertOpen, 1, s.last, g.AckRanOut
		case "told":
			a.State, a.Retold, a.RetoldAt, a.RetoldWhy = g.AlertOpen, 1, s.last, g.Retelling(w[3])
		}
		s.keep(s.engine.Observe(g.Event{
			Seq:      s.seq,
			Kind:     g.EventAlert,
			School:   "school",
			Time:     s.last,
			Received: s.last,
			Alert:    a,
		}, s))
		return
	}
	ev := g.Event{
		Seq:      s.seq,
		School:   "school",
		Device:   g.DeviceID(w[1]),
		Time:     s.last,
		Received: s.last,
	}
	w = w[2:]
	if w[len(w)-1] == "replayed" {
		ev.Replayed, w = true, w[:len(w)-1]
	}
	if w[len(w)-1] == "late" { // over the device's own connection, with a wrong clock
		ev.Replayed, ev.Late, ev.Driver, w = true, true, g.DriverMQTTFront, w[:len(w)-1]
	}
	switch {
	case strings.Contains(w[0], "="):
		ev.Kind, ev.Reading = g.EventReading, &g.Reading{Values: map[string]g.Value{}}
		for _, kv := range w {
			k, v, _ := strings.Cut(kv, "=")
			ev.Reading.Values[k] = scalar(v)
		}
	case w[0] == "occurs":
		ev.Kind, ev.Occurrence = g.EventOccurrence, &g.Occurrence{
			Kind: g.OccurrenceKind(w[1]),
			Data: map[string]g.Value{},
		}
		for _, kv := range w[2:] {
			k, v, _ := strings.Cut(kv, "=")
			ev.Occurrence.Data[k] = scalar(v)
		}
	case w[0] == "online" || w[0] == "offline" || w[0] == "fault" || w[0] == "driver_down":
		ev.Kind, ev.Status = g.EventStatus, &g.Status{State: g.DeviceState(w[0])}
	default:
		ev.Kind, ev.Sighting = g.EventSighting, s.sight(w)
	}
	s.keep(s.engine.Observe(ev, s))
	if s.how.twice {
		s.keep(s.engine.Observe(ev, s))
	}
}

func scalar(v string) g.Value {
	if f, err := strconv.ParseFloat(v, 64); err == nil {
		return g.NumberValue(f)
	}
	if v == "true" || v == "false" {
		return g.BoolValue(v == "true")
	}
	return g.StringValue(v)
}

func (s *story) sight(w []string) *g.Sighting {
	s.sighting++
	out := &g.Sighting{
		ID:     g.SightingID(fmt.Sprintf("sgt_%d", s.sighting)),
		Method: g.Method(w[0]),
		Person: g.PersonID(w[1]),
	}
	if w[1] == "unknown" {
		out.Person = ""
		out.Match = &g.Match{Reason: "below_threshold"}
	}
	for i := 2; i < len(w); i++ {
		switch w[i] {
		case "in", "out":
			out.Direction = g.Direction(w[i])
		case "track":
			i++
			out.Track = w[i]
		case "same":
			s.sighting--
			out.ID = g.SightingID(fmt.Sprintf("sgt_%d", s.sighting))
		}
	}
	return out
}

// pass advances the time to t, before which no event may remain.
func (s *story) pass(t time.Time) {
	if s.how.ticks > 0 {
		if s.last.IsZero() {
			s.last = t
		}
		for now := s.last; now.Before(t); now = now.Add(s.how.ticks) {
			s.keep(s.engine.Tick(now))
		}
	}
	if t.Before(s.last) {
		s.t.Fatalf("%s: time runs backwards to %s", s.name, t)
	}
	s.last = t
}

func (s *story) expect(at string, w []string) {
	if w[0] == "nothing" {
		s.pass(s.clock(at, w[2]))
		s.keep(s.engine.Tick(s.last))
		if len(s.effects) > 0 {
			s.t.Errorf("%s: got %q, want nothing", at, s.effects)
			s.effects = nil
		}
		return
	}
	t := s.clock(at, w[0])
	if t.After(s.last) {
		s.pass(t)
	}
	s.keep(s.engine.Tick(s.last))
	want := t.Format("15:04:05") + " " + strings.Join(w[1:], " ")
	if len(s.effects) == 0 {
		s.t.Errorf("%s: got nothing, want %q", at, want)
		return
	}
	if diff := cmp.Diff(s.effects[0], want); diff != "" {
		s.t.Errorf("%s: got (-), want (+):\n%s", at, diff)
	}
	s.effects = s.effects[1:]
}

func (s *story) restart(at string) {
	s.keep(s.engine.Tick(s.last))
	b, err := s.engine.Snapshot()
	if err != nil {
		s.t.Fatalf("%s: %v", at, err)
	}
	s.engine = rules.New(s.rules, s.procs)
	if err := s.engine.Restore(b); err != nil {
		s.t.Fatalf("%s: %v", at, err)
	}
	again, err := s.engine.Snapshot()
	if err != nil {
		s.t.Fatalf("%s: %v", at, err)
	}
	if diff := cmp.Diff(string(again), string(b)); diff != "" {
		s.t.Fatalf("%s: state after a restart, got (-), want (+):\n%s", at, diff)
	}
}

func (s *story) keep(list []rules.Effect) {
	for _, e := range list {
		say := func(format string, args ...any) {
			s.effects = append(s.effects,
				e.At.In(zone()).Format("15:04:05")+" "+fmt.Sprintf(format, args...))
		}
		switch {
		case e.Alert != nil:
			say("%s", s.words(e.Alert))
			if in := e.Incident; in != nil {
				wait := ""
				if in.Handover.Requested {
					wait = fmt.Sprintf(", %s for %s", in.Handover.Approval,
						in.Handover.ApproverRole)
				}
				say("incident %s with %d steps%s", e.Alert.Rule, len(in.Steps), wait)
			}
		case e.Command != nil:
			say("command %s to %s%s", e.Command.Action, e.Command.Device, e.Command.Zone)
		case e.Notify != nil:
			say("notify %v", e.Notify.Roles)
		}
	}
}

// words describes an alert: new, repeated or ended, and about whom.
func (s *story) words(a *g.Alert) string {
	about := string(a.Device)
	momentary := false
	for _, r := range s.rules {
		if r.ID != a.Rule {
			continue
		}
		momentary = ofAMoment(r.When)
		switch r.Per {
		case rules.PerZone:
			about = string(a.Zone)
		case rules.PerFloor:
			about = a.Values["floor"].String()
		case rules.PerBuilding:
			about = a.Values["building"].String()
		case rules.PerDriver:
			about = a.Values["driver"].String()
		case rules.PerPerson:
			about = string(a.Person)
		case rules.PerSchool:
			about = string(a.School)
		}
	}
	before := s.told[a.ID]
	s.told[a.ID], s.newest[a.Rule] = a, a.ID
	switch {
	case before != nil && a.Firing && before.Firing && before.Count == a.Count:
		if before.Severity != a.Severity {
			return fmt.Sprintf("rises %s %s %s", a.Rule, about, a.Severity)
		}
		return fmt.Sprintf("retitled %s %s %q", a.Rule, about, a.Title)
	case !a.Firing && !momentary:
		return fmt.Sprintf("ended %s %s", a.Rule, about)
	case a.Flapping:
		return fmt.Sprintf("again %s %s %d times, flapping", a.Rule, about, a.Count)
	case a.Count > 1:
		return fmt.Sprintf("again %s %s %d times", a.Rule, about, a.Count)
	}
	return fmt.Sprintf("alert %s %s %s", a.Rule, about, a.Severity)
}

func ofAMoment(c rules.Condition) bool {
	return c.Sighting != nil || c.Change != nil || c.Occurrence != nil || c.Sequence != nil ||
		slices.ContainsFunc(c.All, ofAMoment)
}

func zone() *time.Location { return time.FixedZone("CST", 8*3600) }

var clockText = regexp.MustCompile(`^\d\d:\d\d(:\d\d)?$`)

func (s *story) clock(at, w string) time.Time {
	if !clockText.MatchString(w) {
		s.t.Fatalf("%s: %q is no time; write 08:00 or 08:00:05", at, w)
	}
	if len(w) == 5 {
		w += ":00"
	}
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s.day+" "+w, zone())
	if err != nil {
		s.t.Fatalf("%s: %v", at, err)
	}
	return t
}
