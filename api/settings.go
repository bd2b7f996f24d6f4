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
	Matching
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

func (s *Server) registerSettings(tag string) {
	handle(s, endpoint{method: "GET", path: "/v1/settings/{key}", id: "get-setting", tag: tag, summary: "A setting of the school"}, func(ctx context.Context, in *SettingPath) (*tagged[Setting], error) {
		x, err := s.setting(ctx, *in)
		return &tagged[Setting]{tagOf(x), x}, err
	})
	handle(s, endpoint{method: "PUT", path: "/v1/settings/{key}", id: "put-setting", tag: tag, perm: g.SettingsWrite, max: 64 << 10, matching: true, summary: "Change a setting of the school",
		doc: "The value is replaced as a whole; null removes it."}, func(ctx context.Context, in *settingInput) (*tagged[Setting], error) {
		ctx = onState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			x, err := s.setting(ctx, in.SettingPath)
			return tagOf(x), err
		})
		x := Setting{in.Key, in.Body.Value}
		return &tagged[Setting]{tagOf(x), x}, s.view(ctx).PutSetting(ctx, school(ctx, in.School), in.Key, in.Body.Value)
	})
}

func (s *Server) setting(ctx context.Context, in SettingPath) (Setting, error) {
	v, ok, err := s.view(ctx).Setting(ctx, school(ctx, in.School), in.Key)
	if err == nil && !ok {
		err = g.Errorf(g.NotFound, "the setting %q has no value yet", in.Key)
	}
	return Setting{in.Key, v}, err
}
