package lockdown

import (
	"context"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// mostPast is how many commands past a level are kept with it; the oldest go, and are in the audit
// log.
const mostPast = 100

// Override has a command go to a device that a level which stands holds, with a reason: it is
// audited, and shown at the level. It returns the lockdown that the command may go past; "": no
// level holds the device against it, and nothing is recorded.
func (v View) Override(
	ctx context.Context, d g.Device, action string, values map[string]g.Value, reason string,
	user g.User,
) (g.LockdownID, error) {
	in, err := v.s.Reach(ctx, g.LockdownClear)
	if err != nil {
		return "", err
	}
	if err := v.s.InSchool(ctx, in, d.School); err != nil {
		return "", err
	}
	if err := store.Line("override", reason, 500); err != nil {
		return "", err
	}
	var past g.LockdownID
	err = v.s.Write(ctx, func(t *store.Tx) error {
		l, holds, err := v.r.holds(
			ctx,
			t,
			d.School,
			d.ID,
			action,
			values,
		)
		if err != nil || !holds {
			return err
		}
		past = l.ID
		o := g.PastLevel{
			Device: d.ID,
			Action: action,
			At:     store.Moment(store.Micros(t.Now)),
			Reason: store.Clean(reason),
		}
		u, err := access.Acting(ctx, v.access, t, user)
		if err != nil {
			return err
		}
		o.By = u.FullName
		l.Past = append(l.Past, o)
		l.Past = l.Past[max(0, len(l.Past)-mostPast):]
		if err := v.r.save(ctx, t, &l); err != nil {
			return err
		}
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"lockdown.override",
			string(l.ID)+" "+string(d.ID)+" "+action+": "+o.Reason,
		)
	})
	return past, err
}

// Accept accepts a person's command to a device. It is refused, with the reason level_holds, while
// the device is held by a level that stands, unless that is past; only for system scopes. What rules
// command is not asked: a fire opens its doors in a lockdown, too.
func (v View) Accept(
	ctx context.Context, o fleet.Order, school g.SchoolID, past g.LockdownID,
) (c g.DeviceCommand, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return c, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) (err error) {
		l, holds, err := v.r.holds(
			ctx,
			t,
			school,
			o.Device,
			o.Action,
			o.Values,
		)
		if err != nil {
			return err
		}
		if holds && l.ID != past {
			return g.Errorf(g.Conflict, "%s stands, and holds this device. If it is to be done all the "+
				"same, somebody who may give the all-clear does it, and says why", l.Title).
				Because("level_holds")
		}
		c, err = fleet.Accept(ctx, v.s.Store, t, o)
		return err
	})
	return c, err
}

// holds returns the level that stands in a school if it commands a device, and this command is not
// what it commands.
func (r *Book) holds(
	ctx context.Context, c store.Conn, school g.SchoolID, device g.DeviceID, action string,
	values map[string]g.Value,
) (raised, bool, error) {
	l, stands, err := r.standing(ctx, c, school)
	if err != nil || !stands {
		return l, false, err
	}
	told, err := fleet.ToldBy(ctx, c, l.ID, device)
	if err != nil || len(told) == 0 {
		return l, false, err
	}
	same := slices.ContainsFunc(l.level().Raise, func(a g.LevelAction) bool {
		return a.Action == action && slices.Contains(told, action) && maps.Equal(a.Values, values)
	})
	return l, !same, nil
}
