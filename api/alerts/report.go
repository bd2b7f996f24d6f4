package alerts

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/views"
)

type reportInput struct {
	gate.ByID
	People bool `query:"people" doc:"true: with people and pictures; takes people:read."`
}

func (s *area) registerReport(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/incidents/{id}/report",
		ID:      "get-incident-report",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "Look back at an incident: time line and figures",
		Doc: "Alerts, who had them in hand, comments, steps, commands, who was told, and the " +
			"threat levels that stood meanwhile. People and pictures are left out unless they are " +
			"asked for. Commands take devices:read.",
	}, func(ctx context.Context, in *reportInput) (*gate.Body[views.IncidentReport], error) {
		r, err := s.View(ctx).Views.IncidentReport(ctx, g.IncidentID(in.ID), in.People, s.Now())
		r.Where, r.Alerts = gate.Some(r.Where), gate.Some(r.Alerts)
		r.Timeline = gate.Some(r.Timeline)
		return gate.Answer(r, err)
	})
}
