package calendar

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// maxDays is how many days are answered for at once.
const maxDays = 400

// CalendarDay is what one day of a school is.
type CalendarDay struct {
	Date   string            `json:"date"`
	School bool              `json:"school"`
	RunsAs g.Weekday         `json:"runs_as"`
	Entry  g.CalendarEntryID `json:"entry,omitempty"`
	Name   string            `json:"name,omitempty"`
	NameZH string            `json:"name_zh,omitempty"`
}

// CalendarDays are days in a row.
type CalendarDays struct {
	Days []CalendarDay `json:"days" nullable:"false" doc:"One for each day."`
}

type daysInput struct {
	gate.InSchool
	From  string `query:"from" required:"true" maxLength:"10" doc:"The first day, YYYY-MM-DD." example:"2026-09-01"`
	To    string `query:"to" required:"true" maxLength:"10" doc:"The last day, YYYY-MM-DD; at most 400 days." example:"2026-09-30"`
	Class string `query:"class" maxLength:"40" doc:"What they are for this class; empty: for the school." example:"7-1"`
}

func (s *area) registerDays() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/calendar-days",
		ID:      "list-calendar-days",
		Tag:     tag,
		Summary: "Which days are school days",
	}, func(ctx context.Context, in *daysInput) (*gate.Body[CalendarDays], error) {
		return gate.Answer(s.days(ctx, in))
	})
}

func (s *area) days(ctx context.Context, in *daysInput) (CalendarDays, error) {
	out := CalendarDays{Days: []CalendarDay{}}
	from, err := g.ParseDate(in.From)
	if err != nil {
		return out, g.FieldErrorf("from", "%v", err)
	}
	to, err := g.ParseDate(in.To)
	if err != nil {
		return out, g.FieldErrorf("to", "%v", err)
	}
	if n := from.Until(to) + 1; n < 1 || n > maxDays {
		return out, g.FieldErrorf("to", "%d days; give 1 to %d", n, maxDays)
	}
	cal, err := s.calendar(ctx, gate.SchoolOf(ctx, in.School))
	if err != nil {
		return out, err
	}
	for d := from; d.Until(to) >= 0; d = d.Add(1) {
		x := cal.Day(d, in.Class)
		day := CalendarDay{
			Date:   d.String(),
			School: x.School,
			RunsAs: g.Weekdays()[(int(x.As)+6)%7],
		}
		if e := x.Entry; e != nil {
			day.Entry, day.Name, day.NameZH = e.ID, e.Name, e.NameZH
		}
		out.Days = append(out.Days, day)
	}
	return out, nil
}

// calendar is a school's, with what the districts above it say.
func (s *area) calendar(ctx context.Context, school g.SchoolID) (calendar.Calendar, error) {
	all, err := s.View(ctx).Calendar.Entries(ctx, school)
	if err != nil {
		return calendar.Calendar{}, err
	}
	return calendar.Of(school, all), nil
}
