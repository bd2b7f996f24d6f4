package access

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

type changeMeInput struct {
	gate.Matching
	Body struct {
		FullName string `json:"full_name,omitempty" maxLength:"200" doc:"The name that colleagues see; empty: as it was." example:"Li Wei"`
		Language string `json:"language,omitempty" enum:"en,zh-CN," doc:"Language of the console; empty: as it was." example:"zh-CN"`
	}
}

// whoAmI returns the caller, with the ETag that changeMe takes.
func (s *area) whoAmI(ctx context.Context, c *gate.Caller) (*gate.Tagged[Me], error) {
	m, err := s.me(ctx, c)
	return gate.WithTag(gate.TagOf(c.User, m), m), err
}

// changeMe needs no right to manage users: it changes only the caller's own name and
// language. It applies them to the user's current state, so that it does not undo what an
// administrator changes meanwhile.
func (s *area) changeMe(ctx context.Context, in *changeMeInput) (*gate.Tagged[Me], error) {
	c := gate.CallerOf(ctx)
	if c.Token == "" {
		return nil, g.Errorf(g.Forbidden, "a key has no profile; sign in")
	}
	own := c.Scope
	own.Permissions = append([]g.Permission{g.UsersAdmin}, own.Permissions...) // for this call only
	view, id := s.In(own), c.User.ID
	tag := func(ctx context.Context) (string, error) {
		u, err := userOf(ctx, view, id)
		return gate.TagOf(u), err
	}
	for tries := 0; ; tries++ {
		u, err := userOf(ctx, view, id)
		if err != nil {
			return nil, err
		}
		match := gate.TagOf(u)
		if in.IfMatch != "" && !gate.Matches(in.IfMatch, match) {
			return nil, gate.ChangedMeanwhile()
		}
		if in.Body.FullName != "" {
			u.FullName = in.Body.FullName
		}
		if in.Body.Language != "" {
			u.Language = in.Body.Language
		}
		err = view.Access.UpdateUser(gate.OnState(ctx, match, tag), u)
		if g.ErrorCode(err) == g.Changed && in.IfMatch == "" && tries < 3 {
			continue
		}
		if err != nil {
			return nil, err
		}
		changed := *c
		changed.User = u
		return s.whoAmI(ctx, &changed)
	}
}
