package access

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

const factorTag = "Second factor"

// inSignIn is a step of a sign-in: nobody is signed in yet, and it counts as an attempt.
func inSignIn(path, id, summary, doc string) gate.Endpoint {
	e := ofOwn(path, id, summary, doc)
	e.Public = true
	e.Strict = true
	return e
}

// ofOwn is what somebody does to the own second factors.
func ofOwn(path, id, summary, doc string) gate.Endpoint {
	return gate.Endpoint{
		Method:   "POST",
		Path:     path,
		ID:       id,
		Tag:      factorTag,
		Conflict: true,
		Summary:  summary,
		Doc:      doc,
	}
}

// large is for bodies with what a browser says of a passkey.
func large(e gate.Endpoint) gate.Endpoint {
	e.Max = 32 << 10
	return e
}

// maker is who makes or has second factors, of whichever kind: somebody signed in, or somebody in
// the step of a sign-in that asks for one.
type maker struct {
	user g.UserID
	view access.View
}

// enrolling is who has to make a second factor before the sign-in goes on.
func (s *area) enrolling(ctx context.Context, ticket string) (maker, error) {
	u, scope, _, err := s.reg.Access.StepUser(ctx, ticket, access.StepEnrol)
	return maker{u.ID, s.In(scope).Access}, err
}

// self is the caller, where it is somebody and no key.
func (s *area) self(ctx context.Context) (maker, error) {
	c := gate.CallerOf(ctx)
	if c.Token == "" {
		return maker{}, g.Errorf(g.Forbidden, "a key has no second factor; sign in")
	}
	return maker{c.User.ID, s.View(ctx).Access}, nil
}

// selfAgain is self with the own password once more: a browser that was left open makes no second
// factor for somebody else.
func (s *area) selfAgain(ctx context.Context, password string) (maker, error) {
	m, err := s.self(ctx)
	if err != nil {
		return m, err
	}
	return m, m.view.OwnPassword(ctx, m.user, password)
}

// recovery answers recovery codes; those given before go on where there are none.
func recovery(codes []string, err error) (*gate.Body[Recovery], error) {
	return gate.Answer(Recovery{gate.Some(codes)}, err)
}

// enrolled signs in whoever has made a second factor in the step that asked for it.
func (s *area) enrolled(ctx context.Context, ticket string, codes []string) (*signedIn, error) {
	e, err := s.reg.Access.Enrolled(ctx, ticket, s.attempt(ctx))
	if err != nil {
		return nil, err
	}
	out, err := s.entered(ctx, e)
	if err != nil {
		return nil, err
	}
	out.Body.Recovery = codes
	return out, nil
}
