package access

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

const factorTag = "Second factor"

// inSignIn is an operation of a sign-in's step: it is public, and counts as an attempt to sign in.
func inSignIn(path, id, summary, doc string) gate.Endpoint {
	e := ofOwn(path, id, summary, doc)
	e.Public = true
	e.Strict = true
	return e
}

// ofOwn is an operation on the caller's own second factors.
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

// large allows a body that is large enough for a browser's response about a passkey.
func large(e gate.Endpoint) gate.Endpoint {
	e.Max = 32 << 10
	return e
}

// maker is the user whose second factors are made or read: somebody signed in, or in the step of a
// sign-in that requires one.
type maker struct {
	user g.UserID
	view access.View
}

// enrolling is the user of a sign-in that requires making a second factor.
func (s *area) enrolling(ctx context.Context, ticket string) (maker, error) {
	u, scope, _, err := s.reg.Access.StepUser(ctx, ticket, access.StepEnrol)
	return maker{u.ID, s.In(scope).Access}, err
}

// self is the caller; an API key is refused.
func (s *area) self(ctx context.Context) (maker, error) {
	c := gate.CallerOf(ctx)
	if c.Token == "" {
		return maker{}, g.Errorf(g.Forbidden, "a key has no second factor; sign in")
	}
	return maker{c.User.ID, s.View(ctx).Access}, nil
}

// selfAgain is self with the user's password again, so that nobody can add a second factor in a
// browser that was left open.
func (s *area) selfAgain(ctx context.Context, password string) (maker, error) {
	m, err := s.self(ctx)
	if err != nil {
		return m, err
	}
	return m, m.view.OwnPassword(ctx, m.user, password)
}

// recovery is the response with new recovery codes; none if the earlier ones stay valid.
func recovery(codes []string, err error) (*gate.Body[Recovery], error) {
	return gate.Answer(Recovery{gate.Some(codes)}, err)
}

// enrolled completes the sign-in of a user who has just made the second factor that it required.
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
