package api

import (
	"context"
	"encoding/json"

	g "github.com/gatehouse-iot/gatehouse"
)

// SettingPath names a setting of a school.
type SettingPath struct {
	InSchool
	Key string `path:"key" maxLength:"64" pattern:"^[a-z][a-z0-9._-]*$" doc:"The setting's name." example:"wall.sound"`
}

type settingInput struct {
	SettingPath
	Body struct {
		Key   string          `json:"key,omitempty" maxLength:"64" doc:"Ignored: the name comes from the path."`
		Value json.RawMessage `json:"value" doc:"Any JSON."`
	}
}

// Setting is one setting of a school.
type Setting struct {
	Key   string          `json:"key" doc:"The setting's name."`
	Value json.RawMessage `json:"value" doc:"Any JSON."`
}

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
	handle(s, endpoint{method: "GET", path: "/v1/settings/{key}", id: "get-setting", tag: tag, summary: "A setting of the school"}, func(ctx context.Context, in *SettingPath) (*body[Setting], error) {
		v, ok, err := s.view(ctx).Setting(ctx, school(ctx, in.School), in.Key)
		if err == nil && !ok {
			return nil, g.Errorf(g.NotFound, "the setting %q has no value yet", in.Key)
		}
		return answer(Setting{in.Key, v}, err)
	})
	handle(s, endpoint{method: "PUT", path: "/v1/settings/{key}", id: "put-setting", tag: tag, perm: g.SettingsWrite, max: 64 << 10, summary: "Change a setting of the school"}, func(ctx context.Context, in *settingInput) (*body[Setting], error) {
		return answer(Setting{in.Key, in.Body.Value}, s.view(ctx).PutSetting(ctx, school(ctx, in.School), in.Key, in.Body.Value))
	})
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
