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
	Pattern  g.SessionPatternID
	Date     string // YYYY-MM-DD
	Period   string
	Template g.DayTemplateID // of the day; "": none
}

// Problem says why a pattern makes less than it should on a day.
type Problem struct {
	Pattern g.SessionPatternID
	Date    string
	Period  string
	Code    ProblemCode
	Other   g.SessionPatternID // what it overlaps with
	Class   string             // whose sessions overlap
}

// ProblemCode is what is wrong.
type ProblemCode string

// The problems.
const (
	NoPeriod ProblemCode = "no_period" // no template has the period
	NoTime   ProblemCode = "no_time"   // its times cannot be read, or the clock skips all of them
	Overlap  ProblemCode = "overlap"   // the class has two lessons at a time
)

// Day are the sessions of a day, by start and id, and what is wrong with them. Who has a day off by
// the calendar is left out: a pattern for all makes a session for the classes that have school.
func Day(in Inputs, day g.Date) ([]Run, []Problem) {
	e := &expansion{in: in, day: day, date: day.String(), loc: in.School.Location()}
	e.in.Classes = slices.Sorted(slices.Values(in.Classes))
	for _, p := range at(in.Patterns, e.date) {
		groups := slices.DeleteFunc(e.groups(p), func(x group) bool { return !x.runs })
		for i, x := range groups {
			e.group(p, x, i == 0)
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
}

// groups divides a pattern's classes by what their day is. A pattern that names people or is for
// nobody of a class has the school's day.
func (e *expansion) groups(p g.SessionPattern) []group {
	classes := slices.Clone(p.Classes)
	slices.Sort(classes)
	if len(classes) == 0 && len(p.Persons) == 0 && slices.Contains(p.Who, g.Student) {
		classes = e.in.Classes
	}
	if len(classes) == 0 {
		return []group{{template: e.template(""), runs: e.holds(p, ""), classes: p.Classes}}
	}
	var out []group
	for _, c := range slices.Compact(slices.Clone(classes)) {
		x := group{template: e.template(c), runs: e.holds(p, c), classes: []string{c}}
		i := slices.IndexFunc(out, func(o group) bool {
			return o.runs == x.runs && (o.template == x.template || !x.runs)
		})
		if i < 0 {
			out = append(out, x)
			continue
		}
		out[i].classes = append(out[i].classes, c)
	}
	if len(out) == 1 {
		out[0].classes = p.Classes // as it says, which may be none: everybody
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

// group makes the sessions of some classes. The first group's ids do not name its classes, so that
// a session stays the same when others get another day.
func (e *expansion) group(p g.SessionPattern, x group, first bool) {
	part := ""
	if !first {
		part = x.classes[0]
	}
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
		Who:       p.Who,
		Boarders:  p.Boarders,
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
		Pattern:  p.ID,
		Date:     e.date,
		Period:   period,
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

// overlaps finds classes that have two lessons at a time. Two that a class may choose between are
// of people by name.
func (e *expansion) overlaps() {
	for i, a := range e.runs {
		for _, b := range e.runs[i+1:] {
			if !b.Start.Before(a.End) {
				break
			}
			if !lesson(a) || !lesson(b) {
				continue
			}
			for _, c := range a.Classes {
				if slices.Contains(b.Classes, c) {
					e.problems = append(e.problems, Problem{
						Pattern: b.Pattern,
						Date:    e.date,
						Period:  b.Period,
						Code:    Overlap,
						Other:   a.Pattern,
						Class:   c,
					})
					break
				}
			}
		}
	}
}

// lesson says whether a class has one of the kind at a time.
func lesson(r Run) bool {
	switch r.Kind {
	case g.SessionLesson, g.SessionExam, g.SessionAfterSchool:
		return len(r.Persons) == 0
	}
	return false
}
