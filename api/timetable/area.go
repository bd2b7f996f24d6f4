package timetable

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	kept "github.com/gatehouse-iot/gatehouse/registry/timetable"
	"github.com/gatehouse-iot/gatehouse/rules/timetable"
)

const (
	tag      = "Timetable"
	maxClass = 40 // characters of a class's name
)

// area is what the operations use.
type area struct{ *gate.Gate }

// Register adds the operations.
func Register(r *gate.Gate) {
	s := &area{r}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("SessionPattern", "kind", gate.WordsOf(g.SessionKinds())...)
		d.OneOf("SessionPattern", "days", gate.WordsOf(g.EachPatternDays())...)
		d.OneOf("SessionPattern", "weeks", gate.WordsOf(g.EachPatternWeeks())...)
		d.OneOf("PatternInput", "weeks", append(gate.WordsOf(g.EachPatternWeeks()), "")...)
		d.OneOf("ImportedLesson", "weeks", gate.WordsOf(g.EachPatternWeeks())...)
		d.OneOf("PatternInput", "days", gate.WordsOf(g.EachPatternDays())...)
		d.OneOf("TimetableDay", "runs_as", gate.WordsOf(g.Weekdays())...)
		d.OneOf("TimetableProblem", "code", gate.WordsOf(timetable.ProblemCodes())...)
		d.Items("PatternInput", "classes", maxClass)
		d.Items("PatternInput", "periods", kept.MaxPeriod)
		d.OneOf("ImportedLesson", "weekday", gate.WordsOf(g.Weekdays())...)
		d.Items("TemplateDaysInput", "classes", maxClass)
	})
	s.registerPatterns()
	s.registerTemplates()
	s.registerDays()
	s.registerChanges()
	s.registerWeek()
	s.registerImport()
	s.registerICal()
}

// PatternInput is a pattern as it is sent.
type PatternInput struct {
	ID        g.SessionPatternID `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	Version   int                `json:"version,omitempty" doc:"Ignored: each change is the next."`
	School    g.SchoolID         `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name      string             `json:"name" minLength:"1" maxLength:"100" doc:"What its sessions are called." example:"Maths"`
	NameZH    string             `json:"name_zh,omitempty" maxLength:"100" doc:"The Chinese name." example:"数学"`
	Kind      g.SessionKind      `json:"kind" doc:"What people are expected at."`
	From      string             `json:"from,omitempty" maxLength:"10" doc:"The first day on which it is so, YYYY-MM-DD; empty, or of a change a day that is over and was so before: today." example:"2026-09-01"`
	To        string             `json:"to,omitempty" maxLength:"10" doc:"The last day; empty: no end." example:"2027-01-20"`
	Days      g.PatternDays      `json:"days" doc:"On which days of the calendar: school_days, days_off or every_day."`
	Weekdays  []g.Weekday        `json:"weekdays,omitempty" maxItems:"7" doc:"mon to sun: on which weekdays' timetables; empty: all. A Sunday that runs as a Tuesday has Tuesday's."`
	Weeks     g.PatternWeeks     `json:"weeks,omitempty" doc:"odd or even, counted from the week in which the term begins, without a term by the week of the year; empty: every week."`
	Start     string             `json:"start,omitempty" maxLength:"5" doc:"HH:MM by the school's clock, where it has no periods." example:"06:30"`
	Due       string             `json:"due,omitempty" maxLength:"5" doc:"HH:MM: later than this is late; empty: the start." example:"07:50"`
	End       string             `json:"end,omitempty" maxLength:"5" doc:"HH:MM; not after the one before it: of the next day." example:"12:00"`
	Periods   []string           `json:"periods,omitempty" maxItems:"20" doc:"In which periods of the day's template, instead of times of its own."`
	Zones     []g.ZoneID         `json:"zones,omitempty" maxItems:"100" doc:"Where; or give zone_kinds."`
	ZoneKinds []g.ZoneKind       `json:"zone_kinds,omitempty" maxItems:"16" doc:"Where, by kind of zone."`
	Classes   []string           `json:"classes,omitempty" maxItems:"500" doc:"Which classes; empty: all."`
	Persons   []g.PersonID       `json:"persons,omitempty" maxItems:"500" doc:"People by id, as in a session."`
	Who       []g.PersonKind     `json:"who" minItems:"1" maxItems:"4" doc:"Which kinds of person."`
	Boarders  bool               `json:"boarders,omitempty" doc:"Boarders only."`
	By        string             `json:"by,omitempty" maxLength:"200" doc:"Ignored."`
	Said      string             `json:"said,omitempty" maxLength:"40" doc:"Ignored."`
}

func (b PatternInput) pattern(ctx context.Context, id string) g.SessionPattern {
	return g.SessionPattern{
		ID:           g.SessionPatternID(id),
		School:       gate.SchoolOf(ctx, b.School),
		Name:         b.Name,
		NameZH:       b.NameZH,
		Kind:         b.Kind,
		From:         b.From,
		To:           b.To,
		Days:         b.Days,
		Weekdays:     b.Weekdays,
		Weeks:        b.Weeks,
		SessionTimes: g.SessionTimes{Start: b.Start, Due: b.Due, End: b.End},
		Periods:      b.Periods,
		Zones:        b.Zones,
		ZoneKinds:    b.ZoneKinds,
		Classes:      b.Classes,
		Persons:      b.Persons,
		Who:          b.Who,
		Boarders:     b.Boarders,
	}
}

type patternsInput struct {
	gate.PerSchool
	Class string `query:"class" maxLength:"40" doc:"Only those that name the class, and those for all."`
}

func (s *area) registerPatterns() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/timetable/patterns",
		ID:      "list-patterns",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "What sessions are made of, as it was said last",
		Doc:     "What has ended is left out.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/timetable/patterns`,
	}, func(ctx context.Context, in *patternsInput) (*gate.Body[gate.Page[g.SessionPattern]], error) {
		all, err := s.View(ctx).Timetable.Patterns(ctx, in.School)
		return gate.PageOf(s.Gate, latest(all, in.Class), in.Paged, err,
			func(x g.SessionPattern) string { return string(x.ID) })
	})
	save := func(ctx context.Context, id string, b PatternInput) (g.SessionPattern, error) {
		return s.View(ctx).Timetable.Put(ctx, b.pattern(ctx, id))
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/timetable/patterns",
		ID:      "create-pattern",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Status:  201,
		Summary: "Add a pattern: a lesson, each school day's arrival, a shift",
		Doc: "The gateway makes the sessions of the next two weeks of it. What has begun, what somebody has made " +
			"or edited stays as it is.",
	}, func(ctx context.Context, in *gate.Post[PatternInput]) (*gate.Body[g.SessionPattern], error) {
		return gate.Answer(save(ctx, "", in.Body))
	})
	k := gate.Thing[PatternInput, g.SessionPattern]{
		Load: func(ctx context.Context, id string) (g.SessionPattern, error) {
			return s.View(ctx).Timetable.Pattern(ctx, g.SessionPatternID(id))
		},
		Save: save,
	}
	one := gate.Endpoint{
		Path: "/v1/timetable/patterns/{id}",
		Tag:  tag,
		Perm: g.AttendanceRead,
	}
	one.Summary = "One pattern, as it was said last"
	gate.Reads(s.Gate, one, "pattern", k.Load)
	one.Perm = g.AttendanceWrite
	one.Summary = "Change a pattern from a day on"
	one.Doc = "It is a new version: days that are over stay as they were."
	gate.Changes(s.Gate, one, "pattern", k)
	one.Summary = "End a pattern"
	one.Doc = "It makes no session from today on; what has begun stays."
	gate.Deletes(s.Gate, one, "pattern", k, func(ctx context.Context, id string) error {
		return s.View(ctx).Timetable.End(ctx, g.SessionPatternID(id))
	})
}

// latest are the last versions, without those by which patterns ended. Versions follow each other.
func latest(all []g.SessionPattern, class string) []g.SessionPattern {
	out := []g.SessionPattern{}
	for i, p := range all {
		if i+1 < len(all) && all[i+1].ID == p.ID || p.Ended() ||
			class != "" && len(p.Classes) > 0 && !names(p.Classes, class) {
			continue
		}
		out = append(out, p)
	}
	return out
}
