package rules

import (
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"go.yaml.in/yaml/v3"
)

// Parse parses a rule file: YAML with one key, rules. It is strict; the error joins a
// gatehouse.Error for each mistake, with file, line, place and fix.
func Parse(name string, b []byte) ([]Rule, error) {
	doc, root, err := openDocument(name, b)
	if err != nil {
		return nil, err
	}
	top := root.object("rules")
	list, ok := top.need("rules", g.Word("begin with rules: and a list"))
	if !ok {
		return nil, doc.err()
	}
	nodes := list.list()
	if len(nodes) > MaxRules {
		list.fail("%d rules; at most %d are read from one file", len(nodes), MaxRules)
		return nil, doc.err()
	}
	lines := strings.Split(string(b), "\n")
	var out []Rule
	seen := map[g.RuleID]int{}
	for i, n := range nodes {
		r := parseRule(n)
		if first, twice := seen[r.ID]; twice && r.ID != "" {
			n.fail("the id %q is taken by the rule on line %d; choose another", r.ID, first)
		}
		seen[r.ID] = n.n.Line
		end := len(lines)
		if i+1 < len(nodes) {
			end = nodes[i+1].n.Line - 1
		}
		r.File, r.Line, r.YAML = name, n.n.Line, ownText(lines, n.n.Line, end)
		out = append(out, r)
	}
	if err := doc.err(); err != nil {
		return nil, err
	}
	return out, nil
}

// ParseOne parses the text of one rule: its keys alone, or a file with one rule.
func ParseOne(name string, b []byte) (Rule, error) {
	doc, root, err := openDocument(name, b)
	if err != nil {
		return Rule{}, err
	}
	n := root
	if root.n.Kind == yaml.MappingNode && len(root.n.Content) > 0 && root.n.Content[0].Value == "rules" {
		if list, ok := root.object("rules").get("rules"); ok {
			all := list.list()
			if len(all) != 1 {
				list.fail("%d rules; write one here", len(all))
				return Rule{}, doc.err()
			}
			n = all[0]
		}
	}
	r := parseRule(n)
	r.File, r.Line, r.YAML = name, n.n.Line, string(b)
	return r, doc.err()
}

// Alone is the text of a rule as ParseOne takes it, from its text in a file.
func Alone(text string) string {
	lines := strings.Split(text, "\n")
	bare := strings.TrimLeft(lines[0], " ")
	rest, dashed := strings.CutPrefix(bare, "-")
	if !dashed {
		return text
	}
	keys := strings.TrimLeft(rest, " ")
	indent := len(lines[0]) - len(keys)
	out := []string{keys}
	for _, line := range lines[1:] {
		cut := 0
		for cut < indent && cut < len(line) && line[cut] == ' ' {
			cut++
		}
		out = append(out, line[cut:])
	}
	return strings.Join(out, "\n") + "\n"
}

// ownText is lines from..to without trailing blank lines and comments, which belong to the next
// rule.
func ownText(lines []string, from, to int) string {
	from, to = max(from, 1), min(to, len(lines))
	for to > from {
		last := strings.TrimSpace(lines[to-1])
		if last != "" && !strings.HasPrefix(last, "#") {
			break
		}
		to--
	}
	if from > to {
		return ""
	}
	return strings.Join(lines[from-1:to], "\n")
}

func parseRule(n node) Rule {
	o := n.object("id", "title", "severity", "where", "per", "when", "for", "fresh", "clear",
		"unless", "once", "rises", "muted_by", "then")
	r := Rule{Per: PerDevice}
	if c, ok := o.need("id", g.Word("give an id of letters, digits, '-', '_' and '.'")); ok {
		if r.ID = g.RuleID(c.text()); r.ID != "" && !g.ValidID(string(r.ID)) {
			c.fail("%q is no id; use 1 to 64 letters, digits, '-', '_' or '.'", r.ID)
		}
	}
	if c, ok := o.need("title", g.Word("give a title that people will read")); ok {
		r.Title, r.TitleZH = c.title()
	}
	if c, ok := o.need("severity", g.Word("give info, warning, major or critical")); ok {
		r.Severity = oneOf(c, g.Severities())
	}
	if c, ok := o.get("where"); ok {
		r.Where = parseWhere(c)
	}
	if c, ok := o.get("per"); ok {
		r.Per = oneOf(c, subjects())
	}
	if c, ok := o.need("when", g.Word("say what the rule watches for")); ok {
		r.When = parseCondition(c, 0)
	}
	if _, said := o.get("per"); !said && (r.AsksAnswers() || r.asksPresence()) {
		r.Per = PerPerson
	}
	if c, ok := o.get("for"); ok {
		r.For = c.duration()
	}
	r.Fresh = parseFresh(o, r)
	if r.asksPresence() { // that nobody can say where somebody is is no all-clear
		r.Clear.Unknown = stays
	}
	if c, ok := o.get("clear"); ok {
		r.Clear = parseClear(c, r.Clear.Unknown)
	}
	if c, ok := o.get("unless"); ok {
		r.Unless = parseUnless(c)
	}
	r.Once = parseOnce(o, r)
	if c, ok := o.get("rises"); ok {
		r.Rises = parseRises(c, r.Severity)
	}
	if c, ok := o.get("muted_by"); ok {
		r.MutedBy = parseMutes(c)
	}
	r.Then = parseThen(o)
	checkRule(o, r)
	return r
}

// parseFresh parses how old a value may be. It refuses values that become stale before the
// condition has held for For, since the rule would only fire with frequent reports.
func parseFresh(o object, r Rule) time.Duration {
	c, ok := o.get("fresh")
	if !ok {
		return freshFor(r.For)
	}
	fresh := c.duration()
	switch {
	case fresh == 0:
		c.fail("should be longer than 0s")
	case fresh <= r.For && r.comparesValues():
		c.fail("a value counts for %s and must hold for %s: it may be too old before that. Make "+
			"fresh longer than for, or remove it", fresh, r.For)
	}
	return fresh
}

// comparesValues reports whether the rule's condition depends on values, rather than their absence.
func (r Rule) comparesValues() bool {
	found := false
	r.When.walk(func(c Condition) {
		found = found || c.Compare != nil || c.Rate != nil || c.Baseline != nil
	})
	return found
}

func parseWhere(n node) Where {
	keys := []string{
		"school", "building", "floor", "zone", "zone_kind", "device", "profile", "type", "driver",
	}
	o := n.object(keys...)
	var w Where
	for _, key := range keys {
		c, ok := o.get(key)
		if !ok {
			continue
		}
		switch key {
		case "school":
			w.School = listOf[g.SchoolID](c, nil)
		case "building":
			w.Building = listOf[g.BuildingID](c, nil)
		case "floor":
			w.Floor = listOf[g.FloorID](c, nil)
		case "zone":
			w.Zone = listOf[g.ZoneID](c, nil)
		case "zone_kind":
			w.ZoneKind = listOf(c, g.ZoneKinds())
		case "device":
			w.Device = listOf[g.DeviceID](c, nil)
		case "profile":
			w.Profile = listOf[g.ProfileID](c, nil)
		case "type":
			w.Type = listOf(c, g.DeviceTypes())
		case "driver":
			w.Driver = listOf[g.DriverName](c, nil)
		}
	}
	return w
}

func parseClear(n node, unknown string) Clear {
	o := n.object("after", "when", "unknown")
	cl := Clear{Unknown: unknown}
	if c, ok := o.get("unknown"); ok {
		if cl.Unknown = oneOf(c, []string{"ends", stays}); cl.Unknown == "ends" {
			cl.Unknown = "" // as without it
		}
	}
	if c, ok := o.get("after"); ok {
		cl.After = c.duration()
	}
	if c, ok := o.get("when"); ok {
		cond := parseCondition(c, 0)
		if cond.momentary() {
			c.fail("sighting, change, occurrence and sequence are true for a moment only and cannot " +
				"end an alert; compare a value instead")
		}
		cl.When = &cond
	}
	return cl
}

func parseUnless(n node) *Unless {
	o := n.object(
		"sighting",
		"same",
		"within",
		"before",
		"after",
		"explains",
	)
	u := &Unless{
		Same:     PerZone,
		Explains: 1,
	}
	if c, ok := o.need("sighting", g.Word("say which passage explains the finding")); ok {
		u.Sighting = parseSighting(c)
	}
	if c, ok := o.get("same"); ok {
		u.Same = oneOf(c, []Subject{PerZone, PerDevice, PerSchool})
	}
	if c, ok := o.get("within"); ok {
		u.Before = c.duration()
		u.After = u.Before
	}
	if c, ok := o.get("before"); ok {
		u.Before = c.duration()
	}
	if c, ok := o.get("after"); ok {
		u.After = c.duration()
	}
	if u.Before > time.Hour || u.After > time.Hour {
		o.fail("before and after may be at most 1h")
	}
	if u.Before == 0 && u.After == 0 {
		o.fail("within is missing; give a time such as within: 10s")
	}
	if c, ok := o.get("explains"); ok {
		u.Explains = c.whole(1, 10)
	}
	return u
}

func parseOnce(o object, r Rule) Once {
	once := Once{Per: r.Per}
	if r.Per == PerTrack {
		once.Per = PerDevice
	}
	c, ok := o.get("once")
	if !ok {
		if !r.When.momentary() {
			once.Every = DefaultEvery
		}
		return once
	}
	f := c.object("every", "per")
	if e, ok := f.need("every", g.Word("give a time such as every: 5m")); ok {
		once.Every = e.duration()
	}
	if p, ok := f.get("per"); ok {
		once.Per = oneOf(p, []Subject{PerDevice, PerZone, PerFloor, PerBuilding, PerPerson, PerSchool})
		if !r.When.momentary() && once.Per != r.Per {
			p.fail("a condition that lasts repeats per its own subject, %s; remove this key", r.Per)
		}
	}
	return once
}

// checkRule refuses contradictory settings.
func checkRule(o object, r Rule) {
	momentary := r.When.momentary()
	if c, ok := o.get("for"); ok && momentary {
		c.fail("sighting, change, occurrence and sequence are true for a moment only and cannot hold " +
			"for a time; use count, or remove this key")
	}
	if c, ok := o.get("clear"); ok && momentary {
		c.fail("sighting, change, occurrence and sequence are true for a moment only, so there is " +
			"nothing to end; remove this key")
	}
	if c, ok := o.get("unless"); ok && !momentary {
		c.fail("only what is true for a moment can be explained by a passage; remove this key, or " +
			"use change in when")
	}
	if c, ok := o.get("rises"); ok && momentary {
		c.fail("sighting, change, occurrence and sequence are true for a moment only, and nothing " +
			"lasts that could get worse; remove this key")
	}
	when, ok := o.get("when")
	if !ok {
		return
	}
	checkTime(when, r)
	checkGroup(when, r)
	if r.asksPresence() {
		checkPresence(o, r)
		return
	}
	if checkAnswers(o, r); r.AsksAnswers() {
		return
	}
	if r.Per != PerTrack && r.Per != PerPerson {
		return
	}
	seesSomebody := false
	r.When.walk(func(c Condition) {
		if c.Sighting != nil {
			seesSomebody = true
		}
		if c.Compare != nil || c.Absent != nil || c.Status != nil || c.Change != nil ||
			c.Rate != nil || c.Baseline != nil || c.Occurrence != nil {
			when.fail("a %s has no properties and no status; use per: device or per: zone, or "+
				"only sightings",
				r.Per)
		}
		if (c.Count != nil || c.Sequence != nil) && r.Per == PerTrack {
			when.fail("a track is seen once, so there is nothing to count; use per: device, zone " +
				"or person")
		}
	})
	if !seesSomebody {
		when.fail("per: %s needs a sighting, attendance or presence in when", r.Per)
	}
}

// checkTime refuses a rule that only depends on the time or the threat level.
func checkTime(when node, r Rule) {
	other := false
	r.When.walk(func(c Condition) {
		other = other || c.Time == nil && c.Level == nil && len(c.All) == 0 && len(c.Any) == 0 && c.Not == nil
	})
	if !other {
		when.fail("a time of the day or a threat level alone is no finding; put it into all beside " +
			"another condition")
	}
}

// checkGroup refuses a share for a subject with one device.
func checkGroup(when node, r Rule) {
	switch r.Per {
	case PerZone, PerFloor, PerBuilding, PerDriver, PerSchool:
		return
	}
	r.walk(func(c Condition) {
		if c.Share != nil {
			when.fail("share looks at the devices of a group; use per: zone, floor, building, driver or " +
				"school")
		}
	})
}
