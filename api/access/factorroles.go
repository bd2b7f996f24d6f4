package access

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
)

// FactorRoles are the roles of which a school asks a second factor.
type FactorRoles struct {
	Roles []g.Role `json:"roles" nullable:"false" maxItems:"10" doc:"Who has one of these roles and no second factor makes one at the next sign-in, before anything else."`
}

func (s *area) registerFactorRoles(tag string) {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/second-factor-roles",
		ID:      "second-factor-roles",
		Tag:     tag,
		Perm:    g.UsersAdmin,
		Summary: "Roles of which the school asks a second factor",
	}, func(ctx context.Context, in *gate.InSchool) (*gate.Tagged[FactorRoles], error) {
		return taggedRoles(s.View(ctx).Access.FactorRoles(ctx, gate.SchoolOf(ctx, in.School)))
	})
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "PUT",
		Path:     "/v1/second-factor-roles",
		ID:       "put-second-factor-roles",
		Tag:      tag,
		Perm:     g.UsersAdmin,
		Matching: true,
		Summary:  "Ask a second factor of roles",
	}, func(ctx context.Context, in *factorRoles) (*gate.Tagged[FactorRoles], error) {
		ctx = gate.OnState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			now, err := taggedRoles(s.View(ctx).Access.FactorRoles(ctx, gate.SchoolOf(ctx, in.School)))
			return now.ETag, err
		})
		return taggedRoles(in.Body.Roles,
			s.View(ctx).Access.PutFactorRoles(ctx, gate.SchoolOf(ctx, in.School), in.Body.Roles))
	})
}

// taggedRoles sorts the roles, so that the same set has the same tag.
func taggedRoles(roles []g.Role, err error) (*gate.Tagged[FactorRoles], error) {
	roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	if roles == nil {
		roles = []g.Role{}
	}
	return gate.WithTag(gate.TagOf(roles), FactorRoles{roles}), err
}
