package alerts

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// ByStep is the input of operations on one step of a procedure.
type ByStep struct {
	gate.ByID
	N int `path:"n" minimum:"0" maximum:"1000" doc:"The step, from 0."`
}

type tickInput struct {
	ByStep
	Body *struct {
		Answer string `json:"answer,omitempty" maxLength:"64" example:"yes"`
	}
}

type untickInput struct {
	ByStep
	Body struct {
		Comment string `json:"comment,omitempty" maxLength:"2000" example:"it was steam"`
	}
}

type giveStepInput struct {
	ByStep
	Body struct {
		Assignee g.UserID `json:"assignee" maxLength:"64" doc:"Who shall do it; empty: nobody."`
	}
}

type closeIncidentInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Outcome g.IncidentOutcome `json:"outcome,omitempty" enum:",real,false_alarm,fault,drill" example:"real"`
		Comment string            `json:"comment,omitempty" maxLength:"2000" doc:"What it was and what was done." example:"a bin burnt; put out by the caretaker"`
	}
}

type moveInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Add     []g.AlertID `json:"add,omitempty" maxItems:"500" nullable:"false"`
		Remove  []g.AlertID `json:"remove,omitempty" maxItems:"500" nullable:"false"`
		Comment string      `json:"comment,omitempty" maxLength:"2000" doc:"Why."`
	}
}

type mergeInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Into    g.IncidentID `json:"into" minLength:"1" maxLength:"64"`
		Comment string       `json:"comment,omitempty" maxLength:"2000" doc:"Why."`
	}
}

type approvalInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Approve bool   `json:"approve" doc:"true: hand over. false: refuse."`
		Comment string `json:"comment,omitempty" maxLength:"2000" doc:"Why."`
	}
}

func (s *area) registerSteps(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents/{id}/steps/{n}",
		ID:       "step-done",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Tick a step of the procedure, or answer its question",
		Doc: "Steps are counted from 0. Two people may tick at once: each step counts by itself, " +
			"and for the same one the second gets a conflict that names the first.",
	}, func(ctx context.Context, in *tickInput) (*gate.Body[g.Incident], error) {
		answer := ""
		if in.Body != nil {
			answer = in.Body.Answer
		}
		return gate.Answer(s.View(ctx).Alerts.StepAnswered(ctx, g.IncidentID(in.ID), in.N,
			gate.CallerOf(ctx).By(), answer))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents/{id}/steps/{n}/untick",
		ID:       "step-undone",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Take back that a step is done, or the answer to its question",
		Doc:      "The log keeps both.",
	}, func(ctx context.Context, in *untickInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.StepUndone(ctx, g.IncidentID(in.ID), in.N,
			gate.CallerOf(ctx).By(), in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents/{id}/steps/{n}/assign",
		ID:       "assign-step",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Say who shall do a step",
	}, func(ctx context.Context, in *giveStepInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.AssignStep(ctx, g.IncidentID(in.ID), in.N,
			gate.CallerOf(ctx).By(), in.Body.Assignee))
	})
}

func (s *area) registerIncidentDeeds(tag string) {
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
	}, s.approve)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/contain",
		ID:      "contain-incident",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Say that an incident spreads no further",
	}, func(ctx context.Context, in *commentInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.Contain(ctx, g.IncidentID(in.ID), in.Body.Version,
			gate.CallerOf(ctx).By(), in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/close",
		ID:      "close-incident",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Close an incident with its outcome",
		Doc: "An alert of it that fires again within 24 hours opens it again, and so does a new " +
			"one of the same rule in the same room within an hour.",
	}, func(ctx context.Context, in *closeIncidentInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.CloseIncident(ctx, g.IncidentID(in.ID), in.Body.Version,
			gate.CallerOf(ctx).By(), in.Body.Outcome, in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/reopen",
		ID:      "reopen-incident",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Open an incident again that is contained or closed",
	}, func(ctx context.Context, in *commentInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.ReopenIncident(ctx, g.IncidentID(in.ID),
			in.Body.Version, gate.CallerOf(ctx).By(), in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/incidents/{id}/notes",
		ID:      "note-incident",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Write something into an incident's log, whatever its state",
	}, func(ctx context.Context, in *remarkInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.NoteIncident(ctx, g.IncidentID(in.ID),
			gate.CallerOf(ctx).By(), in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents/{id}/alerts",
		ID:       "move-alerts",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Add alerts to an incident, or take them out",
		Doc: "An alert is in one incident: it comes out of the one that it was in. To undo it, " +
			"move it back. Both logs and the alert's history say so.",
	}, func(ctx context.Context, in *moveInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.MoveAlerts(ctx, g.IncidentID(in.ID), in.Body.Version,
			gate.CallerOf(ctx).By(), in.Body.Add, in.Body.Remove, in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents/{id}/merge",
		ID:       "merge-incident",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Merge an incident into another one, which takes its alerts",
		Doc:      "It is closed with the outcome merged. To undo it, separate it.",
	}, func(ctx context.Context, in *mergeInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.MergeIncident(ctx, g.IncidentID(in.ID),
			in.Body.Version, gate.CallerOf(ctx).By(), in.Body.Into, in.Body.Comment))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/incidents/{id}/separate",
		ID:       "separate-incident",
		Tag:      tag,
		Perm:     g.AlertsWrite,
		Conflict: true,
		Summary:  "Undo that an incident was merged into another one",
		Doc:      "It is open again, with those of its alerts that the other one still has.",
	}, func(ctx context.Context, in *commentInput) (*gate.Body[g.Incident], error) {
		return gate.Answer(s.View(ctx).Alerts.SeparateIncident(ctx, g.IncidentID(in.ID),
			in.Body.Version, gate.CallerOf(ctx).By(), in.Body.Comment))
	})
}

func (s *area) approve(ctx context.Context, in *approvalInput) (*gate.Body[g.Incident], error) {
	c := gate.CallerOf(ctx)
	if c.Key.ID != "" {
		return nil, g.Errorf(g.Forbidden,
			"a hand-over is approved by a person, not by a program")
	}
	return gate.Answer(s.View(ctx).Alerts.ApproveHandover(ctx, g.IncidentID(in.ID),
		in.Body.Version, c.By(), in.Body.Approve, in.Body.Comment))
}
