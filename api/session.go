package api

import (
	"context"
	"net/http"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// Me is the signed-in caller.
type Me struct {
	User        g.User         `json:"user" doc:"Who is signed in; with a key, its name and school."`
	School      g.School       `json:"school" doc:"The caller's school."`
	Permissions []g.Permission `json:"permissions" nullable:"false" doc:"What the caller may do."`
	CSRF        string         `json:"csrf" doc:"Send it as X-Gatehouse-CSRF with every change; empty for keys, which need none."`
	Demo        bool           `json:"demo" doc:"This is the demonstration school: adults play a part."`
	Version     string         `json:"version" doc:"The gateway's version."`
}

type setupState struct {
	Needed bool `json:"needed" doc:"Nobody can sign in yet: make the first administrator with POST /v1/setup."`
}

type setupInput struct {
	Body struct {
		Admin    string `json:"admin" minLength:"1" maxLength:"64" doc:"The administrator's sign-in name." example:"admin"`
		Password string `json:"password" minLength:"1" maxLength:"200" doc:"The administrator's password, at least 10 characters." example:"correct-horse-battery"`
		FullName string `json:"full_name,omitempty" maxLength:"200" doc:"The administrator's name, as colleagues know it." example:"Li Wei"`
		School   string `json:"school" minLength:"1" maxLength:"200" doc:"The school's name." example:"Riverside School"`
		Timezone string `json:"timezone" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"Asia/Shanghai"`
		Language string `json:"language" enum:"en,zh-CN" doc:"What people see first." example:"en"`
	}
}

type signInInput struct {
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"64" doc:"Sign-in name." example:"admin"`
		Password string `json:"password" minLength:"1" maxLength:"200" doc:"Password." example:"correct-horse-battery"`
	}
}

func (s *Server) registerSession() {
	handle(s, endpoint{method: "GET", path: "/v1/setup", id: "setup-needed", tag: "Sign-in", public: true, summary: "Is this a first run?",
		example: "curl -fsS $GATEHOUSE_URL/v1/setup"}, s.setupNeeded)
	handle(s, endpoint{method: "POST", path: "/v1/setup", id: "set-up", tag: "Sign-in", public: true, strict: true, conflict: true, summary: "Make the first administrator and school",
		doc: "Works once, while nobody can sign in yet, and signs the new administrator in."}, s.setUp)
	handle(s, endpoint{method: "POST", path: "/v1/session", id: "sign-in", tag: "Sign-in", public: true, strict: true, summary: "Sign in",
		doc: "Answers with the cookie `" + cookieName + "`, which ends 12 hours after its last use, or with the next step where a second factor is due. Past a few wrong tries the next has to wait, up to two minutes; a browser in which the user has signed in before is not held up by others' tries. Programs use a key instead."}, s.signIn)
	handle(s, endpoint{method: "DELETE", path: "/v1/session", id: "sign-out", tag: "Sign-in", summary: "Sign out"}, s.signOut)
	handle(s, endpoint{method: "GET", path: "/v1/me", id: "me", tag: "Sign-in", summary: "Who am I, and what may I do?",
		example: "curl -fsS -H \"Authorization: Bearer $GATEHOUSE_KEY\" $GATEHOUSE_URL/v1/me"}, func(ctx context.Context, _ *none) (*tagged[Me], error) {
		return s.whoAmI(ctx, callerOf(ctx))
	})
	handle(s, endpoint{method: "PUT", path: "/v1/me", id: "change-me", tag: "Sign-in", matching: true, summary: "Change one's own name and language"}, s.changeMe)
	handle(s, endpoint{method: "PUT", path: "/v1/me/password", id: "change-password", tag: "Sign-in", summary: "Change one's own password"}, s.changePassword)
}

func (s *Server) setupNeeded(ctx context.Context, _ *none) (*body[setupState], error) {
	empty, err := s.reg.Empty(ctx)
	return answer(setupState{empty}, err)
}

func (s *Server) setUp(ctx context.Context, in *setupInput) (*signedIn, error) {
	s.settingUp.Lock()
	defer s.settingUp.Unlock()
	empty, err := s.reg.Empty(ctx)
	if err != nil {
		return nil, err
	}
	if !empty {
		return nil, g.Errorf(g.Conflict, "the gateway is set up already; sign in, or ask its administrator ('gateway passwd' resets a password)")
	}
	b := in.Body
	if !validTimezone(b.Timezone) {
		return nil, g.FieldErrorf("timezone", "%q is no IANA time zone; write it like Asia/Shanghai", b.Timezone)
	}
	if err := checkPassword(b.Password); err != nil {
		return nil, err
	}
	view := s.reg.In(g.SystemScope("setup"))
	school, err := firstSchool(ctx, view, g.School{Kind: g.KindSchool, Name: b.School, Timezone: b.Timezone, Language: b.Language})
	if err != nil {
		return nil, err
	}
	u := g.User{School: school.ID, Name: b.Admin, FullName: b.FullName, Role: g.RoleAdmin, Language: b.Language}
	if _, err := view.CreateUser(ctx, u, b.Password); err != nil {
		return nil, err
	}
	return s.welcome(ctx, b.Admin, b.Password)
}

// firstSchool makes the school, or takes the one that an earlier first run made before it
// was refused.
func firstSchool(ctx context.Context, view *registry.View, want g.School) (g.School, error) {
	all, err := view.Schools(ctx)
	if err != nil {
		return g.School{}, err
	}
	if len(all) == 0 {
		return view.CreateSchool(ctx, want)
	}
	want.ID, want.Parent, want.Kind = all[0].ID, all[0].Parent, all[0].Kind
	return want, view.UpdateSchool(ctx, want)
}

// cookie carries the sign-in; an empty token takes it away. The registry ends a sign-in that
// is not used, the browser drops the cookie when it closes.
func (s *Server) cookie(token string) http.Cookie {
	c := http.Cookie{Name: cookieName, Value: token, Path: "/", HttpOnly: true, Secure: s.cfg.SecureCookies, SameSite: http.SameSiteStrictMode}
	if token == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *Server) signOut(ctx context.Context, _ *none) (*struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}, error) {
	if c := callerOf(ctx); c.token != "" {
		if err := s.reg.SignOut(ctx, c.token); err != nil {
			return nil, err
		}
	}
	return &struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
	}{s.cookie("")}, nil
}

func (s *Server) me(ctx context.Context, c *caller) (Me, error) {
	school, err := s.reg.In(c.scope).School(ctx, c.scope.School)
	if err != nil {
		return Me{}, err
	}
	me := Me{User: c.by(), School: school, Permissions: c.scope.Permissions, Demo: s.cfg.Demo, Version: s.cfg.Version}
	if me.Permissions == nil {
		me.Permissions = []g.Permission{}
	}
	if c.token != "" {
		me.CSRF = csrf(c.token)
	}
	return me, nil
}

type passwordInput struct {
	Body struct {
		Old string `json:"old" minLength:"1" maxLength:"200" doc:"The password so far." example:"correct-horse-battery"`
		New string `json:"new" minLength:"1" maxLength:"200" doc:"The new one, at least 10 characters." example:"staple-battery-horse"`
	}
}

func (s *Server) changePassword(ctx context.Context, in *passwordInput) (*none, error) {
	c := callerOf(ctx)
	if c.token == "" {
		return nil, g.Errorf(g.Forbidden, "a key has no password; sign in")
	}
	if v := s.signIns.allow("password:"+c.name(), s.now()); !v.ok {
		return nil, g.Errorf(g.RateLimited, "too many attempts; wait a minute")
	}
	if err := checkPassword(in.Body.New); err != nil {
		return nil, err
	}
	return &none{}, s.view(ctx).ChangePassword(ctx, c.user.ID, in.Body.Old, in.Body.New)
}
