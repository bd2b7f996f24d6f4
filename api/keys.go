package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
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

// NewKey answers the making of a key.
type NewKey struct {
	Key    g.APIKey `json:"key" doc:"The key."`
	Secret string   `json:"secret" doc:"What the program sends. It is shown this once and kept as a hash."`
	Curl   string   `json:"curl" doc:"A command line that works with it."`
}

func (s *Server) registerKeys() {
	const tag = "Keys"
	handle(s, endpoint{method: "GET", path: "/v1/keys", id: "list-keys", tag: tag, perm: g.KeysAdmin, summary: "API keys",
		doc: "Each with who made it, what for, and when it was used last. A key whose maker is disabled, or whose making key ended, does not work until somebody takes it over."}, func(ctx context.Context, in *perSchool) (*body[page[g.APIKey]], error) {
		all, err := s.view(ctx).Keys(ctx, in.School)
		return paged(s, all, in.Paged, err, func(k g.APIKey) string { return string(k.ID) })
	})
	handle(s, endpoint{method: "POST", path: "/v1/keys", id: "create-key", tag: tag, perm: g.KeysAdmin, status: 201, summary: "Make an API key"}, s.createKey)
	load := func(ctx context.Context, id string) (g.APIKey, error) { return s.view(ctx).Key(ctx, g.KeyID(id)) }
	handle(s, endpoint{method: "GET", path: "/v1/keys/{id}", id: "get-key", tag: tag, perm: g.KeysAdmin, summary: "One API key"}, func(ctx context.Context, in *ByID) (*tagged[g.APIKey], error) {
		k, err := load(ctx, in.ID)
		return &tagged[g.APIKey]{tagOf(keyState(k), k), k}, err
	})
	handle(s, endpoint{method: "DELETE", path: "/v1/keys/{id}", id: "revoke-key", tag: tag, perm: g.KeysAdmin, matching: true, summary: "Revoke an API key"}, func(ctx context.Context, in *ByIDMatching) (*none, error) {
		ctx = onState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			k, err := load(ctx, in.ID)
			return tagOf(keyState(k)), err
		})
		return &none{}, s.view(ctx).RevokeKey(ctx, g.KeyID(in.ID))
	})
	handle(s, endpoint{method: "POST", path: "/v1/keys/{id}/take-over", id: "take-over-key", tag: tag, perm: g.KeysAdmin, summary: "Answer for a key in its maker's place",
		doc: "For somebody who is signed in and has every permission of the key. From then on it ends with them."}, func(ctx context.Context, in *ByID) (*none, error) {
		return &none{}, s.view(ctx).TakeOverKey(ctx, g.KeyID(in.ID))
	})
}

// keyState is what somebody changes of a key: its use and its maker's fortunes are no change.
func keyState(k g.APIKey) g.APIKey {
	k.LastUsed, k.MakerName, k.MakerState, k.Effective = time.Time{}, "", "", nil
	return k
}

func (s *Server) createKey(ctx context.Context, in *keyInput) (*body[NewKey], error) {
	k := g.APIKey{
		School:      school(ctx, in.Body.School),
		Name:        in.Body.Name,
		Purpose:     oneLine(in.Body.Purpose),
		Permissions: in.Body.Permissions,
		Expires:     in.Body.Expires,
	}
	if k.Expires.IsZero() {
		k.Expires = s.now().AddDate(0, 0, 90)
	}
	key, secret, err := s.view(ctx).CreateKey(ctx, k)
	if err != nil {
		return nil, err
	}
	curl := fmt.Sprintf("curl -H %s %s/v1/me", quote("Authorization: Bearer "+secret), s.base(requestOf(ctx)))
	return answer(NewKey{key, secret, curl}, nil)
}

// base is the address by which the caller reached the gateway, or the configured one.
func (s *Server) base(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return strings.TrimSuffix(s.cfg.BaseURL, "/")
	}
	if r.TLS != nil || s.cfg.SecureCookies {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
