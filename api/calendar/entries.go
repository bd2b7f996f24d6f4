package calendar

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// CalendarEntryInput is an entry as it is sent.
type CalendarEntryInput struct {
	ID      g.CalendarEntryID `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School  g.SchoolID        `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Kind    g.CalendarKind    `json:"kind" enum:"term,day_off,workday" doc:"What its days are."`
	Name    string            `json:"name" minLength:"1" maxLength:"100" doc:"What it is called." example:"Mid-autumn"`
	NameZH  string            `json:"name_zh,omitempty" maxLength:"100" doc:"The Chinese name." example:"中秋节"`
	From    string            `json:"from" maxLength:"10" doc:"The first day, YYYY-MM-DD." example:"2026-09-25"`
	To      string            `json:"to" maxLength:"10" doc:"The last day, YYYY-MM-DD." example:"2026-09-27"`
	RunsAs  g.Weekday         `json:"runs_as,omitempty" maxLength:"3" doc:"Of a working day: mon to sun, whose timetable it has; empty: its own." example:"fri"`
	Classes []string          `json:"classes,omitempty" maxItems:"200" doc:"The classes for which it holds; empty: the whole school." example:"[\"7-1\"]"`
}

func (b CalendarEntryInput) entry(id string) g.CalendarEntry {
	return g.CalendarEntry{
		ID:      g.CalendarEntryID(id),
		Kind:    b.Kind,
		Name:    b.Name,
		NameZH:  b.NameZH,
		From:    b.From,
		To:      b.To,
		RunsAs:  b.RunsAs,
		Classes: b.Classes,
	}
}

func (s *area) registerEntries() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/calendar",
		ID:      "list-calendar",
		Tag:     tag,
		Summary: "Terms, days off and working days, by their first day",
		Doc:     "With a school: its own, and those of the districts above it, which it cannot change.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/calendar`,
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.CalendarEntry]], error) {
		all, err := s.View(ctx).Calendar.Entries(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.CalendarEntry) string { return string(x.ID) })
	})
	save := func(ctx context.Context, id string, b CalendarEntryInput) (g.CalendarEntry, error) {
		out, err := s.View(ctx).Calendar.Put(ctx, gate.SchoolOf(ctx, b.School),
			[]g.CalendarEntry{b.entry(id)})
		if err != nil {
			return g.CalendarEntry{}, err
		}
		return out[0], nil
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/calendar",
		ID:      "create-calendar-entry",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Status:  201,
		Summary: "Add a term, days off or a working day",
		Doc:     "Rules with days: school-days or days-off follow it at once.",
	}, func(ctx context.Context, in *gate.Post[CalendarEntryInput]) (*gate.Body[g.CalendarEntry], error) {
		return gate.Answer(save(ctx, "", in.Body))
	})
	k := gate.Thing[CalendarEntryInput, g.CalendarEntry]{
		Load: func(ctx context.Context, id string) (g.CalendarEntry, error) {
			return s.View(ctx).Calendar.Entry(ctx, g.CalendarEntryID(id))
		},
		Save: save,
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/calendar/{id}",
		ID:      "get-calendar-entry",
		Tag:     tag,
		Summary: "One entry of the calendar",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[g.CalendarEntry], error) {
		x, err := k.Load(ctx, in.ID)
		return gate.WithTag(gate.TagOf(x, x), x), err
	})
	one := gate.Endpoint{
		Path: "/v1/calendar/{id}",
		Tag:  tag,
		Perm: g.SettingsWrite,
	}
	one.Summary = "Change an entry of the calendar"
	gate.Changes(s.Gate, one, "calendar-entry", k)
	one.Summary = "Delete an entry of the calendar"
	gate.Deletes(s.Gate, one, "calendar-entry", k, func(ctx context.Context, id string) error {
		return s.View(ctx).Calendar.Delete(ctx, g.CalendarEntryID(id))
	})
}
