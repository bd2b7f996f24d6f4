package api

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

type keepInput struct {
	ByID
	Body struct {
		Reason string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why it is needed longer; kept in the audit log." example:"shown to the police on Monday"`
		Until  time.Time `json:"until" doc:"Until when; at most 90 days ahead."`
	}
}

type dropInput struct {
	ByID
	Reason string `query:"reason" maxLength:"500" doc:"Why; kept in the audit log." example:"it was a pupil"`
}

func (s *Server) registerPictures() {
	const tag = "Alerts"
	handle(s, endpoint{method: "PUT", path: "/v1/alerts/{id}/picture", id: "keep-picture", tag: tag, perm: g.AlertsWrite, unavailable: true, summary: "Keep the picture of an alert longer",
		doc: "Pictures of unknown people live for hours. This keeps one until a day that is named, with a reason, and is audited. The face that was measured beside it is not kept longer."}, s.keepPicture)
	handle(s, endpoint{method: "DELETE", path: "/v1/alerts/{id}/picture", id: "delete-picture", tag: tag, perm: g.AlertsWrite, unavailable: true, summary: "Destroy the picture of an alert",
		doc: "At once and for good, kept or not; the alert stays. It is audited."}, s.dropPicture)
	handle(s, endpoint{method: "GET", path: "/v1/pictures/kept", id: "list-kept-pictures", tag: tag, perm: g.AlertsRead, summary: "The pictures that somebody keeps"},
		func(ctx context.Context, in *perSchool) (*body[page[registry.KeptPicture]], error) {
			all, err := s.view(ctx).KeptPictures(ctx, in.School)
			return paged(s, all, in.Paged, err, func(k registry.KeptPicture) string { return string(k.Media) })
		})
}

func (s *Server) keepPicture(ctx context.Context, in *keepInput) (*body[registry.KeptPicture], error) {
	if s.deps.Media == nil {
		return nil, missing("a media store")
	}
	view := s.because(ctx, in.Body.Reason)
	alert, err := view.Alert(ctx, g.AlertID(in.ID))
	if err != nil {
		return nil, err
	}
	if alert.Media == "" {
		return nil, g.Errorf(g.NotFound, "the alert has no picture")
	}
	if _, err := s.deps.Media.Open(ctx, alert.School, alert.Media); err != nil {
		return nil, err
	}
	// The record comes first: a picture that is moved without one would be swept away.
	kept, err := view.KeepPicture(ctx, alert.ID, in.Body.Until)
	if err != nil {
		return nil, err
	}
	return answer(kept, s.deps.Media.Keep(alert.School, alert.Media))
}

func (s *Server) dropPicture(ctx context.Context, in *dropInput) (*none, error) {
	if s.deps.Media == nil {
		return nil, missing("a media store")
	}
	school, media, err := s.because(ctx, in.Reason).DropPicture(ctx, g.AlertID(in.ID))
	if err != nil {
		return nil, err
	}
	return &none{}, s.deps.Media.Delete(school, media)
}
