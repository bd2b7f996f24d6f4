package api

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// FactorRoles are the roles of which a school asks a second factor.
type FactorRoles struct {
	Roles []g.Role `json:"roles" nullable:"false" maxItems:"10" doc:"Who has one of these roles and no second factor makes one at the next sign-in, before anything else."`
}

func (s *Server) registerFactorRoles(tag string) {
	handle(s, endpoint{method: "GET", path: "/v1/second-factor-roles", id: "second-factor-roles", tag: tag, perm: g.UsersAdmin, summary: "Roles of which the school asks a second factor"}, func(ctx context.Context, in *InSchool) (*tagged[FactorRoles], error) {
		return taggedRoles(s.view(ctx).FactorRoles(ctx, school(ctx, in.School)))
	})
	handle(s, endpoint{method: "PUT", path: "/v1/second-factor-roles", id: "put-second-factor-roles", tag: tag, perm: g.UsersAdmin, matching: true, summary: "Ask a second factor of roles"}, func(ctx context.Context, in *factorRoles) (*tagged[FactorRoles], error) {
		ctx = onState(ctx, in.IfMatch, func(ctx context.Context) (string, error) {
			now, err := taggedRoles(s.view(ctx).FactorRoles(ctx, school(ctx, in.School)))
			return now.ETag, err
		})
		return taggedRoles(in.Body.Roles, s.view(ctx).PutFactorRoles(ctx, school(ctx, in.School), in.Body.Roles))
	})
}

// taggedRoles are roles in an order of their own, so that the same ones have the same tag.
func taggedRoles(roles []g.Role, err error) (*tagged[FactorRoles], error) {
	roles = slices.Compact(slices.Sorted(slices.Values(roles)))
	if roles == nil {
		roles = []g.Role{}
	}
	return &tagged[FactorRoles]{tagOf(roles), FactorRoles{roles}}, err
}
