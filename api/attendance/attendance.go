package attendance

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/sessions"
)

type sessionBody struct {
	ID        g.SessionID    `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path or is made."`
	School    g.SchoolID     `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Kind      g.SessionKind  `json:"kind" doc:"What people are expected at: meal and dorm are computed in their own way, the rest as arrival is."`
	Name      string         `json:"name" minLength:"1" maxLength:"100" doc:"The name that people know." example:"Morning arrival"`
	NameZH    string         `json:"name_zh,omitempty" maxLength:"100" doc:"The Chinese name." example:"早上到校"`
	Start     time.Time      `json:"start" doc:"Sightings count from here."`
	Due       time.Time      `json:"due" doc:"Later than this is late."`
	End       time.Time      `json:"end" doc:"Sightings count until here."`
	Zones     []g.ZoneID     `json:"zones,omitempty" maxItems:"100" doc:"Where; or give zone_kinds."`
	ZoneKinds []g.ZoneKind   `json:"zone_kinds,omitempty" maxItems:"16" doc:"Where, by kind of zone."`
	Classes   []string       `json:"classes,omitempty" maxItems:"500" doc:"Which classes; empty: all."`
	Persons   []g.PersonID   `json:"persons,omitempty" maxItems:"500" doc:"People by id: expected whatever their class and kind; without classes nobody else is."`
	Who       []g.PersonKind `json:"who" minItems:"1" maxItems:"4" doc:"Which kinds of person."`
	Boarders  bool           `json:"boarders,omitempty" doc:"Boarders only."`
	Demo      bool           `json:"demo,omitempty" doc:"A demonstration, and labelled so."`

	Pattern g.SessionPatternID `json:"pattern,omitempty" maxLength:"64" doc:"Ignored, as the next three: the timetable says so."`
	Date    string             `json:"date,omitempty" maxLength:"10" doc:"Ignored."`
	Period  string             `json:"period,omitempty" maxLength:"20" doc:"Ignored."`
	Edited  bool               `json:"edited,omitempty" doc:"Ignored."`
}

func (b sessionBody) session(ctx context.Context, id g.SessionID) (g.Session, error) {
	if b.Due.Before(b.Start) || b.End.Before(b.Due) {
		return g.Session{}, g.FieldErrorf("due", "start, due and end must follow each other")
	}
	if b.End.Sub(b.Start) > 36*time.Hour {
		return g.Session{}, g.FieldErrorf("end", "a session is of one day; this one is %s long",
			b.End.Sub(b.Start))
	}
	return g.Session{
		ID:        id,
		School:    gate.SchoolOf(ctx, b.School),
		Kind:      b.Kind,
		Name:      b.Name,
		NameZH:    b.NameZH,
		Start:     b.Start,
		Due:       b.Due,
		End:       b.End,
		Zones:     b.Zones,
		ZoneKinds: b.ZoneKinds,
		Classes:   b.Classes,
		Persons:   b.Persons,
		Who:       b.Who,
		Boarders:  b.Boarders,
		Demo:      b.Demo,
	}, nil
}

// bounds are the range's ends: those given, or the day, or today.
func (s *area) bounds(
	ctx context.Context, in gate.Span,
) (id g.SchoolID, from, to time.Time, err error) {
	id = gate.SchoolOf(ctx, in.School)
	if given, err := gate.Spanned(ctx, in); given || err != nil {
		return id, in.From, in.To, err
	}
	sch, err := s.View(ctx).Places.School(ctx, id)
	if err != nil {
		return id, from, to, err
	}
	if in.Date == "" {
		_, from, to = g.DayOf(s.Now(), sch.Location())
		return id, from, to, nil
	}
	day, err := g.ParseDate(in.Date)
	if err != nil {
		return id, from, to, g.FieldErrorf("date", "%v", err)
	}
	from, to = day.Bounds(sch.Location())
	return id, from, to, nil
}

func (s *area) registerSessions() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/sessions",
		ID:      "list-sessions",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "What people are expected at on a day",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/sessions`,
	}, func(ctx context.Context, in *gate.Span) (*gate.Body[gate.Page[g.Session]], error) {
		id, from, to, err := s.bounds(ctx, *in)
		if err != nil {
			return nil, err
		}
		all, err := s.View(ctx).Sessions.Between(ctx, id, from, to)
		return gate.PageOf(s.Gate, all, in.Paged, err,
			func(x g.Session) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/sessions",
		ID:      "create-session",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Status:  201,
		Summary: "Add a session",
	},
		func(ctx context.Context, in *gate.Post[sessionBody]) (*gate.Body[g.Session], error) {
			x, err := in.Body.session(ctx, "")
			if err != nil {
				return nil, err
			}
			return gate.Answer(s.View(ctx).Sessions.Put(ctx, x))
		})
	k := gate.Thing[sessionBody, g.Session]{
		Load: func(ctx context.Context, id string) (g.Session, error) {
			return s.View(ctx).Sessions.Find(ctx, g.SessionID(id))
		},
		Save: func(ctx context.Context, id string, b sessionBody) (g.Session, error) {
			x, err := b.session(ctx, g.SessionID(id))
			if err != nil {
				return x, err
			}
			return s.View(ctx).Sessions.Put(ctx, x)
		},
	}
	gate.Reads(s.Gate, gate.Endpoint{
		Path:    "/v1/sessions/{id}",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "One session",
	}, "session", k.Load)
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/sessions/{id}",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Change a session",
	}, "session", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:     "/v1/sessions/{id}",
		Tag:      tag,
		Perm:     g.AttendanceWrite,
		Conflict: true,
		Summary:  "Delete a session",
	}, "session", k,
		func(ctx context.Context, id string) error {
			return s.View(ctx).Sessions.Delete(ctx, g.SessionID(id))
		})
}

type attendanceInput struct {
	gate.Paged
	gate.InSchool
	Session g.SessionID       `query:"session" maxLength:"64" doc:"Of this session."`
	Class   string            `query:"class" maxLength:"40" doc:"Of this class."`
	State   g.AttendanceState `query:"state" doc:"With this answer."`
	Person  g.PersonID        `query:"person" maxLength:"64" doc:"Of this person."`
	Date    string            `query:"date" pattern:"^[0-9]{4}-[0-9]{2}-[0-9]{2}$" doc:"Of this operational day, YYYY-MM-DD." example:"2026-09-01"`
	Query   string            `query:"q" maxLength:"128" doc:"Words, in any order; each is searched for in name and class. With a session only." example:"li ming"`
	Reason  string            `query:"reason" maxLength:"500" doc:"Why one person's answers are read; needed with person where that is a student." example:"parent asks about yesterday"`
}

type leavesInput struct {
	gate.Span
	Reason string `query:"reason" maxLength:"500" doc:"Why the reasons of the leaves are read; without it they are left out." example:"the nurse asks"`
}

type correctionInput struct {
	Body struct {
		Session g.SessionID       `json:"session" minLength:"1" maxLength:"64" doc:"The session."`
		Person  g.PersonID        `json:"person" minLength:"1" maxLength:"64" doc:"The person."`
		State   g.AttendanceState `json:"state" doc:"What is true."`
		Reason  string            `json:"reason" minLength:"1" maxLength:"500" doc:"How that is known; kept." example:"sat in the first lesson"`
	}
}

func (s *area) registerAttendance() {
	const tag = "Attendance"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/attendance",
		ID:      "list-attendance",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Who was there: the computed answers",
		Doc: "A gate that was out of reach makes the answer unknown, never absent. Names are " +
			"shown to callers who may also read people. With person it is one person's record: " +
			"of a student it needs a reason, and each such look is written to the audit log.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/attendance?limit=5"`,
	}, func(ctx context.Context, in *attendanceInput) (*gate.Body[gate.Page[sessions.AttendanceRow]], error) {
		return gate.Listed(s.Because(ctx, in.Reason).Sessions.Attendance(ctx, sessions.AttendanceFilter{
			Page: registry.Page{
				Limit:  in.Limit,
				Cursor: in.Cursor,
			},
			School:  in.School,
			Session: in.Session,
			Person:  in.Person,
			Date:    in.Date,
			Class:   in.Class,
			State:   in.State,
			Query:   in.Query,
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/attendance/summary",
		ID:      "count-attendance",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "How many of each answer in a session",
	},
		func(ctx context.Context, in *struct {
			Session g.SessionID `query:"session" required:"true" maxLength:"64" doc:"The session."`
		}) (*gate.Body[map[g.AttendanceState]int], error) {
			m, err := s.View(ctx).Sessions.AttendanceSummary(ctx, in.Session)
			if m == nil {
				m = map[g.AttendanceState]int{}
			}
			return gate.Answer(m, err)
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/attendance/corrections",
		ID:      "correct-attendance",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Correct a computed answer",
		Doc:     "The computed answer, the correction, its reason and its author are all kept.",
	}, func(ctx context.Context, in *correctionInput) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Sessions.Correct(ctx, sessions.Correction{
			Session: in.Body.Session,
			Person:  in.Body.Person,
			State:   in.Body.State,
			Reason:  in.Body.Reason,
			Actor:   gate.CallerOf(ctx).Scope.Actor,
			At:      s.Now(),
		})
	})
	s.registerRoll(tag)
	s.registerLeaves(tag)
}
