// Package visits is the API of who visits a school: the guard's book of visitors.
package visits

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

const tag = "Visitors"

// area is what the operations use.
type area struct{ *gate.Gate }

// VisitInput is a visit as it is registered.
type VisitInput struct {
	School  g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	Name    string     `json:"name" minLength:"1" maxLength:"100" doc:"Who comes." example:"Zhou Qiang"`
	Phone   string     `json:"phone,omitempty" maxLength:"40" doc:"Their telephone number."`
	Company string     `json:"company,omitempty" maxLength:"100" doc:"For whom they work."`
	Plate   string     `json:"plate,omitempty" maxLength:"40" doc:"Their car's plate."`
	Group   int        `json:"group,omitempty" minimum:"0" maximum:"200" doc:"How many they are; absent: one." example:"1"`
	Host    string     `json:"host" minLength:"1" maxLength:"100" doc:"Whom they visit." example:"Chen Jing"`
	Purpose string     `json:"purpose" minLength:"1" maxLength:"200" doc:"Why." example:"Repairs the lift"`
	From    time.Time  `json:"from" doc:"When it begins."`
	To      time.Time  `json:"to" doc:"When they should have left; at most 31 days later."`
}

type listInput struct {
	gate.PerSchool
	State g.VisitState `query:"state" enum:"asked,expected,refused,on_site,gone," doc:"Only these; empty: all."`
}

type visitStateInput struct {
	gate.ByID
	Body struct {
		State  g.VisitState `json:"state" enum:"expected,refused,on_site,gone" doc:"What it is from now on: expected (approved), refused, on_site (arrived), gone."`
		Reason string       `json:"reason,omitempty" maxLength:"500" doc:"Why it is refused; needed for that."`
	}
}

// Register adds the operations.
func Register(r *gate.Gate) {
	s := &area{r}
	s.Words(words)
	s.AtLast(func(d *gate.Schemas) {
		d.OneOf("Visit", "state", gate.WordsOf(g.VisitStates())...)
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/visits",
		ID:      "list-visits",
		Tag:     tag,
		Perm:    g.VisitsRead,
		Summary: "Who visits the school: asked for, expected, on site, gone",
		Doc: "The last to begin first, without telephone numbers. A visit is kept until 30 days after " +
			"its end.",
	}, func(ctx context.Context, in *listInput) (*gate.Body[gate.Page[g.Visit]], error) {
		all, err := s.View(ctx).Visits.List(ctx, in.School, in.State, s.Now())
		return gate.PageOf(s.Gate, all, in.Paged, err, func(x g.Visit) string { return string(x.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/visits",
		ID:      "register-visit",
		Tag:     tag,
		Perm:    g.VisitsWrite,
		Status:  201,
		Summary: "Register a visit",
		Doc:     "It is asked for until somebody approves it.",
	}, func(ctx context.Context, in *gate.Post[VisitInput]) (*gate.Body[g.Visit], error) {
		b := in.Body
		return gate.Answer(s.View(ctx).Visits.Register(ctx, g.Visit{
			School: gate.SchoolOf(ctx, b.School),
			From:   b.From,
			To:     b.To,
			VisitDetails: g.VisitDetails{
				Name:    b.Name,
				Phone:   b.Phone,
				Company: b.Company,
				Plate:   b.Plate,
				Group:   b.Group,
				Host:    b.Host,
				Purpose: b.Purpose,
			},
		}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/visits/{id}",
		ID:      "get-visit",
		Tag:     tag,
		Perm:    g.VisitsRead,
		Summary: "One visit, with the telephone number",
		Doc:     "The look is in the audit log.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Body[g.Visit], error) {
		return gate.Answer(s.View(ctx).Visits.Open(ctx, g.VisitID(in.ID)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/visits/{id}/state",
		ID:      "move-visit",
		Tag:     tag,
		Perm:    g.VisitsWrite,
		Summary: "Approve or refuse a visit, or say that they have arrived or left",
		Doc: "From asked to expected or refused, from expected to on_site or refused, from on_site to gone; " +
			"anything else is a conflict, as is an arrival before or after the time.",
	}, func(ctx context.Context, in *visitStateInput) (*gate.Body[g.Visit], error) {
		return gate.Answer(s.View(ctx).Visits.Move(ctx, g.VisitID(in.ID), in.Body.State, in.Body.Reason))
	})
}
