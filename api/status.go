package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

func (s *Server) registerStatus() {
	const tag = "Gateway"
	handle(s, endpoint{method: "GET", path: "/v1/status", id: "status", tag: tag, perm: g.StatusRead, unavailable: true, summary: "Is the gateway well?",
		example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" $GATEHOUSE_URL/v1/status`}, func(ctx context.Context, _ *none) (*body[Status], error) {
		if s.deps.Status == nil {
			return nil, missing("a status")
		}
		return answer(s.deps.Status(ctx), nil)
	})
	handle(s, endpoint{method: "GET", path: "/v1/media/{id}", id: "get-media", tag: tag, perm: g.CameraView, unavailable: true, raw: "image/jpeg", summary: "A picture that is kept as evidence",
		doc: "Each look is written to the audit log; where that cannot be written, nothing is shown."}, s.media)
	s.registerSettings(tag)
}

func (s *Server) media(ctx context.Context, in *ByID) (*jpeg, error) {
	if s.deps.Media == nil {
		return nil, missing("a media store")
	}
	all, err := s.view(ctx).Schools(ctx)
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
		if err := s.view(ctx).Record(ctx, "media.open", in.ID); err != nil {
			return nil, g.Errorf(g.Unavailable, "looking at evidence must be audited, and the audit log cannot be written")
		}
		return picture(b, nil)
	}
	return nil, g.Errorf(g.NotFound, "there is no picture %q here; pictures are deleted when their time is over", in.ID)
}
