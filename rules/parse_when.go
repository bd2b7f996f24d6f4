package rules

import (
	g "github.com/gatehouse-iot/gatehouse"
)

func comparators() []string {
	return []string{"above", "below", "at_least", "at_most", "is", "is_not", "one_of"}
}

func parseCondition(n node, depth int) Condition {
	if depth > MaxDepth {
		n.fail("conditions are nested more than %d deep; split the rule", MaxDepth)
		return Condition{}
	}
	o := n.object(append([]string{
		"all", "any", "not", "property", "status", "absent", "count", "sighting", "change",
	},
		comparators()...)...)
	kinds := 0
	for _, k := range []string{
		"all", "any", "not", "property", "status", "absent", "count", "sighting", "change",
	} {
		if _, ok := o.get(k); ok {
			kinds++
		}
	}
	if kinds != 1 {
		n.fail("a condition has exactly one of all, any, not, property, status, absent, count, "+
			"sighting and change; this one has %d",
			kinds)
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
	if n, ok := o.get("all"); ok {
		c.All = parseList(n, depth)
	}
	if n, ok := o.get("any"); ok {
		c.Any = parseList(n, depth)
		momentary := 0
		for _, x := range c.Any {
			if x.momentary() {
				momentary++
			}
		}
		if momentary != 0 && momentary != len(c.Any) {
			n.fail("mixes conditions that last with sighting or change, which are true for a " +
				"moment; write two rules")
		}
	}
	if n, ok := o.get("not"); ok {
		x := parseCondition(n, depth+1)
		if x.momentary() {
			n.fail("the opposite of a moment is nearly always; use unless")
		}
		c.Not = &x
	}
	if _, ok := o.get("property"); ok {
		c.Compare = parseCompare(o)
	}
	if n, ok := o.get("status"); ok {
		c.Status = listOf(n,
			[]g.DeviceState{
				g.StateOnline, g.StateOffline, g.StateFault, g.StateFlapping, g.StateDriverDown,
			})
	}
	if n, ok := o.get("absent"); ok {
		c.Absent = parseAbsent(n)
	}
	if n, ok := o.get("count"); ok {
		c.Count = parseCount(n, depth)
	}
	if n, ok := o.get("sighting"); ok {
		s := parseSighting(n)
		c.Sighting = &s
	}
	if n, ok := o.get("change"); ok {
		c.Change = parseChange(n)
	}
	return c
}

func parseList(n node, depth int) []Condition {
	var out []Condition
	for _, c := range n.list() {
		out = append(out, parseCondition(c, depth+1))
	}
	return out
}

func parseCompare(o object) *Compare {
	c := &Compare{}
	p, _ := o.get("property")
	c.Property = p.text()
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
	if tests == 0 {
		o.fail("says nothing about %s; add one of above, below, at_least, at_most, is, is_not, "+
			"one_of",
			c.Property)
	}
	return c
}

func pointer[T any](v T) *T { return &v }

func parseAbsent(n node) *Absent {
	o := n.object("property", "for")
	a := &Absent{}
	if c, ok := o.need("property", "name the property that should be reported"); ok {
		a.Property = c.text()
	}
	if c, ok := o.need("for", "give a time such as for: 10m"); ok {
		if a.For = c.duration(); a.For == 0 {
			c.fail("should be longer than 0s")
		}
	}
	return a
}

func parseCount(n node, depth int) *Count {
	o := n.object("of", "at_least", "within")
	ct := &Count{AtLeast: 1}
	if c, ok := o.need("of", "say what is counted"); ok {
		ct.Of = parseCondition(c, depth+1)
		if ct.Of.Compare == nil && ct.Of.Status == nil && ct.Of.Sighting == nil &&
			ct.Of.Change == nil {
			c.fail("only property, status, sighting and change can be counted")
		}
	}
	if c, ok := o.need("at_least", "give a number"); ok {
		ct.AtLeast = c.whole(1, MaxCount)
	}
	if c, ok := o.need("within", "give a time such as within: 5m"); ok {
		if ct.Within = c.duration(); ct.Within == 0 {
			c.fail("should be longer than 0s")
		}
	}
	return ct
}

func parseSighting(n node) SightingIs {
	o := n.object("person", "method", "direction", "reason")
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
	return s
}

func parseChange(n node) *Change {
	o := n.object("property", "from", "to", "by")
	ch := &Change{}
	if c, ok := o.need("property", "name the property that changes"); ok {
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
