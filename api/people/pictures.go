package people

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
)

type keepInput struct {
	gate.ByID
	Body struct {
		Reason string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why it is needed longer; kept in the audit log." example:"shown to the police on Monday"`
		Until  time.Time `json:"until" doc:"Until when; at most 90 days ahead."`
	}
}

type dropInput struct {
	gate.ByID
	Reason string `query:"reason" maxLength:"500" doc:"Why; kept in the audit log." example:"it was a pupil"`
}

func (s *area) registerPictures() {
	const tag = "Alerts"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "PUT",
		Path:        "/v1/alerts/{id}/picture",
		ID:          "keep-picture",
		Tag:         tag,
		Perm:        g.AlertsWrite,
		Unavailable: true,
		Summary:     "Keep the picture of an alert longer",
		Doc: "Pictures of unknown people live for hours. This keeps one until a day that is " +
			"named, with a reason, and is audited. The face that was measured beside it is not " +
			"kept longer.",
	}, s.keepPicture)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:      "DELETE",
		Path:        "/v1/alerts/{id}/picture",
		ID:          "delete-picture",
		Tag:         tag,
		Perm:        g.AlertsWrite,
		Unavailable: true,
		Summary:     "Destroy the picture of an alert",
		Doc:         "At once and for good, kept or not; the alert stays. It is audited.",
	}, s.dropPicture)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/pictures/kept",
		ID:      "list-kept-pictures",
		Tag:     tag,
		Perm:    g.AlertsRead,
		Summary: "The pictures that somebody keeps",
	},
		func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[alerts.KeptPicture]], error) {
			all, err := s.View(ctx).Alerts.KeptPictures(ctx, in.School)
			return gate.PageOf(s.Gate, all, in.Paged, err, func(k alerts.KeptPicture) string {
				return string(k.Media)
			})
		})
}

func (s *area) keepPicture(
	ctx context.Context, in *keepInput,
) (*gate.Body[alerts.KeptPicture], error) {
	if s.needs.Media == nil {
		return nil, gate.Missing("a media store")
	}
	return gate.Answer(s.Because(ctx, in.Body.Reason).Deeds.KeepPicture(ctx, g.AlertID(in.ID),
		in.Body.Until, s.needs.Media))
}

func (s *area) dropPicture(ctx context.Context, in *dropInput) (*gate.None, error) {
	if s.needs.Media == nil {
		return nil, gate.Missing("a media store")
	}
	return &gate.None{}, s.Because(ctx, in.Reason).Deeds.DropPicture(ctx, g.AlertID(in.ID),
		s.needs.Media)
}
