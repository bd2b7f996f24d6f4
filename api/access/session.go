package access

import (
	"context"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// Me is the signed-in caller.
type Me struct {
	User        g.User         `json:"user" doc:"Who is signed in; with a key, its name and school."`
	School      g.School       `json:"school" doc:"The caller's school."`
	Permissions []g.Permission `json:"permissions" nullable:"false" doc:"What the caller may do."`
	CSRF        string         `json:"csrf" doc:"Send it as X-Gatehouse-CSRF with every change; empty for keys, which need none."`
	Demo        bool           `json:"demo" doc:"This is the demonstration school: adults play a part."`
	Version     string         `json:"version" doc:"The gateway's version."`
	Address     string         `json:"address,omitempty" doc:"Where people reach the gateway (http.base_url); absent: messages carry no links, such as *I take it*." example:"https://gatehouse.school.example"`
}

type signInInput struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"64" doc:"Sign-in name." example:"admin"`
		Password string `json:"password" minLength:"1" maxLength:"200" doc:"Password." example:"correct-horse-battery"`
	}
}

func (s *area) registerSession() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "POST",
		Path:    "/v1/session",
		ID:      "sign-in",
		Tag:     "Sign-in",
		Public:  true,
		Strict:  true,
		Summary: "Sign in",
		Doc: "Answers with the cookie `" + gate.CookieName +
			"`, which ends 12 hours after its last use, or with the next step where a second " +
			"factor is due. Past a few wrong tries the next has to wait, up to two minutes; a " +
			"browser in which the user has signed in before is not held up by others' tries. " +
			"Programs use a key instead.",
	}, s.signIn)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "DELETE",
		Path:    "/v1/session",
		ID:      "sign-out",
		Tag:     "Sign-in",
		Summary: "Sign out",
	}, s.signOut)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/me",
		ID:      "me",
		Screen:  true,
		Tag:     "Sign-in",
		Summary: "Who am I, and what may I do?",
		Example: "curl -fsS -H \"Authorization: Bearer $GATEHOUSE_KEY\" $GATEHOUSE_URL/v1/me",
	}, func(ctx context.Context, _ *gate.None) (*gate.Tagged[Me], error) {
		return s.whoAmI(ctx, gate.CallerOf(ctx))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/me",
		ID:       "change-me",
		Tag:      "Sign-in",
		Matching: true,
		Summary:  "Change one's own name and language",
	}, s.changeMe)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "PUT",
		Path:    "/v1/me/password",
		ID:      "change-password",
		Tag:     "Sign-in",
		Summary: "Change one's own password",
	}, s.changePassword)
}

// cookie carries the sign-in; an empty token takes it away. The registry ends a sign-in that
// is not used, the browser drops the cookie when it closes.
func (s *area) cookie(token string) http.Cookie {
	c := http.Cookie{
		Name:     gate.CookieName,
		Value:    token,
		Path:     "/",
		HttpOnly: true,
		Secure:   s.facts.Secure,
		SameSite: http.SameSiteStrictMode,
	}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *area) signOut(ctx context.Context, _ *gate.None) (*struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}, error) {
	if c := gate.CallerOf(ctx); c.Token != "" {
		if err := s.reg.Access.SignOut(ctx, c.Token); err != nil {
			return nil, err
		}
	}
	return &struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
	}{s.cookie("")}, nil
}

func (s *area) me(ctx context.Context, c *gate.Caller) (Me, error) {
	school, err := s.In(c.Scope).Places.School(ctx, c.Scope.School)
	if err != nil {
		return Me{}, err
	}
	me := Me{
		User:        c.By(),
		School:      school,
		Permissions: c.Scope.Permissions,
		Demo:        s.facts.Demo,
		Version:     s.facts.Version,
		Address:     s.facts.Address,
	}
	if me.Permissions == nil {
		me.Permissions = []g.Permission{}
	}
	if c.Token != "" {
		me.CSRF = gate.CSRF(c.Token)
	}
	return me, nil
}

type passwordInput struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"200" doc:"The password so far." example:"correct-horse-battery"`
		New string `json:"new" minLength:"1" maxLength:"200" doc:"The new one, at least 10 characters." example:"staple-battery-horse"`
	}
}

func (s *area) changePassword(ctx context.Context, in *passwordInput) (*gate.None, error) {
	c := gate.CallerOf(ctx)
	if c.Token == "" {
		return nil, g.Errorf(g.Forbidden, "a key has no password; sign in")
	}
	if !s.TrySignIn("password:" + c.Name()) {
		return nil, g.Errorf(g.RateLimited, "too many attempts; wait a minute")
	}
	if err := checkPassword(in.Body.New); err != nil {
		return nil, err
	}
	return &gate.None{}, s.View(ctx).Access.ChangePassword(ctx, c.User.ID, in.Body.Old, in.Body.New)
}
