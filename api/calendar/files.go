package calendar

import (
	"bytes"
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/almanac"
)

// CalendarImport is what a file says, and what became of it.
type CalendarImport struct {
	Entries []g.CalendarEntry `json:"entries" nullable:"false"`
	Known   int               `json:"known"`
	Left    []CalendarLeft    `json:"left" nullable:"false"`
	More    int               `json:"left_more"`
	Kept    bool              `json:"kept"`
}

// CalendarLeft is something of a file that was left out.
type CalendarLeft struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

type importInput struct {
	gate.InSchool
	Keep    bool   `query:"keep" doc:"Add what it says; else it is only looked at."`
	RawBody []byte `contentType:"text/calendar"`
}

type calendarFile struct {
	Type string `header:"Content-Type"`
	Name string `header:"Content-Disposition"`
	Body []byte
}

func (s *area) registerFiles() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/calendar/import",
		ID:      "import-calendar",
		Tag:     tag,
		Perm:    g.SettingsWrite,
		Max:     almanac.MaxBytes,
		Summary: "Read days off and working days from a file",
		Doc: "The body is the file: iCalendar, or the published list of China's holidays in JSON. " +
			"Without keep it is a look. Days of the same kind and name that the school has already are left " +
			"alone, so that a file may be read again; events that are repeated, or not of whole days, are " +
			"left out and told.",
	}, func(ctx context.Context, in *importInput) (*gate.Body[CalendarImport], error) {
		return gate.Answer(s.read(ctx, in))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/calendar.ics",
		ID:      "export-calendar",
		Tag:     tag,
		Raw:     "text/calendar",
		Summary: "The calendar as iCalendar",
		Doc:     "Events of whole days (RFC 5545); what each is stands in its category.",
	}, func(ctx context.Context, in *gate.InSchool) (*calendarFile, error) {
		all, err := s.View(ctx).Calendar.Entries(ctx, gate.SchoolOf(ctx, in.School))
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		if err := almanac.Write(&b, all, s.Now()); err != nil {
			return nil, err
		}
		return &calendarFile{"text/calendar; charset=utf-8", `attachment; filename="calendar.ics"`,
			b.Bytes()}, nil
	})
}

func (s *area) read(ctx context.Context, in *importInput) (CalendarImport, error) {
	out := CalendarImport{
		Entries: []g.CalendarEntry{},
		Left:    []CalendarLeft{},
		Kept:    in.Keep,
	}
	school := gate.SchoolOf(ctx, in.School)
	all, err := s.View(ctx).Calendar.Entries(ctx, school)
	if err != nil {
		return out, err
	}
	r, err := almanac.Parse(in.RawBody)
	if err != nil {
		return out, err
	}
	for _, e := range r.Entries {
		e.School = school
		if slices.ContainsFunc(all, func(x g.CalendarEntry) bool {
			return x.School == school && x.Kind == e.Kind && x.Name == e.Name && x.From == e.From &&
				x.To == e.To
		}) {
			out.Known++
			continue
		}
		out.Entries = append(out.Entries, e)
	}
	for _, e := range r.Left {
		bare := *e
		bare.Field = ""
		out.Left = append(out.Left, CalendarLeft{
			What: e.Field,
			Why:  gate.LanguageOf(ctx).Error(&bare),
		})
	}
	out.More = r.More
	if !in.Keep || len(out.Entries) == 0 {
		return out, nil
	}
	out.Entries, err = s.View(ctx).Calendar.Put(ctx, school, out.Entries)
	return out, err
}
