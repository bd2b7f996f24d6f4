package alerts

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

type acknowledgeInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Minutes int `json:"minutes,omitempty" minimum:"0" maximum:"1440" example:"15"`
	}
}

type commentInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Comment string `json:"comment,omitempty" maxLength:"2000" doc:"What it was and what was done." example:"burnt toast, windows opened"`
	}
}

type resolveInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Comment     string `json:"comment,omitempty" maxLength:"2000" example:"burnt toast, windows opened"`
		UntilItEnds bool   `json:"until_it_ends,omitempty" example:"false"`
	}
}

type assignInput struct {
	gate.ByID
	Body struct {
		gate.AtVersion
		Assignee g.UserID `json:"assignee" maxLength:"64" doc:"Who shall see to it; empty: nobody."`
		Comment  string   `json:"comment,omitempty" maxLength:"2000" doc:"What for." example:"you are nearest"`
	}
}

type remarkInput struct {
	gate.ByID
	Body struct {
		Comment string `json:"comment" maxLength:"2000" doc:"What there is to say." example:"the key is at the gate"`
	}
}

func (s *area) registerHandling(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/acknowledge",
		ID:      "acknowledge-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Say that one handles an alert",
		Doc: "Until ack_until; what is on the wall then is told again. Without minutes that is " +
			"after 5 minutes for a critical alert, 30 for a major one, 4 hours for a warning and " +
			"24 for an info.",
	},
		func(ctx context.Context, in *acknowledgeInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.AcknowledgeFor(ctx, g.AlertID(in.ID),
				in.Body.Version, gate.CallerOf(ctx).By(),
				time.Duration(in.Body.Minutes)*time.Minute))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/unacknowledge",
		ID:      "unacknowledge-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Take an acknowledgement back: the alert is told again",
	},
		func(ctx context.Context, in *commentInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.Unacknowledge(ctx, g.AlertID(in.ID),
				in.Body.Version, gate.CallerOf(ctx).By(), in.Body.Comment))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/resolve",
		ID:      "resolve-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Resolve an alert with a comment, or silence it until it ends",
	},
		func(ctx context.Context, in *resolveInput) (*gate.Body[g.Alert], error) {
			deed := s.View(ctx).Alerts.Resolve
			if in.Body.UntilItEnds {
				deed = s.View(ctx).Alerts.Silence
			}
			return gate.Answer(deed(ctx, g.AlertID(in.ID), in.Body.Version,
				gate.CallerOf(ctx).By(), in.Body.Comment))
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/alerts/{id}/close",
		ID:      "close-alert",
		Tag:     tag,
		Perm:    g.AlertsWrite,
		Summary: "Close a resolved alert",
	},
		func(ctx context.Context, in *commentInput) (*gate.Body[g.Alert], error) {
			return gate.Answer(s.View(ctx).Alerts.Close(ctx, g.AlertID(in.ID), in.Body.Version,
				gate.CallerOf(ctx).By(), in.Body.Comment))
		})
}
