package access

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

type keyInput struct {
	Body struct {
		Name        string         `json:"name" minLength:"1" maxLength:"100" doc:"What the key is for." example:"canteen reports"`
		Purpose     string         `json:"purpose" minLength:"2" maxLength:"500" doc:"Why it reads what it reads; it stands in the audit log with everything that the key does, and is the reason wherever one is asked for." example:"monthly canteen report for the bursar"`
		Permissions []g.Permission `json:"permissions" minItems:"1" maxItems:"32" doc:"What it may do; not more than its maker, at any time."`
		Expires     time.Time      `json:"expires,omitzero" doc:"When it ends, at most a year ahead. Default: 90 days."`
		School      g.SchoolID     `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	}
}

// NewKey is the response to creating a key.
type NewKey struct {
	Key    g.APIKey `json:"key" doc:"The key."`
	Secret string   `json:"secret" doc:"What the program sends. It is shown this once and kept as a hash."`
	Curl   string   `json:"curl" doc:"A command line that works with it."`
}

func (s *area) registerKeys() {
	const tag = "Keys"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/keys",
		ID:      "list-keys",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "API keys",
		Doc: "Each with who made it, what for, and when it was used last. A key whose maker is " +
			"disabled, or whose making key ended, does not work until somebody takes it over.",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.APIKey]], error) {
		all, err := s.View(ctx).Access.Keys(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err,
			func(k g.APIKey) string { return string(k.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/keys",
		ID:      "create-key",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Status:  201,
		Summary: "Make an API key",
	}, s.createKey)
	load := func(ctx context.Context, id string) (g.APIKey, error) {
		return s.View(ctx).Access.Key(ctx, g.KeyID(id))
	}
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/keys/{id}",
		ID:      "get-key",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "One API key",
	}, func(ctx context.Context, in *gate.ByID) (*gate.Tagged[g.APIKey], error) {
		k, err := load(ctx, in.ID)
		return gate.WithTag(gate.TagOf(keyState(k), k), k), err
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "DELETE",
		Path:     "/v1/keys/{id}",
		ID:       "revoke-key",
		Tag:      tag,
		Perm:     g.KeysAdmin,
		Matching: true,
		Summary:  "Revoke an API key",
	}, func(ctx context.Context, in *gate.ByIDMatching) (*gate.None, error) {
		ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			k, err := load(ctx, in.ID)
			return gate.TagOf(keyState(k)), err
		})
		return &gate.None{}, s.View(ctx).Access.RevokeKey(ctx, g.KeyID(in.ID))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/keys/{id}/take-over",
		ID:      "take-over-key",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "Answer for a key in its maker's place",
		Doc: "For somebody who is signed in and has every permission of the key. From then on it " +
			"ends with them.",
	}, func(ctx context.Context, in *gate.ByID) (*gate.None, error) {
		return &gate.None{}, s.View(ctx).Access.TakeOverKey(ctx, g.KeyID(in.ID))
	})
}

// keyState is the part of a key that its tag covers: its last use and its maker's state do not
// count as changes.
func keyState(k g.APIKey) g.APIKey {
	k.LastUsed = time.Time{}
	k.MakerName = ""
	k.MakerState = ""
	k.Effective = nil
	return k
}

func (s *area) createKey(ctx context.Context, in *keyInput) (*gate.Body[NewKey], error) {
	k := g.APIKey{
		School:      gate.SchoolOf(ctx, in.Body.School),
		Name:        in.Body.Name,
		Purpose:     gate.OneLine(in.Body.Purpose),
		Permissions: in.Body.Permissions,
		Expires:     in.Body.Expires,
	}
	if k.Expires.IsZero() {
		k.Expires = s.Now().AddDate(0, 0, 90)
	}
	key, secret, err := s.View(ctx).Access.CreateKey(ctx, k)
	if err != nil {
		return nil, err
	}
	curl := fmt.Sprintf("curl -H %s %s/v1/me", gate.Quote("Authorization: Bearer "+secret),
		s.Base(gate.RequestOf(ctx)))
	return gate.Answer(NewKey{key, secret, curl}, nil)
}
