package timetable

import (
	"cmp"
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/rules/timetable"
)

// Bounds of an answer.
const (
	weekDays    = 7
	maxRuns     = 2000
	maxProblems = 200
	endsInDays  = 21 // the calendar's end is a problem this long before it
)

// TimetableWeek is what comes of the timetable in a week, and what is wrong with it.
type TimetableWeek struct {
	School   g.SchoolID         `json:"school"`
	Zone     string             `json:"timezone"`
	Days     []TimetableDay     `json:"days" nullable:"false"`
	Runs     []g.Session        `json:"runs" nullable:"false"`
	MoreRuns int                `json:"more_runs"`
	Problems []TimetableProblem `json:"problems" nullable:"false"`
	More     int                `json:"more_problems"`
	Ends     string             `json:"calendar_ends,omitempty"`
}

// TimetableDay is what a day is.
type TimetableDay struct {
	Date     string          `json:"date"`
	School   bool            `json:"school"`
	RunsAs   g.Weekday       `json:"runs_as"`
	Week     int             `json:"week"`
	Name     string          `json:"name,omitempty"`
	NameZH   string          `json:"name_zh,omitempty"`
	Template g.DayTemplateID `json:"template,omitempty"`
}

// TimetableProblem says why a pattern makes less than it should, or too much, on a day.
type TimetableProblem struct {
	Code    timetable.ProblemCode `json:"code"`
	Date    string                `json:"date"`
	Pattern g.SessionPatternID    `json:"pattern,omitempty"`
	Name    string                `json:"name,omitempty"`
	Period  string                `json:"period,omitempty"`
	Other   g.SessionPatternID    `json:"other,omitempty"`
	Beside  string                `json:"other_name,omitempty"`
	Class   string                `json:"class,omitempty"`
	Person  g.PersonID            `json:"person,omitempty"`
	Zone    g.ZoneID              `json:"zone,omitempty"`
}

type weekInput struct {
	gate.InSchool
	Date   string     `query:"date" maxLength:"10" doc:"A day of the week, YYYY-MM-DD; empty: today." example:"2026-09-08"`
	Class  string     `query:"class" maxLength:"40" doc:"Only what this class has." example:"7-1"`
	Person g.PersonID `query:"person" maxLength:"64" doc:"Only what names this person: a teacher's own week."`
}

func (s *area) registerWeek() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/timetable/week",
		ID:      "get-timetable-week",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "What comes of the timetable in a week, Monday to Sunday, and what is wrong with it",
		Doc: "By patterns, calendar, templates and changes; a session that somebody has edited, or that has begun, " +
			"is as it stands. Weeks of which no session is made yet can be looked at, too. With a class or a person " +
			"the problems are theirs.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/timetable/week?class=7-1"`,
	}, func(ctx context.Context, in *weekInput) (*gate.Body[TimetableWeek], error) {
		return gate.Answer(s.week(ctx, in))
	})
}

func (s *area) week(ctx context.Context, in *weekInput) (out TimetableWeek, err error) {
	v := s.View(ctx)
	id := gate.SchoolOf(ctx, in.School)
	school, err := v.Places.School(ctx, id)
	if err != nil {
		return out, err
	}
	day, _, _ := g.DayOf(s.Now(), school.Location())
	if in.Date != "" {
		if day, err = g.ParseDate(in.Date); err != nil {
			return out, g.FieldErrorf("date", "%v", err)
		}
	}
	from := monday(day)
	to := from.Add(weekDays - 1)
	all, err := Inputs(ctx, v, id, from, to)
	if err != nil {
		return out, err
	}
	x := &weekly{in: in, all: all}
	if x.rooms, err = s.rooms(ctx, id); err != nil {
		return out, err
	}
	if err := x.stands(ctx, s, id, from, to); err != nil {
		return out, err
	}
	x.out = TimetableWeek{
		School:   id,
		Zone:     school.Timezone,
		Days:     []TimetableDay{},
		Runs:     []g.Session{},
		Problems: []TimetableProblem{},
	}
	for d := from; d.Until(to) >= 0; d = d.Add(1) {
		x.day(d)
	}
	entries, err := v.Calendar.Entries(ctx, id)
	if err != nil {
		return out, err
	}
	x.ends(timetable.Last(entries), from, to)
	return x.out, nil
}

// monday is the first day of a day's week.
func monday(d g.Date) g.Date {
	// 5 January 1970 was a Monday.
	days := g.Date{Year: 1970, Month: 1, Day: 5}.Until(d)
	return d.Add(-((days%weekDays + weekDays) % weekDays))
}

func (s *area) rooms(ctx context.Context, school g.SchoolID) (out []g.ZoneID, err error) {
	p, err := s.View(ctx).Places.Of(ctx, school)
	if err != nil {
		return nil, err
	}
	for _, z := range p.Zones {
		out = append(out, z.ID)
	}
	return out, nil
}

// weekly gathers a week.
type weekly struct {
	in    *weekInput
	all   timetable.Inputs
	rooms []g.ZoneID
	stand map[g.SessionID]g.Session // what stands whatever the timetable says
	out   TimetableWeek
}

// stands reads the sessions that the timetable leaves alone.
func (x *weekly) stands(ctx context.Context, s *area, school g.SchoolID, from, to g.Date) error {
	begin, _ := from.Bounds(x.all.School.Location())
	_, end := to.Bounds(x.all.School.Location())
	list, err := s.View(ctx).Sessions.Between(ctx, school, begin, end)
	if err != nil {
		return err
	}
	x.stand = map[g.SessionID]g.Session{}
	now := s.Now()
	for _, one := range list {
		if one.Pattern != "" && (one.Edited || !one.Start.After(now)) {
			x.stand[one.ID] = one
		}
	}
	return nil
}

func (x *weekly) day(d g.Date) {
	is := x.all.Calendar.Day(d, x.in.Class)
	day := TimetableDay{
		Date:     d.String(),
		School:   is.School,
		RunsAs:   g.Weekdays()[(int(is.As)+6)%7],
		Week:     x.all.Calendar.Week(d, x.in.Class),
		Template: timetable.TemplateOf(x.all, d, x.in.Class),
	}
	if e := is.Entry; e != nil && e.Kind != g.CalendarTerm {
		day.Name, day.NameZH = e.Name, e.NameZH
	}
	x.out.Days = append(x.out.Days, day)
	runs, problems := timetable.Day(x.all, d)
	seen := map[g.SessionID]bool{}
	for _, r := range runs {
		one := r.Session
		if as, ok := x.stand[one.ID]; ok {
			one = as
		}
		seen[one.ID] = true
		x.run(one)
	}
	for _, one := range x.stand { // the timetable has it no more
		if one.Date == d.String() && !seen[one.ID] {
			x.run(one)
		}
	}
	problems = append(problems, timetable.Missing(x.all, x.rooms, d)...)
	for _, p := range problems {
		x.problem(p)
	}
}

func (x *weekly) run(one g.Session) {
	if !x.concerns(one.Classes, one.Persons, one.Who) {
		return
	}
	if len(x.out.Runs) == maxRuns {
		x.out.MoreRuns++
		return
	}
	x.out.Runs = append(x.out.Runs, one)
}

// concerns says whether somebody asked for has part in it.
func (x *weekly) concerns(classes []string, persons []g.PersonID, who []g.PersonKind) bool {
	if x.in.Person != "" {
		return slices.Contains(persons, x.in.Person)
	}
	whole := len(classes) == 0 && len(persons) == 0 && slices.Contains(who, g.Student)
	return x.in.Class == "" || whole || slices.Contains(classes, x.in.Class)
}

func (x *weekly) problem(p timetable.Problem) {
	of := x.pattern(p.Pattern)
	if p.Class != "" && x.in.Class != "" && p.Class != x.in.Class || !x.concerns(of.Classes, of.Persons, of.Who) {
		return
	}
	if len(x.out.Problems) == maxProblems {
		x.out.More++
		return
	}
	x.out.Problems = append(x.out.Problems, TimetableProblem{
		Code:    p.Code,
		Date:    p.Date,
		Pattern: p.Pattern,
		Name:    of.Name,
		Period:  p.Period,
		Other:   p.Other,
		Beside:  x.pattern(p.Other).Name,
		Class:   p.Class,
		Person:  p.Person,
		Zone:    p.Zone,
	})
}

// pattern is the last version of a pattern.
func (x *weekly) pattern(id g.SessionPatternID) (out g.SessionPattern) {
	i, ok := slices.BinarySearchFunc(x.all.Patterns, id, func(p g.SessionPattern, id g.SessionPatternID) int {
		return cmp.Compare(p.ID, id)
	})
	for ok && i < len(x.all.Patterns) && x.all.Patterns[i].ID == id {
		out = x.all.Patterns[i]
		i++
	}
	return out
}

// ends says that the calendar's terms end soon, or have.
func (x *weekly) ends(last string, from, to g.Date) {
	if last == "" || len(x.all.Patterns) == 0 || last >= to.Add(endsInDays).String() {
		return
	}
	x.out.Ends = last
	if last >= to.String() {
		return
	}
	x.out.Problems = append(x.out.Problems, TimetableProblem{
		Code: timetable.CalendarEnd,
		Date: max(from.String(), last),
	})
}
