package lockdown

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/alerts"
	"github.com/gatehouse-iot/gatehouse/registry/fleet"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// AllClear asks for the end of a lockdown.
type AllClear struct {
	ID      g.LockdownID
	Version int
	By      g.User
	Note    string
	Code    string // of who gives it, if they have one
}

// Clear gives the all-clear. It takes a person, and a second one: whoever raised the level cannot
// end it, nor can a key of theirs. With the code that says that somebody is made to give it, it looks
// as if it were over to them alone: the level stands, and a silent alert tells the others.
func (v View) Clear(ctx context.Context, c AllClear) (g.Lockdown, error) {
	in, err := v.s.Reach(ctx, g.LockdownClear)
	if err != nil {
		return g.Lockdown{}, err
	}
	if err := store.Optional("note", c.Note, 500); err != nil {
		return g.Lockdown{}, err
	}
	var l raised
	var refused error // after what was written: a wrong code counts
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if l, err = v.r.find(ctx, t, c.ID); err != nil {
			return err
		}
		if err := in.Owns(l.School, "lockdown", string(c.ID)); err != nil {
			return err
		}
		if err := v.mayClear(
			ctx,
			t,
			l.Lockdown,
			c.Version,
			c.By,
		); err != nil {
			return err
		}
		u, err := access.Acting(ctx, v.access, t, c.By)
		if err != nil {
			return err
		}
		forced, why := v.checkCode(ctx, t, u, c.Code)
		if why != nil {
			if g.ErrorCode(why) == "" {
				return why
			}
			refused = why
			return nil
		}
		if forced {
			return v.feign(
				ctx,
				t,
				&l,
				u,
				c.Note,
			)
		}
		return v.end(
			ctx,
			t,
			&l,
			u,
			c.Note,
		)
	})
	if err == nil {
		err = refused
	}
	return l.seenBy(c.By.ID), err
}

// end ends a lockdown: what was not sent is recalled, and what the level commands then is sent.
func (v View) end(
	ctx context.Context, t *store.Tx, l *raised, u g.User, note string,
) error {
	l.Cleared = store.Moment(store.Micros(t.Now))
	l.ClearedBy, l.ClearedByName, l.ClearNote = u.ID, u.FullName, note
	why := g.Textf("the all-clear came first")
	if err := fleet.Recall(
		ctx,
		v.s.Store,
		t,
		l.ID,
		why,
	); err != nil {
		return err
	}
	clears, err := v.clears(ctx, t, *l)
	if err != nil {
		return err
	}
	counted := l.Lockdown
	if _, err := v.act(ctx, t, &counted, orders{
		actions: clears,
		by:      by(l.Lockdown),
		life:    clearLife,
	}); err != nil {
		return err
	}
	if err := alerts.End(
		ctx,
		v.alerts,
		t,
		l.Alert,
		u.ID,
		u.FullName,
	); err != nil {
		return err
	}
	if err := v.r.save(ctx, t, l); err != nil {
		return err
	}
	return v.s.Audit(
		ctx,
		t,
		l.School,
		"lockdown.clear",
		describe(l.Lockdown),
	)
}
