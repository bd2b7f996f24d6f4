package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"go.yaml.in/yaml/v3"
)

func comparators() []string {
	return []string{"above", "below", "at_least", "at_most", "is", "is_not", "one_of"}
}

// conditionKinds are the keys of which a condition has exactly one.
func conditionKinds() []string {
	return []string{
		"all", "any", "not", "property", "status", "absent", "count", "sighting", "change",
		"occurrence", "time", "share", "sequence", "rate", "baseline", "level", "attendance",
		"presence",
	}
}

func parseCondition(n node, depth int) Condition {
	if depth > MaxDepth {
		n.fail("conditions are nested more than %d deep; split the rule", MaxDepth)
		return Condition{}
	}
	o := n.object(append(conditionKinds(), comparators()...)...)
	kinds := 0
	for _, k := range conditionKinds() {
		if _, ok := o.get(k); ok {
			kinds++
		}
	}
	if kinds != 1 {
		n.fail("a condition has exactly one of %s; this one has %d",
			strings.Join(conditionKinds(), ", "), kinds)
		return Condition{}
	}
	if _, ok := o.get("property"); !ok {
		for _, k := range comparators() {
			if c, ok := o.get(k); ok {
				c.fail("compares nothing; add property: beside it, or remove it")
			}
		}
	}
	return parseKind(o, depth)
}

func parseKind(o object, depth int) Condition {
	var c Condition
	if _, ok := o.get("property"); ok {
		c.Compare = parseCompare(o)
	}
	for key, read := range map[string]func(node){
		"all":        func(n node) { c.All = parseList(n, depth) },
		"any":        func(n node) { c.Any = parseAny(n, depth) },
		"not":        func(n node) { c.Not = parseNot(n, depth) },
		"status":     func(n node) { c.Status = listOf(n, reportedStates()) },
		"absent":     func(n node) { c.Absent = parseAbsent(n) },
		"count":      func(n node) { c.Count = parseCount(n, depth) },
		"sighting":   func(n node) { c.Sighting = pointer(parseSighting(n)) },
		"change":     func(n node) { c.Change = parseChange(n) },
		"occurrence": func(n node) { c.Occurrence = parseOccurrence(n) },
		"time":       func(n node) { c.Time = parseTime(n) },
		"share":      func(n node) { c.Share = parseShare(n, depth) },
		"sequence":   func(n node) { c.Sequence = parseSequence(n, depth) },
		"rate":       func(n node) { c.Rate = parseRate(n) },
		"baseline":   func(n node) { c.Baseline = parseBaseline(n) },
		"attendance": func(n node) { c.Attendance = parseAttendance(n) },
		"presence":   func(n node) { c.Presence = parsePresence(n) },
		"level":      func(n node) { c.Level = listOf[g.LevelID](n, nil) },
	} {
		if n, ok := o.get(key); ok {
			read(n)
		}
	}
	return c
}

func reportedStates() []g.DeviceState {
	return []g.DeviceState{
		g.StateOnline, g.StateOffline, g.StateFault, g.StateFlapping, g.StateDriverDown,
	}
}

func parseAny(n node, depth int) []Condition {
	list := parseList(n, depth)
	momentary := 0
	for _, x := range list {
		if x.momentary() {
			momentary++
		}
	}
	if momentary != 0 && momentary != len(list) {
		n.fail("mixes conditions that last with those that are true for a moment (sighting, change, " +
			"occurrence, sequence); write two rules")
	}
	return list
}

func parseNot(n node, depth int) *Condition {
	x := parseCondition(n, depth+1)
	if x.momentary() {
		n.fail("the opposite of a moment is nearly always; use unless")
	}
	return &x
}

func parseList(n node, depth int) []Condition {
	var out []Condition
	for _, c := range n.list() {
		out = append(out, parseCondition(c, depth+1))
	}
	return out
}

func parseCompare(o object) *Compare {
	p, _ := o.get("property")
	c := &Compare{Property: p.text()}
	if !c.parseTests(o) {
		o.fail("says nothing about %s; add one of above, below, at_least, at_most, is, is_not, "+
			"one_of",
			c.Property)
	}
	return c
}

// parseTests parses the comparators; false if there is none.
func (c *Compare) parseTests(o object) bool {
	tests := 0
	for _, k := range comparators() {
		n, ok := o.get(k)
		if !ok {
			continue
		}
		tests++
		switch k {
		case "above":
			c.Above = pointer(n.number())
		case "below":
			c.Below = pointer(n.number())
		case "at_least":
			c.AtLeast = pointer(n.number())
		case "at_most":
			c.AtMost = pointer(n.number())
		case "is":
			c.Is = pointer(n.value())
		case "is_not":
			c.IsNot = pointer(n.value())
		case "one_of":
			for _, x := range n.list() {
				c.OneOf = append(c.OneOf, x.value())
			}
		}
	}
	return tests > 0
}

func pointer[T any](v T) *T { return &v }

func parseAbsent(n node) *Absent {
	o := n.object("property", "for")
	a := &Absent{}
	if c, ok := o.need("property", g.Word("name the property that should be reported")); ok {
		a.Property = c.text()
	}
	if c, ok := o.need("for", g.Word("give a time such as for: 10m")); ok {
		a.For = c.some()
	}
	return a
}

func parseCount(n node, depth int) *Count {
	o := n.object("of", "at_least", "within", "distinct")
	ct := &Count{AtLeast: 1}
	if c, ok := o.need("of", g.Word("say what is counted")); ok {
		ct.Of = parseHappening(c, depth)
	}
	if c, ok := o.need("at_least", g.Word("give a number")); ok {
		ct.AtLeast = c.whole(1, MaxCount)
	}
	if c, ok := o.need("within", g.Word("give a time such as within: 5m")); ok {
		ct.Within = c.some()
	}
	if c, ok := o.get("distinct"); ok {
		ct.Distinct = oneOf(c, []string{"person", "card", "track"})
		if ct.Of.Sighting == nil {
			c.fail("only sightings are of somebody; remove this key, or count a sighting")
		}
	}
	return ct
}

// parseHappening parses a condition that can be counted: an event, or a condition that starts to
// hold.
func parseHappening(n node, depth int) Condition {
	c := parseCondition(n, depth+1)
	if c.Compare == nil && c.Status == nil && c.Sighting == nil && c.Change == nil &&
		c.Occurrence == nil {
		n.fail("only property, status, sighting, change and occurrence happen: they alone can be " +
			"counted, or follow each other")
	}
	return c
}

// some parses a duration other than 0.
func (n node) some() time.Duration {
	d := n.duration()
	if d == 0 {
		n.fail("should be longer than 0s")
	}
	return d
}

func parseSighting(n node) SightingIs {
	o := n.object("person", "method", "direction", "reason", "who", "card")
	var s SightingIs
	if c, ok := o.get("person"); ok {
		s.Person = oneOf(c, []string{"unknown", "known"})
	}
	if c, ok := o.get("method"); ok {
		s.Method = listOf(c, g.Methods())
	}
	if c, ok := o.get("direction"); ok {
		s.Direction = oneOf(c, []g.Direction{g.In, g.Out})
	}
	if c, ok := o.get("reason"); ok {
		s.Reason = listOf(c, g.MatchReasons())
	}
	if c, ok := o.get("who"); ok {
		if s.Who = listOf[g.PersonID](c, nil); s.Person == "unknown" {
			c.fail("who is unknown is none of these people; remove this key, or person")
		}
	}
	if c, ok := o.get("card"); ok {
		s.Card = parseCards(c)
		if s.Person == "known" || len(s.Who) > 0 {
			c.fail("these are cards that belong to nobody; remove this key, or person and who")
		}
	}
	return s
}

// parseCards parses the ends of cards' numbers, which may have been written as numbers.
func parseCards(n node) []string {
	var out []string
	for _, c := range n.list() {
		text := strings.TrimSpace(c.text())
		if len([]rune(text)) != CardTail {
			c.fail("write the last %d characters of the card's number, in quotes: no more is kept of a "+
				"card that belongs to nobody", CardTail)
		}
		out = append(out, text)
	}
	return out
}

func parseChange(n node) *Change {
	o := n.object("property", "from", "to", "by")
	ch := &Change{}
	if c, ok := o.need("property", g.Word("name the property that changes")); ok {
		ch.Property = c.text()
	}
	if c, ok := o.get("from"); ok {
		ch.From = pointer(c.value())
	}
	if c, ok := o.get("to"); ok {
		ch.To = pointer(c.value())
	}
	if c, ok := o.get("by"); ok {
		if ch.By = c.number(); ch.By <= 0 {
			c.fail("should be above 0")
		}
	}
	return ch
}

func parseOccurrence(n node) *OccurrenceIs {
	o := n.object("kind", "data")
	x := &OccurrenceIs{}
	if c, ok := o.need("kind", g.Word("name an event of the device's profile")); ok {
		x.Kind = listOf[g.OccurrenceKind](c, nil)
	}
	c, ok := o.get("data")
	if !ok {
		return x
	}
	if c.n.Kind != yaml.MappingNode {
		c.fail("should hold the occurrence's data, name: value; remove it where any will do")
		return x
	}
	names := make([]string, 0, len(c.n.Content)/2)
	for i := 0; i+1 < len(c.n.Content); i += 2 {
		names = append(names, c.n.Content[i].Value)
	}
	data := c.object(names...)
	for _, name := range names {
		d := data.keys[name]
		is := Compare{Property: name}
		if d.n.Kind == yaml.MappingNode {
			if !is.parseTests(d.object(comparators()...)) {
				d.fail("says nothing about %s; add one of above, below, at_least, at_most, is, "+
					"is_not, one_of", name)
			}
		} else {
			for _, v := range d.list() {
				is.OneOf = append(is.OneOf, v.value())
			}
		}
		x.Data = append(x.Data, is)
	}
	if len(names) == 0 {
		c.fail("should hold the occurrence's data, name: value; remove it where any will do")
	}
	return x
}

func parseTime(n node) *TimeIs {
	o := n.object("from", "to", "days")
	t := &TimeIs{To: 24 * 60}
	if c, ok := o.get("from"); ok {
		t.From = c.clock()
	}
	if c, ok := o.get("to"); ok {
		t.To = c.clock()
	}
	if c, ok := o.get("days"); ok {
		days := c.list()
		for _, d := range days {
			if word := d.n.Value; word == SchoolDays || word == DaysOff {
				if t.Calendar = word; len(days) > 1 {
					d.fail("%s stands alone: the calendar says which days they are", word)
				}
				continue
			}
			t.Days = append(t.Days, parseDays(d)...)
		}
	}
	switch {
	case len(o.keys) == 0:
		o.fail("give from and to, such as \"22:00\" and \"06:00\", or days")
	case t.From == t.To:
		o.fail("from and to are the same time; remove both where the whole day is meant")
	}
	return t
}

// clock parses a time of day to minutes since midnight; 24:00 is the next midnight.
func (n node) clock() int {
	text, _ := narrow(n.n.Value)
	hours, minutes, ok := strings.Cut(text, ":")
	h, err1 := strconv.Atoi(hours)
	m, err2 := strconv.Atoi(minutes)
	all := 60*h + m
	if !ok || n.n.Kind != yaml.ScalarNode || err1 != nil || err2 != nil || len(minutes) != 2 ||
		h < 0 || m < 0 || m > 59 || all > 24*60 {
		n.fail("%q is no time of the day; write one such as \"22:30\"", n.n.Value)
		return 0
	}
	return all
}

// parseDays parses a day, or a range of days such as mon-fri.
func parseDays(n node) []time.Weekday {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	day := func(word string) int {
		word = strings.ToLower(strings.TrimSpace(word))
		for i, name := range names {
			full := strings.ToLower(time.Weekday(i).String())
			chinese := []string{"日", "一", "二", "三", "四", "五", "六"}[i]
			if word == name || word == full || word == "周"+chinese || word == "星期"+chinese {
				return i
			}
		}
		n.fail("%q is no day; use mon, tue, wed, thu, fri, sat, sun, a span such as mon-fri, "+
			"school-days or days-off", n.n.Value)
		return -1
	}
	first, last, span := strings.Cut(n.text(), "-")
	from := day(first)
	if from < 0 || !span {
		return []time.Weekday{time.Weekday(max(from, 0))}
	}
	to := day(last)
	if to < 0 {
		return nil
	}
	var out []time.Weekday
	for d := from; ; d = (d + 1) % 7 {
		out = append(out, time.Weekday(d))
		if d == to {
			return out
		}
	}
}

func parseShare(n node, depth int) *Share {
	o := n.object("of", "at_least", "devices")
	s := &Share{}
	if c, ok := o.need("of", g.Word("say what must hold for the devices")); ok {
		s.Of = parseCondition(c, depth+1)
		if s.Of.Compare == nil && s.Of.Status == nil {
			c.fail("only property and status are asked of each device of a group")
		}
	}
	if c, ok := o.need("at_least", g.Word("give a share such as 20%, or a number of devices")); ok {
		text, _ := narrow(c.n.Value)
		if percent, is := strings.CutSuffix(strings.TrimSpace(text), "%"); is {
			f, err := strconv.ParseFloat(percent, 64)
			if err != nil || !(f > 0 && f <= 100) {
				c.fail("%q is no share; write one such as 20%%", c.n.Value)
			}
			s.Percent = f
		} else {
			s.AtLeast = c.whole(1, MaxDevices)
		}
	}
	if c, ok := o.get("devices"); ok {
		s.Devices = c.whole(1, MaxDevices)
		if s.AtLeast > 0 {
			c.fail("how large the group is means something for a share only; remove this key")
		}
	}
	return s
}

func parseSequence(n node, depth int) *Sequence {
	o := n.object("steps", "within")
	s := &Sequence{}
	if c, ok := o.need("steps", g.Word("give a list of what happens, first to last")); ok {
		for _, x := range c.list() {
			s.Steps = append(s.Steps, parseHappening(x, depth))
		}
		if len(s.Steps) < 2 || len(s.Steps) > MaxSteps {
			c.fail("a sequence has 2 to %d steps", MaxSteps)
		}
	}
	if c, ok := o.need("within", g.Word("give a time such as within: 30s")); ok {
		s.Within = c.some()
	}
	return s
}

func parseRate(n node) *Rate {
	o := n.object(
		"property",
		"over",
		"above",
		"below",
		"rollover",
	)
	r := &Rate{}
	if c, ok := o.need("property", g.Word("name a number")); ok {
		r.Property = c.text()
	}
	if c, ok := o.need("over", g.Word("give a time such as over: 10m")); ok {
		if r.Over = c.some(); r.Over > 0 && r.Over < time.Second {
			c.fail("should be at least 1s")
		}
	}
	if c, ok := o.get("above"); ok {
		r.Above = pointer(c.number())
	}
	if c, ok := o.get("below"); ok {
		r.Below = pointer(c.number())
	}
	if r.Above == nil && r.Below == nil {
		o.fail("says nothing about how fast; add above, such as above: 8 for a rise by more than " +
			"8, or below, such as below: -8 for a fall")
	}
	if c, ok := o.get("rollover"); ok {
		if r.Rollover = c.number(); r.Rollover <= 0 {
			c.fail("should be above 0: the number at which the meter begins again")
		}
	}
	return r
}

func parseBaseline(n node) *Baseline {
	o := n.object(
		"property",
		"over",
		"above",
		"below",
		"rollover",
		"weeks",
	)
	b := &Baseline{Weeks: DefaultWeeks}
	if c, ok := o.need("property", g.Word("name a number")); ok {
		b.Property = c.text()
	}
	if c, ok := o.get("over"); ok {
		if b.Over = c.some(); b.Over > 0 && b.Over < time.Second {
			c.fail("should be at least 1s")
		}
	}
	if c, ok := o.get("above"); ok {
		b.Above = c.margin()
	}
	if c, ok := o.get("below"); ok {
		b.Below = c.margin()
	}
	if b.Above == nil && b.Below == nil {
		o.fail("says nothing about how unlike the usual; add above, such as above: 50%%, or below")
	}
	if c, ok := o.get("rollover"); ok {
		if b.Rollover = c.number(); b.Rollover <= 0 {
			c.fail("should be above 0: the number at which the meter begins again")
		}
		if b.Over == 0 {
			c.fail("a meter that begins again is asked how much it rose; add over: 1h")
		}
	}
	if c, ok := o.get("weeks"); ok {
		b.Weeks = c.whole(1, MaxWeeks)
	}
	return b
}

// margin parses how far from the usual: a number above 0 in the property's unit, or such as 50%.
func (n node) margin() *Margin {
	text, _ := narrow(strings.TrimSpace(n.n.Value))
	m := &Margin{}
	if percent, is := strings.CutSuffix(text, "%"); is {
		f, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if m.By, m.Percent = f, true; err != nil || !(f > 0 && f <= 10_000) {
			n.fail("%q is no share; write one such as 20%%", n.n.Value)
		}
		return m
	}
	if m.By = n.number(); m.By <= 0 {
		n.fail("should be above 0: how far from the usual it may be")
	}
	return m
}

// parseRises parses the stages of severity.
func parseRises(n node, from g.Severity) []Stage {
	var out []Stage
	for _, x := range n.list() {
		o := x.object("severity", "after", "when")
		var s Stage
		if c, ok := o.need("severity", g.Word("give a higher one than before")); ok {
			s.Severity = oneOf(c, g.Severities())
			if slices.Index(g.Severities(), s.Severity) <= slices.Index(g.Severities(), from) &&
				s.Severity != "" {
				c.fail("%s is no higher than %s before it", s.Severity, from)
			}
			from = s.Severity
		}
		if c, ok := o.get("after"); ok {
			s.After = c.some()
		}
		if c, ok := o.get("when"); ok {
			cond := parseCondition(c, 0)
			if cond.momentary() {
				c.fail("a higher severity needs something that lasts; compare a value instead")
			}
			s.When = &cond
		}
		if s.After == 0 && s.When == nil {
			o.fail("says nothing about when it rises; add after: 10m, or when")
		}
		out = append(out, s)
	}
	if len(out) > MaxStages {
		n.fail("%d stages; at most %d are read", len(out), MaxStages)
	}
	return out
}

func parseMutes(n node) []Mute {
	var out []Mute
	for _, x := range n.list() {
		o := x.object("rule", "same")
		m := Mute{Same: PerZone}
		if c, ok := o.need("rule", g.Word("name the rule whose alert speaks for this one")); ok {
			m.Rule = g.RuleID(c.text())
		}
		if c, ok := o.get("same"); ok {
			m.Same = oneOf(c, []Subject{
				PerDevice, PerZone, PerFloor, PerBuilding, PerDriver, PerSchool, SameBehind,
			})
		}
		out = append(out, m)
	}
	return out
}
