package access

import (
	"context"
	"net/http"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

const browserAge = 180 * 24 * 60 * 60 // seconds

// SignedIn is who has signed in, or what is still to be done before.
type SignedIn struct {
	Me
	Step     string    `json:"step,omitempty" enum:"factor,enrol" doc:"What is still to be done: show the second factor, or make one because the school asks it of this role. Absent: signed in."`
	Ticket   string    `json:"ticket,omitempty" doc:"Names this sign-in in its next step; ends after 10 minutes."`
	Factors  []string  `json:"factors,omitempty" nullable:"false" doc:"Kinds of second factor that this user has: totp, passkey."`
	Recovery []string  `json:"recovery_codes,omitempty" nullable:"false" doc:"Shown once: each signs in one time in place of the second factor."`
	Passkeys *Passkeys `json:"passkeys,omitempty" doc:"With a step: whether this user can show, or make, a passkey in it."`
}

type signedIn struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      SignedIn
}

// attempt is who makes the request and from where.
func (s *area) attempt(ctx context.Context) access.Attempt {
	r := gate.RequestOf(ctx)
	return access.Attempt{
		Remote:  s.Remote(r),
		Browser: gate.BrowserOf(r),
	}
}

func (s *area) signIn(ctx context.Context, in *signInInput) (*signedIn, error) {
	return s.welcome(ctx, in.Body.Name, in.Body.Password)
}

func (s *area) welcome(ctx context.Context, name, password string) (*signedIn, error) {
	a := s.attempt(ctx)
	a.Name, a.Password = name, password
	e, err := s.reg.Access.Enter(ctx, a)
	if err != nil {
		return nil, err
	}
	return s.entered(ctx, e)
}

// entered is the response to a successful attempt: signed in, or what the next step is.
func (s *area) entered(ctx context.Context, e access.Entry) (*signedIn, error) {
	if e.Step != access.StepNone {
		out := SignedIn{
			Step:    string(e.Step),
			Ticket:  e.Token,
			Factors: e.Kinds,
		}
		out.Me = Me{
			User:        e.User,
			Permissions: []g.Permission{},
			Demo:        s.facts.Demo,
			Version:     s.facts.Version,
		}
		out.Passkeys = s.stepPasskeys(ctx, e)
		return &signedIn{Body: out}, nil
	}
	user, scope, err := s.reg.Access.UserByToken(ctx, e.Token)
	if err != nil {
		return nil, err
	}
	me, err := s.me(ctx, &gate.Caller{
		User:  user,
		Scope: scope,
		Token: e.Token,
	})
	if err != nil {
		return nil, err
	}
	browser := http.Cookie{
		Name:     gate.BrowserCookie,
		Value:    e.Browser,
		Path:     "/v1/",
		MaxAge:   browserAge,
		HttpOnly: true,
		Secure:   s.facts.Secure,
		SameSite: http.SameSiteStrictMode,
	}
	return &signedIn{
		SetCookie: []http.Cookie{s.cookie(e.Token), browser},
		Body:      SignedIn{Me: me},
	}, nil
}

// stepPasskeys says whether passkeys work in a step; nil if the user has only other factors.
func (s *area) stepPasskeys(ctx context.Context, e access.Entry) *Passkeys {
	trouble := s.party.Trouble
	if e.Step == access.StepFactor {
		if !slices.Contains(e.Kinds, access.FactorPasskey) {
			return nil
		}
		trouble = s.party.MayUsePasskey(e.Factors)
	}
	out := s.passkeys(ctx, trouble)
	return &out
}
