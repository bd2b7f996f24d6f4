package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

type incidentsInput struct {
	Paged
	InSchool
	State g.IncidentState `query:"state" doc:"In this state."`
}

type approvalInput struct {
	ByID
	Body struct {
		Version int    `json:"version" minimum:"0" doc:"The version that was seen; another is a conflict." example:"1"`
		Approve bool   `json:"approve" doc:"true: hand over. false: refuse."`
		Comment string `json:"comment,omitempty" maxLength:"2000" doc:"Why."`
	}
}

func (s *Server) registerIncidents() {
	const tag = "Incidents"
	handle(s, endpoint{method: "GET", path: "/v1/incidents", id: "list-incidents", tag: tag, perm: g.AlertsRead, summary: "Incidents, newest first",
		example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/incidents?state=open"`}, func(ctx context.Context, in *incidentsInput) (*body[page[g.Incident]], error) {
		return listed(s.view(ctx).Incidents(ctx, registry.IncidentFilter{Page: registry.Page{Limit: in.Limit, Cursor: in.Cursor}, School: in.School, State: in.State}))
	})
	handle(s, endpoint{method: "GET", path: "/v1/incidents/{id}", id: "get-incident", tag: tag, perm: g.AlertsRead, summary: "One incident with its procedure and hand-over"},
		func(ctx context.Context, in *ByID) (*body[g.Incident], error) {
			return answer(s.view(ctx).Incident(ctx, g.IncidentID(in.ID)))
		})
	handle(s, endpoint{method: "POST", path: "/v1/incidents/{id}/steps/{n}", id: "step-done", tag: tag, perm: g.AlertsWrite, summary: "Tick a step of the procedure",
		doc: "Steps are counted from 0."}, func(ctx context.Context, in *struct {
		ByID
		N int `path:"n" minimum:"0" maximum:"1000" doc:"The step, from 0."`
	}) (*body[g.Incident], error) {
		return answer(s.view(ctx).StepDone(ctx, g.IncidentID(in.ID), in.N, callerOf(ctx).by()))
	})
	handle(s, endpoint{method: "POST", path: "/v1/incidents/{id}/approval", id: "approve-handover", tag: tag, perm: g.IncidentsApprove, summary: "Approve or refuse the hand-over to the police",
		doc: "Only the role that the rule names, or the district's administrator, may; programs may not. While the police link is off the approval is recorded and nothing is sent: handover.note says so."},
		func(ctx context.Context, in *approvalInput) (*body[g.Incident], error) {
			c := callerOf(ctx)
			if c.key.ID != "" {
				return nil, g.Errorf(g.Forbidden, "a hand-over is approved by a person, not by a program")
			}
			return answer(s.view(ctx).ApproveHandover(ctx, g.IncidentID(in.ID), in.Body.Version, c.by(), in.Body.Approve, in.Body.Comment))
		})
	handle(s, endpoint{method: "POST", path: "/v1/incidents/{id}/close", id: "close-incident", tag: tag, perm: g.AlertsWrite, summary: "Close an incident"},
		func(ctx context.Context, in *commentInput) (*body[g.Incident], error) {
			return answer(s.view(ctx).CloseIncident(ctx, g.IncidentID(in.ID), in.Body.Version, callerOf(ctx).by(), in.Body.Comment))
		})
}
