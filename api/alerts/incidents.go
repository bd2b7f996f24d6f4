package alerts

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type incidentsInput struct {
	gate.Paged
	gate.InSchool
	State g.IncidentState `query:"state" doc:"In this state."`
}

type approvalInput struct {
	gate.ByID
	Body struct {
		Version int    `json:"version" minimum:"0" doc:"The version that was seen; another is a conflict." example:"1"`
		Approve bool   `json:"approve" doc:"true: hand over. false: refuse."`
		Comment string `json:"comment,omitempty" maxLength:"2000" doc:"Why."`
	}
}

func (s *area) registerIncidents() {
	const tag = "Incidents"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/incidents",
		ID:      "list-incidents",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Incidents, newest first",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" "$GATEHOUSE_URL/v1/incidents?state=open"`,
	}, func(ctx context.Context, in *incidentsInput) (*gate.Body[gate.Page[g.Incident]], error) {
		return gate.Listed(s.View(ctx).Alerts.Incidents(ctx,
			alerts.IncidentFilter{
				Page: registry.Page{
					Limit:  in.Limit,
					Cursor: in.Cursor,
				},
				School: in.School,
				State:  in.State,
			}))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/incidents/{id}",
		ID:      "get-incident",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "One incident with its procedure and hand-over",
	},
		func(ctx context.Context, in *gate.ByID) (*gate.Body[g.Incident], error) {
			return gate.Answer(s.View(ctx).Alerts.Incident(ctx, g.IncidentID(in.ID)))
		})
	s.registerProcedure(tag)
}

func (s *area) registerProcedure(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/steps/{n}",
		ID:      "step-done",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Tick a step of the procedure",
		Doc:     "Steps are counted from 0.",
	}, func(ctx context.Context, in *struct {
		gate.ByID
		N int `path:"n" minimum:"0" maximum:"1000" doc:"The step, from 0."`
	}) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.StepDone(ctx, g.IncidentID(in.ID), in.N,
			gate.CallerOf(ctx).By()))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/approval",
		ID:      "approve-handover",
		Tag:     tag,
		Perm:    g.IncidentsApprove,
		Summary: "Approve or refuse the hand-over to the police",
		Doc: "Only the role that the rule names, or the district's administrator, may; programs " +
			"may not. While the police link is off the approval is recorded and nothing is sent: " +
			"handover.note says so.",
	},
		func(ctx context.Context, in *approvalInput) (*gate.Body[g.Incident], error) {
			c := gate.CallerOf(ctx)
			if c.Key.ID != "" {
				return nil, g.Errorf(g.Forbidden,
					"a hand-over is approved by a person, not by a program")
			}
			return gate.Answer(s.View(ctx).Alerts.ApproveHandover(ctx, g.IncidentID(in.ID),
				in.Body.Version, c.By(), in.Body.Approve, in.Body.Comment))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/close",
		ID:      "close-incident",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Close an incident",
	},
		func(ctx context.Context, in *commentInput) (*gate.Body[g.Incident], error) {
			return gate.Answer(s.View(ctx).Alerts.CloseIncident(ctx, g.IncidentID(in.ID), in.Body.Version,
				gate.CallerOf(ctx).By(), in.Body.Comment))
		})
}
