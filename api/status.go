package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

func (s *Server) registerStatus() {
	const tag = "Gateway"
	gate.Handle(s.front, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/status",
		ID:          "status",
		Tag:         tag,
		Perm:        g.StatusRead,
		Unavailable: true,
		Summary:     "Is the gateway well?",
		Example:     `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/status`,
	}, func(ctx context.Context, _ *gate.None) (*gate.Body[Status], error) {
		if s.deps.Status == nil {
			return nil, gate.Missing("a status")
		}
		return gate.Answer(s.deps.Status(ctx), nil)
	})
	gate.Handle(s.front, gate.Endpoint{
		Method:      "GET",
		Path:        "/v1/media/{id}",
		ID:          "get-media",
		Tag:         tag,
		Perm:        g.CameraView,
		Unavailable: true,
		Raw:         "image/jpeg",
		Summary:     "A picture that is kept as evidence",
		Doc: "Each look is written to the audit log; where that cannot be written, nothing is " +
			"shown.",
	}, s.media)
}

func (s *Server) media(ctx context.Context, in *gate.ByID) (*gate.JPEG, error) {
	if s.deps.Media == nil {
		return nil, gate.Missing("a media store")
	}
	all, err := s.front.View(ctx).Places.Schools(ctx)
	if err != nil {
		return nil, err
	}
	for _, sch := range all {
		b, err := s.deps.Media.Open(ctx, sch.ID, g.MediaID(in.ID))
		if g.ErrorCode(err) == g.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := s.front.View(ctx).Deeds.Record(ctx, "media.open", in.ID); err != nil {
			return nil, g.Errorf(g.Unavailable,
				"looking at evidence must be audited, and the audit log cannot be written")
		}
		return gate.Picture(b, nil)
	}
	return nil, g.Errorf(g.NotFound,
		"there is no picture %q here; pictures are deleted when their time is over", in.ID)
}
