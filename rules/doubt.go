package rules

import (
	"fmt"
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
	add := func(e *g.Error) {
		if e != nil && !seen[e.Message] {
			seen[e.Message] = true
			out = append(out, e.At(place(r)))
		}
	}
	r.walk(func(c Condition) {
		if name := c.property(); name != "" {
			add(k.property(r, name))
		}
		switch {
		case c.Compare != nil:
			for _, v := range c.Compare.values() {
				add(k.value(r, c.Compare.Property, v))
			}
		case c.Baseline != nil:
			add(k.value(r, c.Baseline.Property, g.NumberValue(0)))
		case c.Rate != nil:
			add(k.value(r, c.Rate.Property, g.NumberValue(0)))
		case c.Occurrence != nil:
			for _, kind := range c.Occurrence.Kind {
				if !k.events[string(kind)] {
					add(g.Errorf(g.Invalid, "rule %q: no profile has an event %q", r.ID, kind))
				}
			}
		}
	})
	for _, a := range r.Then {
		if a.Command != nil && !k.actions[a.Command.Action] {
			add(g.Errorf(g.Invalid, "rule %q: no profile has an action %q", r.ID, a.Command.Action))
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

func place(r Rule) string { return fmt.Sprintf("%s:%d", r.File, r.Line) }
