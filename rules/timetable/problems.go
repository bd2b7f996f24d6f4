package timetable

import (
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// ProblemCode is what is wrong.
type ProblemCode string

// The problems.
const (
	NoPeriod    ProblemCode = "no_period"    // no template has the period
	NoTime      ProblemCode = "no_time"      // its times cannot be read, or the clock skips all of them
	Overlap     ProblemCode = "overlap"      // a class or a person has two lessons at a time, or a room
	NoClass     ProblemCode = "no_class"     // nobody is of the class: it was renamed
	NoRoom      ProblemCode = "no_room"      // the school has no such room
	CalendarEnd ProblemCode = "calendar_end" // the day is after the last that the calendar knows
)

// ProblemCodes lists them.
func ProblemCodes() []ProblemCode {
	return []ProblemCode{NoPeriod, NoTime, Overlap, NoClass, NoRoom, CalendarEnd}
}

// overlaps finds classes, people and rooms that have two lessons at a time. Two that a class may
// choose between are of people by name. Of each class, person and room a lesson is held against the
// one before it that ends last.
func (e *expansion) overlaps() {
	last := map[Problem]int{} // by class, person or zone: the index of its lesson that ends last
	for i, b := range e.runs {
		if !lesson(b) {
			continue
		}
		for _, key := range places(b) {
			j, ok := last[key]
			if ok && b.Start.Before(e.runs[j].End) {
				key := key
				key.Pattern, key.Date, key.Period = b.Pattern, e.date, b.Period
				key.Code, key.Other = Overlap, e.runs[j].Pattern
				e.problems = append(e.problems, key)
			}
			if !ok || b.End.After(e.runs[j].End) {
				last[key] = i
			}
		}
	}
}

// places are a lesson's classes, people and rooms, each as a key.
func places(r Run) (out []Problem) {
	for _, c := range r.Classes {
		out = append(out, Problem{Class: c})
	}
	for _, p := range r.Persons {
		out = append(out, Problem{Person: p})
	}
	for _, z := range r.Zones {
		out = append(out, Problem{Zone: z})
	}
	return out
}

// lesson says whether a class has one of the kind at a time.
func lesson(r Run) bool {
	switch r.Kind {
	case g.SessionLesson, g.SessionExam, g.SessionAfterSchool:
		return true
	}
	return false
}

// Missing are the classes and rooms that patterns of a day name and the school does not have. zones
// are all that it has.
func Missing(in Inputs, zones []g.ZoneID, day g.Date) (out []Problem) {
	for _, p := range at(in.Patterns, day.String()) {
		for _, c := range p.Classes {
			if !slices.Contains(in.Classes, c) {
				out = append(out, Problem{Pattern: p.ID, Date: day.String(), Code: NoClass, Class: c})
			}
		}
		for _, z := range p.Zones {
			if !slices.Contains(zones, z) {
				out = append(out, Problem{Pattern: p.ID, Date: day.String(), Code: NoRoom, Zone: z})
			}
		}
	}
	return out
}

// Last is the last day that the calendar's terms know, "" where it has none.
func Last(entries []g.CalendarEntry) (last string) {
	for _, e := range entries {
		if e.Kind == g.CalendarTerm {
			last = max(last, e.To)
		}
	}
	return last
}
