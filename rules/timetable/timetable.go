package timetable

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// Inputs are what the sessions of a school's days depend on.
type Inputs struct {
	School    g.School
	Calendar  calendar.Calendar
	Classes   []string // all of the school
	Patterns  []g.SessionPattern
	Templates []g.DayTemplate
	Days      []g.TemplateDays
	Changes   []g.PatternChange
}

// Run is a session that a pattern makes on a day.
type Run struct {
	g.Session
	Template g.DayTemplateID // of the day; "": none
}

// Problem says why a pattern makes less than it should on a day.
type Problem struct {
	Pattern g.SessionPatternID
	Date    string
	Period  string
	Code    ProblemCode
	Other   g.SessionPatternID // what it overlaps with
	Class   string             // whose sessions overlap, or that the school does not have
	Person  g.PersonID         // whose sessions overlap
	Zone    g.ZoneID           // where sessions overlap, or that the school does not have
}

// Day are the sessions of a day, by start and id, and what is wrong with them. Who has a day off by
// the calendar is left out: a pattern for all makes a session for the classes that have school.
func Day(in Inputs, day g.Date) ([]Run, []Problem) {
	e := &expansion{in: in, day: day, date: day.String(), loc: in.School.Location()}
	e.in.Classes = slices.Sorted(slices.Values(in.Classes))
	for _, p := range at(in.Patterns, e.date) {
		groups := slices.DeleteFunc(e.groups(p), func(x group) bool { return !x.runs })
		for i, x := range groups {
			part := ""
			if i > 0 { // a session stays the same when others get another day
				part = x.classes[0]
			}
			e.group(p, x, part)
		}
		if rest, ok := e.rest(p); ok {
			e.group(p, rest, "*")
		}
	}
	slices.SortFunc(e.runs, func(a, b Run) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return compare(a.ID, b.ID)
	})
	e.overlaps()
	return e.runs, e.problems
}

type expansion struct {
	in       Inputs
	day      g.Date
	date     string
	loc      *time.Location
	runs     []Run
	problems []Problem
}

// group is some classes whose day is alike.
type group struct {
	template g.DayTemplateID
	runs     bool
	classes  []string
	who      []g.PersonKind
}

// rest is, where a pattern for all is divided by classes, those of other kinds than students: they
// have the school's day.
func (e *expansion) rest(p g.SessionPattern) (group, bool) {
	others := without(p.Who, g.Student)
	if !all(p) || len(others) == 0 || whole(e.groups(p)) {
		return group{}, false
	}
	x := group{template: e.template(""), runs: e.holds(p, ""), who: others}
	return x, x.runs
}

// all says whether a pattern is for every student.
func all(p g.SessionPattern) bool {
	return len(p.Classes) == 0 && len(p.Persons) == 0 && slices.Contains(p.Who, g.Student)
}

// whole says whether the groups are one that is not divided.
func whole(groups []group) bool { return len(groups) == 1 && len(groups[0].classes) == 0 }

func without(kinds []g.PersonKind, k g.PersonKind) []g.PersonKind {
	return slices.DeleteFunc(slices.Clone(kinds), func(x g.PersonKind) bool { return x == k })
}

// groups divides a pattern's classes by what their day is. A pattern that names people or is for
// nobody of a class has the school's day.
func (e *expansion) groups(p g.SessionPattern) []group {
	classes := slices.Clone(p.Classes)
	slices.Sort(classes)
	if all(p) {
		classes = e.in.Classes
	}
	school := group{template: e.template(""), runs: e.holds(p, ""), who: p.Who}
	if len(classes) == 0 {
		return []group{school}
	}
	who := p.Who
	if all(p) {
		who = []g.PersonKind{g.Student}
	}
	var out []group
	for _, c := range slices.Compact(slices.Clone(classes)) {
		x := group{template: e.template(c), runs: e.holds(p, c), classes: []string{c}, who: who}
		i := slices.IndexFunc(out, func(o group) bool {
			return o.runs == x.runs && (o.template == x.template || !x.runs)
		})
		if i < 0 {
			out = append(out, x)
			continue
		}
		out[i].classes = append(out[i].classes, c)
	}
	if len(out) > 1 {
		return out
	}
	// All of its classes have the same day: it is as it says, which may be for everybody.
	if alike := out[0].runs == school.runs && (out[0].template == school.template || !school.runs); !all(p) || alike ||
		len(without(p.Who, g.Student)) == 0 {
		out[0].classes, out[0].who = p.Classes, p.Who
	}
	return out
}

// holds says whether the pattern runs for a class, "" for the school, on the day.
func (e *expansion) holds(p g.SessionPattern, class string) bool {
	d := e.in.Calendar.Day(e.day, class)
	switch p.Days {
	case g.OnSchoolDays:
		if !d.School {
			return false
		}
	case g.OnDaysOff:
		if d.School {
			return false
		}
	}
	if !p.Weeks.Has(e.in.Calendar.Week(e.day, class)) {
		return false
	}
	as := g.Weekdays()[(int(d.As)+6)%7]
	return len(p.Weekdays) == 0 || slices.Contains(p.Weekdays, as)
}

// template is what a class's day has; "": the usual one.
func (e *expansion) template(class string) g.DayTemplateID {
	var best *g.TemplateDays
	for i, d := range e.in.Days {
		own := class != "" && slices.Contains(d.Classes, class)
		if e.date < d.From || e.date > d.To || len(d.Classes) > 0 && !own {
			continue
		}
		if best == nil || better(d, *best) {
			best = &e.in.Days[i]
		}
	}
	if best == nil {
		return ""
	}
	return best.Template
}

func better(a, b g.TemplateDays) bool {
	if own := len(a.Classes) > 0; own != (len(b.Classes) > 0) {
		return own
	}
	if a.From != b.From {
		return a.From > b.From
	}
	if a.To != b.To {
		return a.To < b.To
	}
	return a.Template < b.Template
}

func (e *expansion) find(id g.DayTemplateID) g.DayTemplate {
	i := slices.IndexFunc(e.in.Templates, func(t g.DayTemplate) bool {
		return id != "" && t.ID == id || id == "" && t.Usual
	})
	if i < 0 {
		return g.DayTemplate{}
	}
	return e.in.Templates[i]
}

// group makes the sessions of some classes; part tells its ids from those of other groups.
func (e *expansion) group(p g.SessionPattern, x group, part string) {
	t := e.find(x.template)
	var shift time.Duration
	if moves(p.Kind) {
		shift = time.Duration(t.Shift) * time.Minute
	}
	if len(p.Periods) == 0 {
		e.run(p, x, part, "", p.SessionTimes, shift)
		return
	}
	own := len(t.Periods) > 0
	if own {
		shift = 0
	}
	for _, name := range p.Periods {
		is := func(o g.Period) bool { return o.Name == name }
		i := slices.IndexFunc(t.Periods, is)
		usual := e.find("")
		j := slices.IndexFunc(usual.Periods, is)
		switch {
		case i >= 0:
			e.run(p, x, part, name, t.Periods[i].SessionTimes, shift)
		case own && j >= 0: // does not take place
		case j >= 0:
			e.run(p, x, part, name, usual.Periods[j].SessionTimes, shift)
		default:
			e.problem(p, name, NoPeriod)
		}
	}
}

// moves says whether a late start moves sessions of the kind: it does not move the night, and a shift
// is as long as it was agreed.
func moves(k g.SessionKind) bool {
	return k != g.SessionDorm && k != g.SessionDuty && k != g.SessionStaff
}

func (e *expansion) problem(p g.SessionPattern, period string, code ProblemCode) {
	e.problems = append(e.problems, Problem{
		Pattern: p.ID,
		Date:    e.date,
		Period:  period,
		Code:    code,
	})
}

func (e *expansion) run(
	p g.SessionPattern, x group, part, period string, times g.SessionTimes, shift time.Duration,
) {
	s := g.Session{
		ID:        id(p.ID, e.date, period, part),
		School:    e.in.School.ID,
		Kind:      p.Kind,
		Name:      p.Name,
		NameZH:    p.NameZH,
		Zones:     p.Zones,
		ZoneKinds: p.ZoneKinds,
		Classes:   x.classes,
		Persons:   p.Persons,
		Who:       x.who,
		Boarders:  p.Boarders,
		Pattern:   p.ID,
		Date:      e.date,
		Period:    period,
	}
	for _, c := range e.changes(p.ID, period) {
		switch {
		case c.Cancel:
			return
		case c.Start != "" && c.End != "":
			times, shift = c.SessionTimes, 0
		}
		if len(c.Zones)+len(c.ZoneKinds) > 0 {
			s.Zones, s.ZoneKinds = c.Zones, c.ZoneKinds
		}
		if len(c.Persons) > 0 {
			s.Persons = c.Persons
		}
	}
	var ok bool
	if s.Start, s.Due, s.End, ok = instants(times, e.day, shift, e.loc); !ok {
		e.problem(p, period, NoTime)
		return
	}
	e.runs = append(e.runs, Run{
		Session:  s,
		Template: x.template,
	})
}

// changes are those of a pattern's period on the day: what is of all of the day first.
func (e *expansion) changes(p g.SessionPatternID, period string) (out []g.PatternChange) {
	for _, of := range slices.Compact([]string{"", period}) {
		for _, c := range e.in.Changes {
			if c.Pattern == p && c.Date == e.date && c.Period == of {
				out = append(out, c)
			}
		}
	}
	return out
}

// id is the same for the same pattern, day, period and classes, whatever else changes.
func id(p g.SessionPatternID, date, period, part string) g.SessionID {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(p), date, period, part}, "\x00")))
	return g.SessionID("ses_" + hex.EncodeToString(sum[:10]))
}

// TemplateOf is the template that a class's day has, or, without a class, the school's; "": the usual
// one.
func TemplateOf(in Inputs, day g.Date, class string) g.DayTemplateID {
	e := &expansion{in: in, day: day, date: day.String()}
	return e.template(class)
}
