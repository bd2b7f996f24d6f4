package attendance

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
	"github.com/gatehouse-iot/gatehouse/rules/calendar"
)

// MonthWanted is the month that is asked for.
type MonthWanted struct {
	gate.InSchool
	Month string        `query:"month" required:"true" pattern:"^[0-9]{4}-[0-9]{2}$" doc:"The month, YYYY-MM." example:"2026-09"`
	Kind  g.SessionKind `query:"kind" doc:"Of sessions of this kind; empty: arrival."`
	Who   g.PersonKind  `query:"who" doc:"Of people of this kind; empty: student."`
	Class string        `query:"class" maxLength:"40" doc:"Of this class; empty: of all." example:"7-1"`
}

type monthInput struct {
	gate.Paged
	MonthWanted
}

func (in MonthWanted) filter(ctx context.Context) sessions.MonthFilter {
	f := sessions.MonthFilter{
		School: gate.SchoolOf(ctx, in.School),
		Month:  in.Month,
		Kind:   in.Kind,
		Who:    in.Who,
		Class:  in.Class,
	}
	if f.Kind == "" {
		f.Kind = g.SessionArrival
	}
	if f.Who == "" {
		f.Who = g.Student
	}
	return f
}

// workbook is a file as it goes out.
type workbook struct {
	Type  string `header:"Content-Type"`
	Name  string `header:"Content-Disposition"`
	Cache string `header:"Cache-Control"`
	Body  []byte
}

const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func (s *area) registerMonth() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/attendance/month",
		ID:      "list-attendance-month",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "A month of everybody's answers, by class, number and name",
		Doc: "One row for each person, with the answers of each day in the order of its sessions. How " +
			"somebody passed is not shown.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/attendance/month?month=2026-09&limit=5"`,
	}, func(ctx context.Context, in *monthInput) (*gate.Body[gate.Page[sessions.PersonMonth]], error) {
		f := in.filter(ctx)
		f.Page = registry.Page{
			Limit:  in.Limit,
			Cursor: in.Cursor,
		}
		return gate.Listed(s.View(ctx).Sessions.Month(ctx, f))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/attendance/month.xlsx",
		ID:      "export-attendance-month",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Raw:     workbookType,
		Summary: "A month of everybody's answers as a workbook",
		Doc: "A sheet for each class, ready to print, and one that sums the classes up. It is written to " +
			"the audit log. At most 10,000 people; one workbook is made at a time.",
	}, func(ctx context.Context, in *MonthWanted) (*workbook, error) {
		select {
		case s.exporting <- struct{}{}:
			defer func() { <-s.exporting }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		f := in.filter(ctx)
		b, err := s.workbook(ctx, f)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf(`attachment; filename="attendance-%s.xlsx"`, f.Month)
		return &workbook{workbookType, name, "private, no-store", b}, nil
	})
}

func (s *area) workbook(ctx context.Context, f sessions.MonthFilter) ([]byte, error) {
	v := s.View(ctx)
	school, err := v.Places.School(ctx, f.School)
	if err != nil {
		return nil, err
	}
	rows, err := v.Sessions.ExportMonth(ctx, f)
	if err != nil {
		return nil, err
	}
	all, err := v.Calendar.Entries(ctx, f.School)
	if err != nil {
		return nil, err
	}
	return writeMonth(monthBook{
		language: gate.LanguageOf(ctx),
		school:   school,
		filter:   f,
		rows:     rows,
		calendar: calendar.Of(f.School, all),
		made:     s.Now().In(school.Location()),
	})
}
