package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// says is a condition without children in one line, in the words of the language.
func (c Condition) says() string {
	switch {
	case c.Compare != nil:
		return c.Compare.Property + c.Compare.tests()
	case len(c.Status) > 0:
		return "status " + strings.Join(words(c.Status), ", ")
	case c.Absent != nil:
		return c.Absent.Property + " absent for " + short(c.Absent.For)
	case c.Count != nil:
		return fmt.Sprintf("%s at_least %d within %s", c.Count.Of.says(), c.Count.AtLeast,
			short(c.Count.Within))
	case c.Change != nil:
		return c.Change.says()
	case c.Time != nil:
		return fmt.Sprintf("time from %s to %s", clockText(c.Time.From), clockText(c.Time.To))
	case c.Share != nil && c.Share.AtLeast > 0:
		return fmt.Sprintf("%s at_least %d", c.Share.Of.says(), c.Share.AtLeast)
	case c.Share != nil:
		return fmt.Sprintf("%s at_least %g%%", c.Share.Of.says(), c.Share.Percent)
	case c.Rate != nil:
		is := Compare{
			Above: c.Rate.Above,
			Below: c.Rate.Below,
		}
		return c.Rate.Property + " over " + short(c.Rate.Over) + is.tests()
	case len(c.Level) > 0:
		return "level " + strings.Join(words(c.Level), ", ")
	case c.Attendance != nil:
		return c.property() + " " + strings.Join(words(c.Attendance.State), ", ")
	case c.Presence != nil:
		return c.Presence.says()
	case c.Baseline != nil:
		return c.Baseline.says()
	case c.Occurrence != nil:
		return "occurrence " + strings.Join(words(c.Occurrence.Kind), ", ")
	case c.Sighting != nil:
		return strings.Join(slices.DeleteFunc([]string{
			"sighting", c.Sighting.Person, strings.Join(words(c.Sighting.Who), ", "),
			strings.Join(c.Sighting.Card, ", "),
		}, func(s string) bool { return s == "" }), " ")
	case c.Sequence != nil:
		var steps []string
		for _, x := range c.Sequence.Steps {
			steps = append(steps, x.says())
		}
		return strings.Join(steps, ", then ") + " within " + short(c.Sequence.Within)
	}
	return ""
}

func (c Baseline) says() string {
	out := c.Property
	if c.Over > 0 {
		out += " over " + short(c.Over)
	}
	if c.Above != nil {
		out += " above usual by " + c.Above.says()
	}
	if c.Below != nil {
		out += " below usual by " + c.Below.says()
	}
	return out
}

func (m Margin) says() string {
	if m.Percent {
		return fmt.Sprintf("%g%%", m.By)
	}
	return fmt.Sprintf("%g", m.By)
}

func (c Change) says() string {
	out := c.Property + " changes"
	if c.From != nil {
		out += " from " + c.From.String()
	}
	if c.To != nil {
		out += " to " + c.To.String()
	}
	if c.By > 0 {
		out += fmt.Sprintf(" by %g", c.By)
	}
	return out
}

// tests are the comparators, each with a space before it.
func (c Compare) tests() string {
	var out strings.Builder
	number := func(word string, f *float64) {
		if f != nil {
			fmt.Fprintf(&out, " %s %g", word, *f)
		}
	}
	number("above", c.Above)
	number("below", c.Below)
	number("at_least", c.AtLeast)
	number("at_most", c.AtMost)
	value := func(word string, v *g.Value) {
		if v != nil {
			fmt.Fprintf(&out, " %s %s", word, v)
		}
	}
	value("is", c.Is)
	value("is_not", c.IsNot)
	for i, v := range c.OneOf {
		if i == 0 {
			out.WriteString(" one_of")
		}
		if i == 8 { // there may be a million
			out.WriteString(" …")
			break
		}
		fmt.Fprintf(&out, " %s", v)
	}
	return out.String()
}

// short is a duration without zero parts: 10m, not 10m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

func clockText(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
