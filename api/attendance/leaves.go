package attendance

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

type newLeaveInput struct {
	Body struct {
		ID string `json:"id,omitempty" maxLength:"64" doc:"A leave to change; empty: a new one."`
		LeaveFields
		Reason string `json:"reason" minLength:"1" maxLength:"500" doc:"Why." example:"doctor"`
	}
}

// LeaveFields are what a leave says.
type LeaveFields struct {
	Person  g.PersonID `json:"person" minLength:"1" maxLength:"64" doc:"Who is excused."`
	From    time.Time  `json:"from" doc:"From then on."`
	To      time.Time  `json:"to" doc:"Until then."`
	Offsite bool       `json:"offsite,omitempty" doc:"Approved to be elsewhere, e.g. at a contest."`
}

type leaveBody struct {
	LeaveFields
	Reason string `json:"reason,omitempty" maxLength:"500" doc:"Why; absent: as it was." example:"doctor"`
	ID     string `json:"id,omitempty" maxLength:"64" doc:"Ignored: the id comes from the path."`
	Actor  string `json:"actor,omitempty" maxLength:"256" doc:"Ignored: it is who changes the leave."`
}

func (b LeaveFields) leave(ctx context.Context, id, reason string) g.Leave {
	return g.Leave{
		ID:      id,
		Person:  b.Person,
		From:    b.From,
		To:      b.To,
		Offsite: b.Offsite,
		Reason:  reason,
		Actor:   gate.CallerOf(ctx).Scope.Actor,
	}
}

type openLeaveInput struct {
	gate.ByID
	Reason string `query:"reason" maxLength:"500" doc:"Why the reason of the leave is read; without it that is left out." example:"the nurse asks"`
}

func (s *area) registerLeaves(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/leaves",
		ID:      "list-leaves",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "Who is excused on a day",
		Doc: "Why they are excused is shown where the caller says why that is needed; such a " +
			"look is written to the audit log.",
	}, func(ctx context.Context, in *leavesInput) (*gate.Body[gate.Page[g.Leave]], error) {
		id, from, to, err := s.bounds(ctx, in.Span)
		if err != nil {
			return nil, err
		}
		all, err := s.Because(ctx, in.Reason).Sessions.Leaves(ctx, id, from, to)
		return gate.PageOf(s.Gate, all, in.Paged, err, func(l g.Leave) string { return l.ID })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/leaves",
		ID:      "put-leave",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Status:  201,
		Summary: "Excuse somebody",
		Doc:     "Also for times that are over: the answers are computed again.",
	}, func(ctx context.Context, in *newLeaveInput) (*gate.Body[g.Leave], error) {
		return gate.Answer(s.putLeave(ctx, in.Body.ID, in.Body.LeaveFields, in.Body.Reason))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/leaves/{id}",
		ID:      "get-leave",
		Tag:     tag,
		Perm:    g.AttendanceRead,
		Summary: "One leave",
		Doc: "Why somebody is excused is shown where the caller says why that is needed; such a " +
			"look is written to the audit log.",
	}, func(ctx context.Context, in *openLeaveInput) (*gate.Tagged[g.Leave], error) {
		l, err := s.Because(ctx, in.Reason).Sessions.Leave(ctx, in.ID)
		return gate.WithTag(gate.TagOf(l.Version, l), l), err
	})
	k := gate.Thing[leaveBody, g.Leave]{
		Load: func(ctx context.Context, id string) (g.Leave, error) {
			return s.View(ctx).Sessions.LeaveToChange(ctx, id)
		},
		Save: func(ctx context.Context, id string, b leaveBody) (g.Leave, error) {
			return s.putLeave(ctx, id, b.LeaveFields, b.Reason)
		},
		State: func(l g.Leave) any { return l.Version },
		Show:  shownLeave,
	}
	gate.Changes(s.Gate, gate.Endpoint{
		Path:    "/v1/leaves/{id}",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Change a leave",
		Doc:     "The answer shows the reason only where the request names it.",
	}, "leave", k)
	gate.Deletes(s.Gate, gate.Endpoint{
		Path:    "/v1/leaves/{id}",
		Tag:     tag,
		Perm:    g.AttendanceWrite,
		Summary: "Take a leave back",
	}, "leave", k,
		func(ctx context.Context, id string) error { return s.View(ctx).Sessions.DeleteLeave(ctx, id) })
}

func (s *area) putLeave(
	ctx context.Context, id string, b LeaveFields, reason string,
) (g.Leave, error) {
	if reason == "" {
		return g.Leave{}, g.FieldErrorf("reason", "say why, e.g. doctor")
	}
	if !b.To.After(b.From) {
		return g.Leave{}, g.FieldErrorf("to", "the leave ends before it begins")
	}
	return s.View(ctx).Sessions.PutLeave(ctx, b.leave(ctx, id, reason))
}

// shownLeave leaves out the reason, whose reading is audited, unless the change has named it.
func shownLeave(_ context.Context, l g.Leave, said map[string]any) g.Leave {
	if _, ok := said["reason"]; !ok {
		l.Reason = ""
	}
	return l
}
