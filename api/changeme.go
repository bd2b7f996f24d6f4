package api

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
)

type changeMeInput struct {
	Matching
	Body struct {
		FullName string `json:"full_name,omitempty" maxLength:"200" doc:"The name that colleagues see; empty: as it was." example:"Li Wei"`
		Language string `json:"language,omitempty" enum:"en,zh-CN," doc:"Language of the console; empty: as it was." example:"zh-CN"`
	}
}

// whoAmI has the tag of what one can change of oneself.
func (s *Server) whoAmI(ctx context.Context, c *caller) (*tagged[Me], error) {
	m, err := s.me(ctx, c)
	return &tagged[Me]{tagOf(c.user, m), m}, err
}

// changeMe needs no right to manage users: it touches the caller's own name and language and
// nothing else. It is made to the user as it is then: an administrator who disables it, or gives
// it another role, meanwhile is not overruled.
func (s *Server) changeMe(ctx context.Context, in *changeMeInput) (*tagged[Me], error) {
	c := callerOf(ctx)
	if c.token == "" {
		return nil, g.Errorf(g.Forbidden, "a key has no profile; sign in")
	}
	own := c.scope
	own.Permissions = append([]g.Permission{g.UsersAdmin}, own.Permissions...) // lent for this
	view, id := s.reg.In(own), c.user.ID
	tag := func(ctx context.Context) (string, error) {
		u, err := userOf(ctx, view, id)
		return tagOf(u), err
	}
	for tries := 0; ; tries++ {
		u, err := userOf(ctx, view, id)
		if err != nil {
			return nil, err
		}
		match := tagOf(u)
		if in.IfMatch != "" && !matches(in.IfMatch, match) {
			return nil, changedMeanwhile()
		}
		if in.Body.FullName != "" {
			u.FullName = in.Body.FullName
		}
		if in.Body.Language != "" {
			u.Language = in.Body.Language
		}
		err = view.UpdateUser(onState(ctx, match, tag), u)
		if g.ErrorCode(err) == g.Changed && in.IfMatch == "" && tries < 3 {
			continue
		}
		if err != nil {
			return nil, err
		}
		changed := *c
		changed.user = u
		return s.whoAmI(ctx, &changed)
	}
}
