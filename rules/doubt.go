package rules

import (
	"math"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Doubts reports what the rules use but no profile has: a property, a type of value, an event or an
// action. These are warnings and not errors, because the profile may be added later; until then the
// rule finds nothing.
func Doubts(rs []Rule, profiles []g.Profile) []*g.Error {
	k := newVocabulary(profiles)
	var out []*g.Error
	for _, r := range rs {
		out = append(out, k.doubts(r)...)
	}
	return out
}

// vocabulary holds the names that the profiles define.
type vocabulary struct {
	properties map[string][]string // the types, by property
	events     map[string]bool
	actions    map[string]bool
}

func newVocabulary(profiles []g.Profile) vocabulary {
	k := vocabulary{
		properties: map[string][]string{},
		events:     map[string]bool{},
		actions:    map[string]bool{},
	}
	for _, p := range profiles {
		for name, property := range p.Properties {
			k.properties[name] = append(k.properties[name], property.Type)
		}
		for name := range p.Events {
			k.events[name] = true
		}
		for name := range p.Actions {
			k.actions[name] = true
		}
	}
	return k
}

func (k vocabulary) doubts(r Rule) []*g.Error {
	var out []*g.Error
	seen := map[string]bool{}
	add := func(key, word string, e *g.Error) {
		if e != nil && !seen[e.Message] {
			seen[e.Message] = true
			out = append(out, e.At(r.Place(r.File, key, word)))
		}
	}
	r.walk(func(c Condition) {
		if name := c.property(); name != "" && !c.ofPeople() {
			add("property", name, k.property(r, name))
		}
		switch {
		case c.Compare != nil:
			for _, v := range c.Compare.values() {
				add("property", c.Compare.Property, k.value(r, c.Compare.Property, v))
			}
			add("property", c.Compare.Property, c.Compare.never(r))
		case c.Baseline != nil:
			add("property", c.Baseline.Property, k.value(r, c.Baseline.Property, g.NumberValue(0)))
		case c.Rate != nil:
			add("property", c.Rate.Property, k.value(r, c.Rate.Property, g.NumberValue(0)))
		case c.Occurrence != nil:
			for _, kind := range c.Occurrence.Kind {
				if !k.events[string(kind)] {
					add("occurrence", string(kind),
						g.Errorf(g.Invalid, "rule %q: no profile has an event %q", r.ID, kind))
				}
			}
		}
	})
	for _, a := range r.Then {
		if a.Command != nil && !k.actions[a.Command.Action] {
			add("action", a.Command.Action,
				g.Errorf(g.Invalid, "rule %q: no profile has an action %q", r.ID, a.Command.Action))
		}
	}
	return out
}

func (k vocabulary) property(r Rule, name string) *g.Error {
	if k.properties[name] != nil {
		return nil
	}
	names := make([]string, 0, len(k.properties))
	for n := range k.properties {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		if distance(name, n) <= 2 {
			return g.Errorf(g.Invalid, "rule %q: no profile has a property %q; is %q meant?",
				r.ID, name, n)
		}
	}
	return g.Errorf(g.Invalid, "rule %q: no profile has a property %q", r.ID, name)
}

// value returns a doubt if the property has no such type in any profile.
func (k vocabulary) value(r Rule, name string, v g.Value) *g.Error {
	types := k.properties[name]
	want := map[g.ValueKind]string{
		g.Number: "number",
		g.Bool:   "boolean",
		g.String: "string",
	}[v.Kind()]
	if len(types) == 0 || slices.Contains(types, want) {
		return nil
	}
	return g.Errorf(g.Invalid, "rule %q: %s is a %s and is compared with a %s, which it never is",
		r.ID, name, types[0], want)
}

// values returns the values to which a comparison compares a property.
func (c Compare) values() []g.Value {
	out := slices.Clone(c.OneOf)
	for _, f := range []*float64{c.Above, c.Below, c.AtLeast, c.AtMost} {
		if f != nil {
			out = append(out, g.NumberValue(*f))
		}
	}
	for _, v := range []*g.Value{c.Is, c.IsNot} {
		if v != nil {
			out = append(out, *v)
		}
	}
	return out
}

// never returns a doubt if no number can be within the limits.
func (c Compare) never(r Rule) *g.Error {
	low, high := math.Inf(-1), math.Inf(1)
	open := false // a limit itself is not within
	for _, f := range []*float64{c.Above, c.AtLeast} {
		if f != nil && *f >= low {
			low, open = *f, f == c.Above
		}
	}
	for _, f := range []*float64{c.Below, c.AtMost} {
		if f != nil && *f <= high {
			open = open && *f >= low || f == c.Below
			high = *f
		}
	}
	if low < high || low == high && !open {
		return nil
	}
	return g.Errorf(g.Invalid, "rule %q: no value of %s is within its limits, from %v to %v: where either "+
		"one is meant, write any with two conditions", r.ID, c.Property, low, high)
}
