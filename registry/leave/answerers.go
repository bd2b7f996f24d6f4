package leave

import (
	"context"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
)

// Answerers are the users who can answer the step of a request that waits: those whom it names, or the
// school's administrators where it names nobody who still can; only for system scopes.
func (v View) Answerers(ctx context.Context, x g.LeaveRequest) ([]g.User, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	if x.State != g.LeaveAsked {
		return nil, nil
	}
	staff, err := access.Staff(ctx, v.r.access, v.s.Reg, x.School)
	if err != nil {
		return nil, err
	}
	staff = slices.DeleteFunc(staff, func(u g.User) bool {
		return u.Disabled || !slices.Contains(u.Role.Permissions(), g.AttendanceWrite)
	})
	var named, admins []g.User
	for _, u := range staff {
		if slices.Contains(x.Steps[x.Waiting()].Users, u.ID) {
			named = append(named, u)
		}
		if u.Role == g.RoleAdmin {
			admins = append(admins, u)
		}
	}
	if len(named) > 0 {
		return named, nil
	}
	return admins, nil
}
