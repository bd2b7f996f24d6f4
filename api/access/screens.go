package access

import (
	"context"
	"net/http"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// pairingCookie holds what a screen waits with for an administrator.
const pairingCookie = "gatehouse_pairing"

// Pairing is a screen that waits to be paired.
type Pairing struct {
	State   string    `json:"state" enum:"waiting,paired,none"`
	Code    string    `json:"code,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

type pairingAnswer struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      Pairing
}

type screenInput struct {
	Body struct {
		Code   string     `json:"code" minLength:"8" maxLength:"16" doc:"What stands on the screen, with or without the dash." example:"7KQX-M2RD"`
		Name   string     `json:"name" minLength:"1" maxLength:"100" doc:"Where the screen hangs." example:"Gate house"`
		School g.SchoolID `json:"school,omitempty" maxLength:"64" doc:"The school; empty: the caller's own."`
	}
}

func (s *area) registerScreens() {
	const tag = "Keys"
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/screens/pairing",
		ID:      "begin-pairing",
		Tag:     tag,
		Public:  true,
		Summary: "Ask for a code by which a guard room's screen is paired",
		Doc: "The code stands on the screen until an administrator enters it, at most 10 minutes. " +
			"The cookie that comes with it is the screen's alone.",
	}, func(ctx context.Context, _ *gate.None) (*pairingAnswer, error) {
		p, secret := s.pairings.begin(s.Now())
		return &pairingAnswer{
			SetCookie: []http.Cookie{s.screenCookie(pairingCookie, secret, p.Expires)},
			Body:      p,
		}, nil
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/screens/pairing",
		ID:      "get-pairing",
		Tag:     tag,
		Public:  true,
		Summary: "Whether the screen is paired; once it is, the answer brings its cookie",
		Doc: "none: there is no such pairing (any more): ask for another code. A gateway that is " +
			"started again knows none.",
	}, s.pairing)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/screens",
		ID:      "list-screens",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Summary: "The guard rooms' screens that were paired",
		Doc:     "They are keys: DELETE /v1/keys/{id} takes one's right away at once.",
	}, func(ctx context.Context, in *gate.PerSchool) (*gate.Body[gate.Page[g.APIKey]], error) {
		all, err := s.View(ctx).Access.Screens(ctx, in.School)
		return gate.PageOf(s.Gate, all, in.Paged, err,
			func(k g.APIKey) string { return string(k.ID) })
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/screens",
		ID:      "pair-screen",
		Tag:     tag,
		Perm:    g.KeysAdmin,
		Status:  201,
		Summary: "Pair a guard room's screen by the code that it shows",
		Doc: "It sees the wall of one school and changes nothing, for a year, until its key is " +
			"revoked.",
	}, s.pairScreen)
}

// pairing answers a screen that waits. The key's secret is handed out once, as a cookie that no
// page can read.
func (s *area) pairing(ctx context.Context, _ *gate.None) (*pairingAnswer, error) {
	c, err := gate.RequestOf(ctx).Cookie(pairingCookie)
	if err != nil || len(c.Value) > 256 {
		return &pairingAnswer{Body: Pairing{State: "none"}}, nil
	}
	p, key := s.pairings.ask(c.Value, s.Now())
	out := &pairingAnswer{Body: p}
	if key.secret != "" {
		out.SetCookie = []http.Cookie{
			s.screenCookie(gate.ScreenCookie, key.secret, key.expires),
			s.screenCookie(pairingCookie, "", time.Time{}),
		}
	}
	return out, nil
}

func (s *area) screenCookie(name, value string, until time.Time) http.Cookie {
	c := s.cookie(value)
	c.Name = name
	if value != "" {
		c.MaxAge = int(until.Sub(s.Now()).Seconds())
	}
	return c
}

func (s *area) pairScreen(ctx context.Context, in *screenInput) (*gate.Body[g.APIKey], error) {
	p := s.pairings.claim(in.Body.Code, s.Now())
	if p == nil {
		return nil, g.FieldErrorf("code",
			"no screen shows this code now; look at the screen and enter what stands there")
	}
	key, secret, err := s.View(ctx).Access.PairScreen(ctx, gate.SchoolOf(ctx, in.Body.School),
		in.Body.Name)
	if err != nil {
		s.pairings.release(p)
		return nil, err
	}
	s.pairings.pair(p, screenKey{
		secret:  secret,
		expires: key.Expires,
	})
	return gate.Answer(key, nil)
}
