package webhooks

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

type rotateInput struct {
	gate.ByID
	Body struct {
		KeepHours *int `json:"keep_hours,omitempty" minimum:"0" maximum:"168" doc:"How long the old secret signs beside the new one, in hours; 0: it ends at once. Default: 24." example:"24"`
	}
}

// NewSecret is the response to rotating a webhook's secret.
type NewSecret struct {
	Secret   string    `json:"secret" doc:"The new key of the signatures, whsec_ and base64. It is shown this once."`
	OldUntil time.Time `json:"old_until,omitzero" doc:"Until then deliveries are signed with the old key, too."`
}

func (s *area) rotateSecret(ctx context.Context, in *rotateInput) (*gate.Body[NewSecret], error) {
	keep := 24 * time.Hour
	if in.Body.KeepHours != nil {
		keep = time.Duration(*in.Body.KeepHours) * time.Hour
	}
	secret, until, err := s.View(ctx).Hooks.RotateSecret(ctx, g.WebhookID(in.ID), keep)
	return gate.Answer(NewSecret{secret, until}, err)
}
