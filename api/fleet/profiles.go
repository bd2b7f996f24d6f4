package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
)

// ProfileBody is a profile as JSON or strict YAML. Parsing validates it, with messages that name
// the key and how to mend it; the schema is documentation only.
type ProfileBody struct {
	RawBody     []byte `contentType:"application/yaml"`
	ContentType string `header:"Content-Type" hidden:"true"`
}

func (b ProfileBody) profile(ctx context.Context) (g.Profile, error) {
	kind, _, _ := mime.ParseMediaType(b.ContentType)
	switch kind {
	case "application/yaml", "application/x-yaml", "text/yaml":
		return fleet.ParseProfile("profile", b.RawBody)
	case "", "application/json":
		return decodeProfile(b.RawBody)
	}
	said := g.Word("send the profile as application/json or application/yaml")
	return g.Profile{}, gate.NewProblem(ctx, http.StatusUnsupportedMediaType, g.Invalid, said)
}

func decodeProfile(b []byte) (g.Profile, error) {
	var p g.Profile
	if err := gate.CheckJSON(b); err != nil {
		var fault *gate.JSONFault
		if errors.As(err, &fault) && fault.Field != "" {
			return g.Profile{}, g.FieldErrorf(fault.Field, "%s", fault.Said)
		}
		if fault != nil {
			return g.Profile{}, g.Errorf(g.Invalid, "the profile cannot be read: %v", fault.Said)
		}
		return g.Profile{}, g.Errorf(g.Invalid, "the profile cannot be read: %v", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var unfit *json.UnmarshalTypeError
	if err := d.Decode(&p); errors.As(err, &unfit) {
		kind, _, _ := strings.Cut(unfit.Value, " ")
		return g.Profile{}, g.FieldErrorf(unfit.Field,
			"a JSON %s does not fit here; the schema Profile of /openapi.json says what does", kind)
	} else if err != nil {
		return g.Profile{}, g.Errorf(g.Invalid, "the profile cannot be read: %v", err)
	}
	var plain any
	if err := json.Unmarshal(b, &plain); err != nil {
		return g.Profile{}, g.Errorf(g.Invalid, "the profile cannot be read: %v", err)
	}
	if err := gate.ExactNames(plain, reflect.TypeFor[g.Profile]()); err != nil {
		return g.Profile{}, err
	}
	return p, p.Validate()
}

func (s *area) registerProfiles() {
	const tag = "Profiles"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/profiles",
		ID:      "list-profiles",
		Screen:  true,
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "What kinds of device there are",
	},
		func(ctx context.Context, in *gate.Paged) (*gate.Body[gate.Page[g.Profile]], error) {
			all, err := s.View(ctx).Fleet.Profiles(ctx)
			return gate.PageOf(s.Gate, all, *in, err,
				func(p g.Profile) string { return string(p.ID) })
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/profiles/{id}",
		ID:      "get-profile",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "One profile",
	},
		func(ctx context.Context, in *gate.ByID) (*gate.Tagged[g.Profile], error) {
			p, err := s.View(ctx).Fleet.Profile(ctx, g.ProfileID(in.ID))
			return gate.WithTag(gate.TagOf(p), p), err
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/profile-use",
		ID:      "list-profile-use",
		Tag:     tag,
		Perm:    g.DevicesRead,
		Summary: "How many devices have which profile",
		Doc: "Of those that the caller sees. A profile that no device has can be deleted; one " +
			"that a configured driver brings along comes back with it.",
	},
		func(ctx context.Context, in *gate.Paged) (*gate.Body[gate.Page[fleet.ProfileUse]], error) {
			all, err := s.View(ctx).Fleet.ProfileUses(ctx)
			return gate.PageOf(s.Gate, all, *in, err, func(u fleet.ProfileUse) string {
				return string(u.Profile)
			})
		})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/profiles",
		ID:      "create-profile",
		Tag:     tag,
		Perm:    g.DevicesWrite,
		Status:  201,
		Max:     256 << 10,
		Summary: "Add a profile",
		Doc:     "As JSON, or as YAML with the content type `application/yaml`.",
		Example: `curl -fsS -H "Authorization: Bearer $GATEHOUSE_KEY" -H "Content-Type: application/yaml" --data-binary @- $GATEHOUSE_URL/v1/profiles <<'END'
id: greenhouse-sensor
title: Greenhouse sensor
type: sensor
properties:
  temperature: {type: number, unit: Cel, minimum: -40, maximum: 85}
  door_open: {type: boolean}
END`,
	}, func(ctx context.Context, in *ProfileBody) (*gate.Body[g.Profile], error) {
		p, err := in.profile(ctx)
		if err != nil {
			return nil, err
		}
		if _, err := s.View(ctx).Fleet.Profile(ctx, p.ID); err == nil {
			return nil, g.Errorf(g.Conflict,
				"there is a profile %s already: give yours another id, or change that one with PUT",
				p.ID).At("id")
		} else if g.ErrorCode(err) != g.NotFound {
			return nil, err
		}
		return gate.Answer(p, s.View(ctx).Fleet.PutProfile(ctx, p))
	})
	s.registerProfileChanges(tag)
	for _, p := range []string{"/v1/profiles", "/v1/profiles/{id}"} {
		item := s.OpenAPI().Paths[p]
		for _, op := range []*huma.Operation{item.Post, item.Put} {
			if op != nil {
				schema := &huma.Schema{Ref: "#/components/schemas/Profile"}
				op.RequestBody.Content = map[string]*huma.MediaType{
					"application/json": {Schema: schema},
					"application/yaml": {Schema: schema},
				}
			}
		}
	}
}

// profileRef is the id of a profile, or a whole profile that is not saved yet.
type profileRef struct {
	id     g.ProfileID
	inline *g.Profile
}

// UnmarshalJSON reads a string or an object.
func (r *profileRef) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		p, err := decodeProfile(b)
		r.inline = &p
		return err
	}
	return json.Unmarshal(b, &r.id)
}

// Schema implements huma.SchemaProvider.
func (profileRef) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Description: "The id of a profile, or a whole profile that is not saved yet.",
		OneOf: []*huma.Schema{
			{
				Type:        huma.TypeString,
				MaxLength:   new(gate.MaxWord),
				Description: "The id of a profile.",
			},
			{
				Type:                 huma.TypeObject,
				Description:          "A profile, as in GET /v1/profiles.",
				AdditionalProperties: true,
			},
		},
	}
}

func (s *area) profile(ctx context.Context, r profileRef) (g.Profile, error) {
	if r.inline != nil {
		return *r.inline, nil
	}
	p, err := s.View(ctx).Fleet.Profile(ctx, r.id)
	if g.ErrorCode(err) == g.NotFound {
		return p, g.FieldErrorf("profile", "there is no profile %q", r.id)
	}
	return p, err
}
