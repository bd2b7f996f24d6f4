package places

import (
	"context"
	"encoding/json"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// SettingPath names a setting of a school.
type SettingPath struct {
	gate.InSchool
	Key string `path:"key" maxLength:"64" pattern:"^[a-z][a-z0-9._-]*$" doc:"The setting's name." example:"wall.sound"`
}

type settingInput struct {
	SettingPath
	gate.Matching
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

func (s *area) registerSettings(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/settings/{key}",
		ID:      "get-setting",
		Tag:     tag,
		Summary: "A setting of the school",
	}, func(ctx context.Context, in *SettingPath) (*gate.Tagged[Setting], error) {
		x, err := s.setting(ctx, *in)
		return gate.WithTag(gate.TagOf(x), x), err
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/settings/{key}",
		ID:       "put-setting",
		Tag:      tag,
		Perm:     g.SettingsWrite,
		Max:      64 << 10,
		Matching: true,
		Summary:  "Change a setting of the school",
		Doc:      "The value is replaced as a whole; null removes it.",
	}, func(ctx context.Context, in *settingInput) (*gate.Tagged[Setting], error) {
		ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			x, err := s.setting(ctx, in.SettingPath)
			return gate.TagOf(x), err
		})
		x := Setting{in.Key, in.Body.Value}
		return gate.WithTag(gate.TagOf(x), x), s.View(ctx).Deeds.PutSetting(ctx,
			gate.SchoolOf(ctx, in.School), in.Key, in.Body.Value)
	})
}

func (s *area) setting(ctx context.Context, in SettingPath) (Setting, error) {
	v, ok, err := s.View(ctx).Places.Setting(ctx, gate.SchoolOf(ctx, in.School), in.Key)
	if err == nil && !ok {
		err = g.Errorf(g.NotFound, "the setting %q has no value yet", in.Key)
	}
	return Setting{in.Key, v}, err
}
