package api

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
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
		Actor:   callerOf(ctx).scope.Actor,
	}
}

type openLeaveInput struct {
	ByID
	Reason string `query:"reason" maxLength:"500" doc:"Why the reason of the leave is read; without it that is left out." example:"the nurse asks"`
}

func (s *Server) registerLeaves(tag string) {
	handle(s, endpoint{method: "GET", path: "/v1/leaves", id: "list-leaves", tag: tag, perm: g.AttendanceRead, summary: "Who is excused on a day",
		doc: "Why they are excused is shown where the caller says why that is needed; such a look is written to the audit log."}, func(ctx context.Context, in *leavesInput) (*body[page[g.Leave]], error) {
		id, from, to, err := s.bounds(ctx, in.Span)
		if err != nil {
			return nil, err
		}
		all, err := s.because(ctx, in.Reason).Leaves(ctx, id, from, to)
		return paged(s, all, in.Paged, err, func(l g.Leave) string { return l.ID })
	})
	handle(s, endpoint{method: "POST", path: "/v1/leaves", id: "put-leave", tag: tag, perm: g.AttendanceWrite, status: 201, summary: "Excuse somebody",
		doc: "Also for times that are over: the answers are computed again."}, func(ctx context.Context, in *newLeaveInput) (*body[g.Leave], error) {
		return answer(s.putLeave(ctx, in.Body.ID, in.Body.LeaveFields, in.Body.Reason))
	})
	handle(s, endpoint{method: "GET", path: "/v1/leaves/{id}", id: "get-leave", tag: tag, perm: g.AttendanceRead, summary: "One leave",
		doc: "Why somebody is excused is shown where the caller says why that is needed; such a look is written to the audit log."}, func(ctx context.Context, in *openLeaveInput) (*tagged[g.Leave], error) {
		l, err := s.because(ctx, in.Reason).Leave(ctx, in.ID)
		return &tagged[g.Leave]{tagOf(l.Version, l), l}, err
	})
	k := thing[leaveBody, g.Leave]{
		load: func(ctx context.Context, id string) (g.Leave, error) { return s.view(ctx).LeaveToChange(ctx, id) },
		save: func(ctx context.Context, id string, b leaveBody) (g.Leave, error) {
			return s.putLeave(ctx, id, b.LeaveFields, b.Reason)
		},
		state: func(l g.Leave) any { return l.Version },
		show:  shownLeave,
	}
	changes(s, endpoint{path: "/v1/leaves/{id}", tag: tag, perm: g.AttendanceWrite, summary: "Change a leave",
		doc: "The answer shows the reason only where the request names it."}, "leave", k)
	deletes(s, endpoint{path: "/v1/leaves/{id}", tag: tag, perm: g.AttendanceWrite, summary: "Take a leave back"}, "leave", k,
		func(ctx context.Context, id string) error { return s.view(ctx).DeleteLeave(ctx, id) })
}

func (s *Server) putLeave(ctx context.Context, id string, b LeaveFields, reason string) (g.Leave, error) {
	if reason == "" {
		return g.Leave{}, g.FieldErrorf("reason", "say why, e.g. doctor")
	}
	if !b.To.After(b.From) {
		return g.Leave{}, g.FieldErrorf("to", "the leave ends before it begins")
	}
	return s.view(ctx).PutLeave(ctx, b.leave(ctx, id, reason))
}

// shownLeave leaves out what a look would be audited for.
func shownLeave(_ context.Context, l g.Leave, said map[string]any) g.Leave {
	if _, ok := said["reason"]; !ok {
		l.Reason = ""
	}
	return l
}
