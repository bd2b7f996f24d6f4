package alerts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Feints: who is made to give an all-clear must not read anywhere that it was none. To them alone the
// alert of the level looks resolved by themselves; to everybody else it is what it is.

// Feign has an alert look resolved to a user from now on, until it is over for everybody; in the
// caller's transaction.
func Feign(ctx context.Context, t *store.Tx, id g.AlertID, u g.User) error {
	_, err := t.Exec(ctx, "INSERT INTO feints (alert, usr, name, at) VALUES (?, ?, ?, ?) "+
		"ON CONFLICT (alert, usr) DO NOTHING", string(id), string(u.ID), u.FullName, store.Micros(t.Now))
	if err != nil {
		return fmt.Errorf("write a feint: %w", err)
	}
	return nil
}

// endFeints ends what looked resolved before it was.
func endFeints(ctx context.Context, t *store.Tx, id g.AlertID) error {
	if _, err := t.Exec(ctx, "DELETE FROM feints WHERE alert = ?", string(id)); err != nil {
		return fmt.Errorf("end a feint: %w", err)
	}
	return nil
}

// Feigned lists the users to whom an alert looks resolved, though it is not; only for system scopes.
func (v View) Feigned(ctx context.Context, id g.AlertID) (out []g.UserID, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	err = store.Each(ctx, v.s.Reg, "SELECT usr FROM feints WHERE alert = ? ORDER BY usr", []any{string(id)},
		func(scan func(...any) error) error {
			var u g.UserID
			err := scan(&u)
			out = append(out, u)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read feints: %w", err)
	}
	return out, nil
}

// LooksOver reports whether an alert that is not resolved looks so to whoever acts: what happens to it
// since is not for them.
func (v View) LooksOver(ctx context.Context, id g.AlertID) (bool, error) {
	if _, err := v.s.Reach(ctx, g.AlertsRead); err != nil {
		return false, err
	}
	n := 0
	err := v.s.Reg.Row(ctx, "SELECT COUNT(*) FROM feints WHERE alert = ? AND usr = ?", string(id), v.me()).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("read feints: %w", err)
	}
	return n > 0, nil
}

// me is the ID of whoever acts.
func (v View) me() string {
	id, _, _ := strings.Cut(v.s.Actor, " ")
	return id
}

// notFeigned leaves out what looks resolved to whoever acts.
func (v View) notFeigned(w *store.Where) {
	if v.s.OnlySystem() != nil {
		w.And("id NOT IN (SELECT alert FROM feints WHERE usr = ?)", v.me())
	}
}

// inStates narrows a list to states, as whoever acts sees them.
func (v View) inStates(w *store.Where, states []g.AlertState) {
	if len(states) == 0 {
		return
	}
	cond, args := "state IN ("+store.Marks(len(states))+")", store.Anys(states)
	if v.s.OnlySystem() == nil {
		w.And(cond, args...)
		return
	}
	const feigned = "id IN (SELECT alert FROM feints WHERE usr = ?)"
	if slices.Contains(states, g.AlertResolved) {
		w.And("("+cond+" OR "+feigned+")", append(args, v.me())...)
		return
	}
	w.And(cond+" AND NOT "+feigned, append(args, v.me())...)
}

// feign has the rows look as whoever acts is to see them.
func (v View) feign(ctx context.Context, rows []AlertRow) error {
	if v.s.OnlySystem() == nil || !slices.ContainsFunc(rows, func(a AlertRow) bool {
		return a.Rule.OfLockdown()
	}) {
		return nil
	}
	return store.Each(ctx, v.s.Reg, "SELECT alert, name, at FROM feints WHERE usr = ?", []any{v.me()},
		func(scan func(...any) error) error {
			var id g.AlertID
			var name string
			var us int64
			if err := scan(&id, &name, &us); err != nil {
				return err
			}
			for i := range rows {
				if rows[i].ID == id && rows[i].Unresolved() {
					feignOf(&rows[i].Alert, g.UserID(v.me()), name, store.Moment(us))
				}
			}
			return nil
		})
}

// feignOf has an alert look as a user's all-clear leaves it.
func feignOf(a *g.Alert, by g.UserID, name string, at time.Time) {
	a.State, a.Firing, a.Ended, a.Resolved = g.AlertResolved, false, at, at
	a.Resolver, a.ResolverName, a.AckUntil, a.Audible = by, name, time.Time{}, false
	a.Handler, a.HandlerName = "", ""
}
