package timetable

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// PeriodInput is a period as it is sent.
type PeriodInput struct {
	Name  string `json:"name" minLength:"1" maxLength:"20" doc:"What it is called." example:"1"`
	Start string `json:"start" maxLength:"5" doc:"HH:MM by the school's clock." example:"08:00"`
	Due   string `json:"due,omitempty" maxLength:"5" doc:"HH:MM: later than this is late; empty: the start." example:"08:05"`
	End   string `json:"end" maxLength:"5" doc:"HH:MM." example:"08:40"`
}

// DayTemplateInput is a template as it is sent.
type DayTemplateInput struct {
	ID      g.DayTemplateID `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School  g.SchoolID      `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name    string          `json:"name" minLength:"1" maxLength:"100" doc:"What it is called." example:"Early dismissal"`
	NameZH  string          `json:"name_zh,omitempty" maxLength:"100" doc:"The Chinese name." example:"提前放学"`
	Usual   bool            `json:"usual,omitempty" doc:"It holds on days that have none; a school has one."`
	Periods []PeriodInput   `json:"periods,omitempty" maxItems:"20" doc:"All of the day: what is not among them does not take place. Empty: the usual ones, moved by shift."`
	Shift   int             `json:"shift,omitempty" minimum:"-360" maximum:"360" doc:"Minutes by which the day is later; dorms, duties and the staff's shifts stay." example:"60"`
}

func (b DayTemplateInput) template(ctx context.Context, id string) g.DayTemplate {
	x := g.DayTemplate{
		ID:     g.DayTemplateID(id),
		School: gate.SchoolOf(ctx, b.School),
		Name:   b.Name,
		NameZH: b.NameZH,
		Usual:  b.Usual,
		Shift:  b.Shift,
	}
	for _, p := range b.Periods {
		x.Periods = append(x.Periods, g.Period{
			Name:         p.Name,
			SessionTimes: g.SessionTimes{Start: p.Start, Due: p.Due, End: p.End},
		})
	}
	return x
}

func (s *area) registerTemplates() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/timetable/templates",
		ID:      "list-day-templates",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "When the periods of a day are: the usual day, a late start, an exam day",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.DayTemplate]], error) {
		all, err := s.View(ctx).Timetable.Templates(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.DayTemplate) string { return string(x.ID) })
	})
	save := func(ctx context.Context, id string, b DayTemplateInput) (g.DayTemplate, error) {
		return s.View(ctx).Timetable.PutTemplate(ctx, b.template(ctx, id))
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/timetable/templates",
		ID:      "create-day-template",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Status:  201,
		Summary: "Add a template of a day",
	}, func(ctx context.Context, in *gate.Post[DayTemplateInput]) (*gate.Body[g.DayTemplate], error) {
		return gate.Answer(save(ctx, "", in.Body))
	})
	k := gate.Thing[DayTemplateInput, g.DayTemplate]{
		Load: func(ctx context.Context, id string) (g.DayTemplate, error) {
			return s.View(ctx).Timetable.Template(ctx, g.DayTemplateID(id))
		},
		Save: save,
	}
	one := gate.Endpoint{
		Path: "/v1/timetable/templates/{id}",
		Tag:  tag,
		Perm: g.AttendanceRead,
	}
	one.Summary = "One template of a day"
	gate.Reads(s.Gate, one, "day-template", k.Load)
	one.Perm = g.AttendanceWrite
	one.Summary = "Change a template of a day"
	one.Doc = "Sessions that have not begun follow it."
	gate.Changes(s.Gate, one, "day-template", k)
	one.Summary = "Delete a template of a day"
	one.Doc = "One that days have is a conflict."
	one.Conflict = true
	gate.Deletes(s.Gate, one, "day-template", k, func(ctx context.Context, id string) error {
		return s.View(ctx).Timetable.DeleteTemplate(ctx, g.DayTemplateID(id))
	})
}

// TemplateDaysInput is which days have a template, as it is sent.
type TemplateDaysInput struct {
	School   g.SchoolID      `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Template g.DayTemplateID `json:"template" minLength:"1" maxLength:"64" doc:"The template."`
	From     string          `json:"from" maxLength:"10" doc:"The first day, YYYY-MM-DD." example:"2026-11-10"`
	To       string          `json:"to" maxLength:"10" doc:"The last day, YYYY-MM-DD: today or later." example:"2026-11-10"`
	Classes  []string        `json:"classes,omitempty" maxItems:"200" doc:"The classes for which it holds; empty: the whole school. What names the class decides."`
}

func (s *area) registerDays() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/timetable/days",
		ID:      "list-template-days",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Which days have a template other than the usual one",
		Doc:     "Those that are over are left out.",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.TemplateDays]], error) {
		// A day is over everywhere when it is over west of all.
		from := g.DateOf(s.Now().UTC()).Add(-1)
		all, err := s.View(ctx).Timetable.Days(ctx, in.School, from.String())
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.TemplateDays) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/timetable/days",
		ID:      "create-template-days",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Status:  201,
		Summary: "Give a template to some days",
	}, func(ctx context.Context, in *gate.Post[TemplateDaysInput]) (*gate.Body[g.TemplateDays], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Timetable.PutDays(ctx, g.TemplateDays{
			School:   gate.SchoolOf(ctx, b.School),
			Template: b.Template,
			From:     b.From,
			To:       b.To,
			Classes:  b.Classes,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/timetable/days/{id}",
		ID:      "delete-template-days",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Take a template off days",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Timetable.DeleteDays(ctx, g.TemplateDaysID(in.ID))
	})
}

// PatternChangeInput is a change of a day as it is sent.
type PatternChangeInput struct {
	Pattern   g.SessionPatternID `json:"pattern" minLength:"1" maxLength:"64" doc:"The pattern."`
	Date      string             `json:"date" maxLength:"10" doc:"The day, YYYY-MM-DD: today or later." example:"2026-11-10"`
	Period    string             `json:"period,omitempty" maxLength:"20" doc:"The period; empty: all of the day."`
	Cancel    bool               `json:"cancel,omitempty" doc:"It does not take place."`
	Start     string             `json:"start,omitempty" maxLength:"5" doc:"HH:MM: it is at another time."`
	Due       string             `json:"due,omitempty" maxLength:"5" doc:"HH:MM."`
	End       string             `json:"end,omitempty" maxLength:"5" doc:"HH:MM; with start."`
	Zones     []g.ZoneID         `json:"zones,omitempty" maxItems:"100" doc:"It is in other rooms."`
	ZoneKinds []g.ZoneKind       `json:"zone_kinds,omitempty" maxItems:"16" doc:"Where, by kind of zone."`
	Persons   []g.PersonID       `json:"persons,omitempty" maxItems:"500" doc:"Instead of those whom the pattern names: a substitute."`
}

type changesInput struct {
	gate.PerSchool
	From string `query:"from" required:"true" maxLength:"10" doc:"The first day, YYYY-MM-DD." example:"2026-09-01"`
	To   string `query:"to" required:"true" maxLength:"10" doc:"The last day, YYYY-MM-DD." example:"2026-09-30"`
}

func (s *area) registerChanges() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/timetable/changes",
		ID:      "list-pattern-changes",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "What is not as the timetable says: cancelled, moved, elsewhere, with a substitute",
	}, func(ctx context.Context, in *changesInput) (*gate.Body[gate.Page[g.PatternChange]], error) {
		for name, day := range map[string]string{"from": in.From, "to": in.To} {
			if _, err := g.ParseDate(day); err != nil {
				return nil, g.FieldErrorf(name, "%v", err)
			}
		}
		all, err := s.View(ctx).Timetable.Changes(ctx, in.School, in.From, in.To)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.PatternChange) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/timetable/changes",
		ID:      "change-day",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Status:  201,
		Summary: "Change one day of a pattern",
		Doc: "It takes the place of what was said of that day and period before. What has begun stays as it " +
			"is.",
	}, func(ctx context.Context, in *gate.Post[PatternChangeInput]) (*gate.Body[g.PatternChange], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Timetable.PutChange(ctx, g.PatternChange{
			Pattern:      b.Pattern,
			Date:         b.Date,
			Period:       b.Period,
			Cancel:       b.Cancel,
			SessionTimes: g.SessionTimes{Start: b.Start, Due: b.Due, End: b.End},
			Zones:        b.Zones,
			ZoneKinds:    b.ZoneKinds,
			Persons:      b.Persons,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/timetable/changes/{id}",
		ID:      "delete-pattern-change",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Take a change of a day back",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Timetable.DeleteChange(ctx, g.PatternChangeID(in.ID))
	})
}

func names(classes []string, class string) bool { return slices.Contains(classes, class) }
