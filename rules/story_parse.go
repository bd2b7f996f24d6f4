package rules

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"go.yaml.in/yaml/v3"
)

// ParseTests parses a file of tests: YAML with one key, tests. Profiles give devices that name one
// their type and what they report on change. The error joins a gatehouse.Error for each mistake,
// with file, line, place and fix.
func ParseTests(name string, b []byte, profiles []g.Profile) ([]Test, error) {
	doc, root, err := openDocument(name, b)
	if err != nil {
		return nil, err
	}
	list, ok := root.object("tests").need("tests", g.Word("begin with tests: and a list"))
	if !ok {
		return nil, doc.err()
	}
	nodes := list.list()
	if len(nodes) > MaxTests {
		list.fail("%d tests; at most %d are read from one file", len(nodes), MaxTests)
		return nil, doc.err()
	}
	var out []Test
	for _, n := range nodes {
		out = append(out, parseTest(n, profiles))
	}
	if err := doc.err(); err != nil {
		return nil, err
	}
	return out, nil
}

func parseTest(n node, profiles []g.Profile) Test {
	o := n.object(
		"name",
		"rules",
		"start",
		"days_off",
		"school_days",
		"rooms",
		"devices",
		"people",
		"story",
	)
	t := Test{
		Zones:   map[g.ZoneID]g.Zone{},
		Devices: map[g.DeviceID]DeviceFacts{},
		Begin:   firstMonday(),
		Line:    n.n.Line,
	}
	if c, ok := o.need("name", g.Word("say in a sentence what should happen")); ok {
		t.Name = c.text()
	}
	if c, ok := o.get("rules"); ok {
		t.Rules = listOf[g.RuleID](c, nil)
	}
	if c, ok := o.get("start"); ok {
		t.Begin = parseStart(c)
	}
	if c, ok := o.get("days_off"); ok {
		t.Calendar = append(t.Calendar, firstWeek(c, g.CalendarDayOff)...)
	}
	if c, ok := o.get("school_days"); ok {
		t.Calendar = append(t.Calendar, firstWeek(c, g.CalendarWorkday)...)
	}
	if c, ok := o.get("rooms"); ok {
		t.parseRooms(c)
	}
	if c, ok := o.get("devices"); ok {
		t.parseDevices(c, profiles)
	}
	if c, ok := o.get("people"); ok {
		t.parsePeople(c)
	}
	if c, ok := o.need("story", g.Word("say what happens, step by step")); ok {
		t.parseStory(c)
	}
	return t
}

// firstMonday is when tests begin: midnight of a Monday.
func firstMonday() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }

// parseStart parses "sat 21:50", or a time of the first Monday.
func parseStart(n node) time.Time {
	words := strings.Fields(n.text())
	day := 0
	if len(words) == 2 {
		d := n
		copied := *n.n
		copied.Value = words[0]
		d.n = &copied
		if days := parseDays(d); len(days) > 0 {
			day = (int(days[0]) + 6) % 7
		}
		words = words[1:]
	}
	at := n
	copied := *n.n
	copied.Value = strings.Join(words, " ")
	at.n = &copied
	return firstMonday().AddDate(0, 0, day).Add(time.Duration(at.clock()) * time.Minute)
}

// firstWeek parses days of the first week, Monday to Sunday, as entries of the school's calendar.
func firstWeek(n node, kind g.CalendarKind) (out []g.CalendarEntry) {
	for _, c := range n.list() {
		for _, day := range parseDays(c) {
			date := g.DateOf(firstMonday()).Add((int(day) + 6) % 7).String()
			out = append(out, g.CalendarEntry{
				Kind: kind,
				From: date,
				To:   date,
			})
		}
	}
	return out
}

// names are the keys of a mapping whose keys the author chooses.
func (n node) names() []string {
	var out []string
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		out = append(out, n.n.Content[i].Value)
	}
	return out
}

// parsePeople parses people by name: their kind, or boarder for a student who sleeps in the school.
func (t *Test) parsePeople(n node) {
	t.People = map[g.PersonID]PersonFacts{}
	names := n.names()
	o := n.object(names...)
	const boarder = g.PersonKind("boarder")
	for _, name := range names {
		p := PersonFacts{Kind: oneOf(o.keys[name], append(g.PersonKinds(), boarder))}
		if p.Kind == boarder {
			p = PersonFacts{
				Kind:    g.Student,
				Boarder: true,
			}
		}
		t.People[g.PersonID(name)] = p
	}
}

// parseRooms parses rooms by name: a kind, or {kind: …, building: …, floor: …}.
func (t *Test) parseRooms(n node) {
	names := n.names()
	o := n.object(names...)
	for _, name := range names {
		c := o.keys[name]
		z := g.Zone{
			ID:     g.ZoneID(name),
			School: "school",
		}
		if len(c.n.Content) == 0 {
			z.Kind = oneOf(c, g.ZoneKinds())
		} else {
			room := c.object("kind", "building", "floor")
			if k, ok := room.need("kind", g.Word("say what kind of room it is")); ok {
				z.Kind = oneOf(k, g.ZoneKinds())
			}
			if b, ok := room.get("building"); ok {
				z.Building = g.BuildingID(b.text())
			}
			if f, ok := room.get("floor"); ok {
				z.Floor = g.FloorID(f.text())
			}
		}
		t.Zones[z.ID] = z
	}
}

func (t *Test) parseDevices(n node, profiles []g.Profile) {
	names := n.names()
	o := n.object(names...)
	for _, name := range names {
		t.Devices[g.DeviceID(name)] = t.parseDevice(o.keys[name], name, profiles)
	}
}

func (t *Test) parseDevice(n node, name string, profiles []g.Profile) DeviceFacts {
	d := n.object(
		"room",
		"profile",
		"type",
		"driver",
		"behind",
		"reports_changes",
	)
	f := DeviceFacts{
		School:     "school",
		Name:       name,
		Type:       g.TypeSensor,
		Driver:     "driver",
		Timezone:   "UTC",
		Properties: map[string]g.Property{},
	}
	if c, ok := d.get("room"); ok {
		if f.Zone = g.ZoneID(c.text()); t.Zones[f.Zone].ID == "" {
			c.fail("there is no room %q in rooms", f.Zone)
		}
	}
	if c, ok := d.get("profile"); ok {
		f.Profile = g.ProfileID(c.text())
		for _, p := range profiles {
			if p.ID == f.Profile {
				f.Type = p.Type
				for k, v := range p.Properties {
					f.Properties[k] = v
				}
			}
		}
	}
	if c, ok := d.get("type"); ok {
		f.Type = oneOf(c, g.DeviceTypes())
	}
	if c, ok := d.get("driver"); ok {
		f.Driver = g.DriverName(c.text())
	}
	if c, ok := d.get("behind"); ok {
		f.Behind = g.DeviceID(c.text())
	}
	if c, ok := d.get("reports_changes"); ok {
		for _, p := range listOf[string](c, nil) {
			f.Properties[p] = g.Property{Reports: g.ReportsChange}
		}
	}
	return f
}

// deeds are the keys of a step that say what happens; exactly one is given.
func deeds() []string {
	return []string{"says", "is", "sees", "happens", "attends", "level", "acknowledge", "expect"}
}

func (t *Test) parseStory(n node) {
	t.parseSteps(n, t.Begin, 0)
	if !slices.ContainsFunc(t.Steps, func(s Told) bool { return s.Expect }) {
		n.fail("the story expects nothing of the rules, so it tests none; add a step such as " +
			"{expect: nothing}")
	}
}

// parseSteps parses steps from now on, and returns the time of the last.
func (t *Test) parseSteps(n node, now time.Time, depth int) time.Time {
	steps := n.list()
	for _, c := range steps {
		if len(t.Steps) >= MaxTold {
			n.fail("%d steps; at most %d are told in one test", len(t.Steps)+1, MaxTold)
			return now
		}
		o := c.object(append([]string{"at", "after", "device", "times", "story"}, deeds()...)...)
		if _, again := o.get("times"); again {
			now = t.parseTimes(o, now, depth)
			continue
		}
		if s, ok := o.get("story"); ok {
			s.fail("a story in a story is told again and again; add times: 14")
			continue
		}
		now = parseWhen(o, now)
		s := Told{
			At:     now,
			Line:   c.n.Line,
			Column: c.n.Column,
		}
		given := 0
		for _, k := range deeds() {
			if _, ok := o.get(k); ok {
				given++
			}
		}
		if given != 1 {
			c.fail("a step has exactly one of %s; this one has %d", strings.Join(deeds(), ", "), given)
			continue
		}
		t.parseDeed(o, &s, len(t.Steps)+1)
		t.Steps = append(t.Steps, s)
	}
	return now
}

// parseTimes parses a story that is told again and again, such as each day of two weeks.
func (t *Test) parseTimes(o object, now time.Time, depth int) time.Time {
	times := o.keys["times"].whole(1, MaxTold)
	s, ok := o.need("story", g.Word("say what happens each time"))
	if !ok || depth > 0 {
		if depth > 0 {
			o.fail("a story in a story in a story is not told; write it out")
		}
		return now
	}
	for range times {
		now = t.parseSteps(s, now, depth+1)
		if len(t.Steps) >= MaxTold || len(o.doc.errs) > 0 {
			return now
		}
	}
	return now
}

// parseWhen parses when a step is: at the next time that the clock shows this, or after a while.
func parseWhen(o object, now time.Time) time.Time {
	at, hasAt := o.get("at")
	after, hasAfter := o.get("after")
	switch {
	case hasAt && hasAfter:
		after.fail("give at or after, not both")
	case hasAfter:
		return now.Add(after.duration())
	case hasAt:
		return nextClock(now, at.clock())
	}
	return now
}

func (t *Test) parseDeed(o object, s *Told, number int) {
	if c, ok := o.get("expect"); ok {
		s.Expect = true
		for _, x := range c.list() {
			s.parseExpected(x)
		}
		return
	}
	if c, ok := o.get("acknowledge"); ok {
		s.Answer = c.text()
		return
	}
	s.Event = &g.Event{School: "school"}
	if c, ok := o.get("level"); ok {
		s.Event.Kind, s.Event.Lockdown = g.EventLockdown, t.parseLevel(c, s.At)
		return
	}
	if c, ok := o.get("attends"); ok {
		s.Event.Kind, s.Event.Attendance = g.EventAttendance, parseAttends(c, s.At)
		return
	}
	if c, ok := o.need("device", g.Word("say which device")); ok {
		s.Event.Device = g.DeviceID(c.text())
		if _, known := t.Devices[s.Event.Device]; !known {
			c.fail("there is no device %q in devices", s.Event.Device)
		}
	}
	if c, ok := o.get("says"); ok {
		t.checkSaid(c, s.Event.Device)
		s.Event.Kind, s.Event.Reading = g.EventReading, &g.Reading{Values: parseSaid(c)}
	}
	if c, ok := o.get("is"); ok {
		s.Event.Kind = g.EventStatus
		s.Event.Status = &g.Status{State: oneOf(c, reportedStates())}
	}
	if c, ok := o.get("sees"); ok {
		s.Event.Kind, s.Event.Sighting = g.EventSighting, parseSeen(c, number)
	}
	if c, ok := o.get("happens"); ok {
		s.Event.Kind, s.Event.Occurrence = g.EventOccurrence, parseHappens(c)
	}
}

// parseAttends parses what comes of somebody's session, which ends at the next such time.
func parseAttends(n node, now time.Time) *g.Attendance {
	o := n.object("person", "kind", "state", "until")
	a := &g.Attendance{School: "school"}
	if c, ok := o.need("person", g.Word("say who")); ok {
		a.Person = g.PersonID(c.text())
	}
	if c, ok := o.need("kind", g.Word("say at what people are expected, such as kind: dorm")); ok {
		a.Kind = oneOf(c, g.SessionKinds())
	}
	if c, ok := o.need("state", g.Word("say what came of it, such as state: absent")); ok {
		a.State = oneOf(c, g.AttendanceStates())
	}
	if c, ok := o.need("until", g.Word("say when the session ends, such as until: \"06:00\"")); ok {
		a.Until = nextClock(now, c.clock())
	}
	return a
}

// nextClock is the next time at which the clock shows so many minutes since midnight.
func nextClock(now time.Time, minutes int) time.Time {
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	next := day.Add(time.Duration(minutes) * time.Minute)
	if next.Before(now) {
		next = next.AddDate(0, 0, 1)
	}
	return next
}

// parseLevel parses the threat level that is raised, or normal: the all-clear.
func (t *Test) parseLevel(n node, at time.Time) *g.Lockdown {
	level := g.LevelID(n.text())
	if level == "normal" {
		return &g.Lockdown{
			ID:      t.level,
			School:  "school",
			Cleared: at,
		}
	}
	t.level = g.LockdownID(strconv.Itoa(n.n.Line))
	return &g.Lockdown{
		ID:     t.level,
		School: "school",
		Level:  level,
		Raised: at,
	}
}

// parseExpected parses the name of a rule, or {name: what its alerts are about}.
func (s *Told) parseExpected(n node) {
	if n.n.Kind != yaml.MappingNode {
		if name := n.text(); name != "nothing" {
			s.Alerts = append(s.Alerts, name)
		}
		return
	}
	names := n.names()
	o := n.object(names...)
	for _, name := range names {
		s.Alerts = append(s.Alerts, name)
		if s.About == nil {
			s.About = map[string][]string{}
		}
		s.About[name] = listOf[string](o.keys[name], nil)
	}
}

func parseSaid(n node) map[string]g.Value {
	names := n.names()
	o := n.object(names...)
	out := map[string]g.Value{}
	for _, name := range names {
		out[name] = o.keys[name].value()
	}
	return out
}

// checkSaid refuses properties that the device's profile does not have.
func (t *Test) checkSaid(n node, id g.DeviceID) {
	f := t.Devices[id]
	if f.Profile == "" || len(f.Properties) == 0 {
		return
	}
	known := slices.Sorted(maps.Keys(f.Properties))
	for i := 0; i+1 < len(n.n.Content); i += 2 {
		key := n.n.Content[i]
		if _, ok := f.Properties[key.Value]; !ok {
			n.child(key, key.Value).fail("the profile %q has no such property; use %s", f.Profile,
				suggest(key.Value, known))
		}
	}
}

func parseHappens(n node) *g.Occurrence {
	o := n.object("kind", "data")
	x := &g.Occurrence{}
	if c, ok := o.need("kind", g.Word("name an event of the device's profile")); ok {
		x.Kind = g.OccurrenceKind(c.text())
	}
	if c, ok := o.get("data"); ok {
		x.Data = parseSaid(c)
	}
	return x
}

// parseSeen parses somebody who is seen; without a track, each time is another.
func parseSeen(n node, number int) *g.Sighting {
	o := n.object(
		"person",
		"method",
		"direction",
		"track",
		"reason",
		"card",
	)
	id := g.SightingID("sgt_" + time.Duration(number).String())
	s := &g.Sighting{
		ID:     id,
		Method: g.ByFace,
		Track:  string(id),
	}
	if c, ok := o.get("person"); ok {
		if s.Person = g.PersonID(c.text()); s.Person == "unknown" {
			s.Person = ""
		}
	}
	if c, ok := o.get("method"); ok {
		s.Method = oneOf(c, g.Methods())
	}
	if c, ok := o.get("direction"); ok {
		s.Direction = oneOf(c, []g.Direction{g.In, g.Out})
	}
	if c, ok := o.get("track"); ok {
		s.Track = c.text()
	}
	if c, ok := o.get("card"); ok {
		s.Credential = c.text()
		s.Method = g.ByCard
	}
	reason := "below_threshold"
	if c, ok := o.get("reason"); ok {
		reason = string(oneOf(c, g.MatchReasons()))
	}
	if s.Person == "" && s.Method == g.ByFace {
		s.Match = &g.Match{Reason: reason}
	}
	return s
}
