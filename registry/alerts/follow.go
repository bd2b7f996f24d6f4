package alerts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const (
	// coverMost bounds the alerts that one transaction hides or brings back, so that somebody who
	// acknowledges meanwhile does not wait.
	coverMost = 100
	// followMost bounds the suppressions of one turn.
	followMost = 50
	// remembered is how long a suppression that is over is looked at again should the clock be set
	// back.
	remembered = 48 * time.Hour
	// keepSuppressions is how long one is kept after its end.
	keepSuppressions = 400 * 24 * time.Hour
)

// FollowSuppressions hides what a shelf or window has begun to hide, and brings back what none
// hides any more, for the suppressions that are due; it returns their number, at most 50 at a time.
// Only for system scopes. A shelf that was made in the future, before the clock was set back, ends:
// too early is safe, too late is not.
func (v View) FollowSuppressions(ctx context.Context, now time.Time) (int, error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	return v.followDue(ctx, now)
}

func (v View) followDue(ctx context.Context, now time.Time) (int, error) {
	var due []g.Suppression
	err := store.Each(ctx, v.s.Reg, "SELECT "+suppressionColumns+" FROM suppressions WHERE due > 0 "+
		"AND (due <= ? OR looked > ?) ORDER BY due, id LIMIT ?",
		[]any{store.Micros(now), store.Micros(now.Add(setBack)), followMost},
		func(scan func(...any) error) error {
			s, err := v.r.scanSuppression(scan)
			due = append(due, s)
			return err
		})
	if err != nil {
		return 0, fmt.Errorf("find suppressions that are due: %w", err)
	}
	for _, s := range due {
		if err := v.follow(ctx, s, now); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// follow does what one suppression has made due.
func (v View) follow(ctx context.Context, s g.Suppression, now time.Time) error {
	if s.Kind == g.Shelf && s.From.After(now.Add(setBack)) && s.Ended.IsZero() {
		return v.s.Write(ctx, func(t *store.Tx) error {
			again, err := v.r.suppression(ctx, t, s.ID)
			if err != nil || again.Version != s.Version {
				return err
			}
			again.Ended = now
			_, err = v.saveSuppression(ctx, t, again)
			return err
		})
	}
	c, err := v.coverOf(ctx, v.s.Reg, s)
	if err != nil {
		return err
	}
	ids, err := v.touched(ctx, c, now)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(ids, coverMost) {
		if err := v.coverAll(ctx, s, part, now); err != nil {
			return err
		}
	}
	return v.followed(ctx, c, now)
}

// followed notes when a suppression is to be looked at next.
func (v View) followed(ctx context.Context, c cover, now time.Time) error {
	next := c.next(now)
	due := int64(0)
	switch forgotten := c.End().Add(remembered); {
	case !next.IsZero():
		due = store.Micros(next)
	case now.Before(forgotten):
		due = store.Micros(forgotten)
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		var looked int64
		err := t.Row(ctx, "SELECT looked FROM suppressions WHERE id = ? AND version = ?",
			string(c.ID), c.Version).Scan(&looked)
		if errors.Is(err, sql.ErrNoRows) { // somebody has changed it meanwhile
			return nil
		}
		if err != nil {
			return fmt.Errorf("read when it was looked at: %w", err)
		}
		_, err = t.Exec(ctx, "UPDATE suppressions SET due = ?, looked = ? WHERE id = ?", due,
			store.Micros(now), string(c.ID))
		if err != nil {
			return fmt.Errorf("note what was looked at: %w", err)
		}
		return v.r.tellTurn(ctx, t, c, looked)
	})
}

// touched are the unresolved alerts that a suppression hides, and those that it may come to hide.
func (v View) touched(
	ctx context.Context, c cover, now time.Time,
) (ids []g.AlertID, err error) {
	var w store.Where
	w.And("state IN ('open', 'acknowledged')")
	either := "hidden = ?"
	args := []any{string(c.ID)}
	if _, _, holds := c.span(now); holds {
		more, also := c.may()
		either += " OR (hidden = ''" + more + ")"
		args = append(args, also...)
	}
	w.And("school = ?", string(c.School))
	w.And("("+either+")", args...)
	err = store.Each(ctx, v.s.Reg, "SELECT id FROM alerts"+w.String()+" ORDER BY opened, id", w.Args,
		func(scan func(...any) error) error {
			var id g.AlertID
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("find what a suppression is for: %w", err)
	}
	return ids, nil
}

// may narrows the alerts on the wall to those that the suppression may hide.
func (c cover) may() (cond string, args []any) {
	and := func(column string, list []any) {
		if len(list) > 0 {
			cond += " AND " + column + " IN (" + store.Marks(len(list)) + ")"
			args = append(args, list...)
		}
	}
	if c.Kind == g.Shelf && len(c.Rules) == 0 {
		and("id", []any{string(c.Alert)})
		return cond, args
	}
	and("rule", store.Anys(c.Rules))
	and("device", store.Anys(c.Devices))
	if c.Kind == g.Shelf {
		and("zone", store.Anys(c.Zones))
		return cond, args
	}
	if c.zones != nil {
		var zones []g.ZoneID
		for z := range c.zones {
			zones = append(zones, z)
		}
		if len(zones) == 0 { // of buildings without rooms
			return " AND 1 = 0", nil
		}
		slices.Sort(zones)
		and("zone", store.Anys(zones))
	}
	return cond, args
}

// coverAll hides or brings back some alerts, in one transaction.
func (v View) coverAll(
	ctx context.Context, s g.Suppression, ids []g.AlertID, now time.Time,
) error {
	return v.s.Write(ctx, func(t *store.Tx) error {
		type row struct {
			g.Alert
			seq uint64
		}
		var rows []row
		var found []g.Alert
		since := now
		err := store.Each(ctx, t, "SELECT "+alertColumns+" FROM alerts WHERE id IN ("+
			store.Marks(len(ids))+") ORDER BY opened, id", store.Anys(ids),
			func(scan func(...any) error) error {
				a, seq, err := v.r.scanAlert(scan)
				rows, found = append(rows, row{a, seq}), append(found, a)
				if a.Hidden.Suppression != "" {
					since = earliest(since, a.Hidden.Since)
				}
				return err
			})
		if err != nil {
			return fmt.Errorf("find alerts: %w", err)
		}
		all, err := v.coversIn(ctx, t, s.School, since, found)
		if err != nil {
			return err
		}
		for _, x := range rows {
			if _, err := v.catchUp(ctx, t, x.seq, x.Alert, all, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// DevicesMoved has the windows of places looked at again: what was carried out of a room that is
// worked on is not hidden any more. Only for system scopes.
func (v View) DevicesMoved(ctx context.Context) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	n := 0
	const placed = " WHERE placed = 1 AND due > 0 AND ends > ?"
	now := store.Micros(v.r.s.Now())
	err := v.s.Reg.Row(ctx, "SELECT COUNT(*) FROM suppressions"+placed, now).Scan(&n)
	if err != nil {
		return fmt.Errorf("count windows: %w", err)
	}
	if n == 0 {
		return nil
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "UPDATE suppressions SET due = 1"+placed, now)
		if err != nil {
			return fmt.Errorf("have windows looked at: %w", err)
		}
		return nil
	})
}

// ForgetSuppressions deletes suppressions that ended 400 days before a time, at most 1000 per call;
// only for system scopes. The audit log keeps who made them.
func (v View) ForgetSuppressions(ctx context.Context, now time.Time) (n int64, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return 0, err
	}
	before := store.Micros(now.Add(-keepSuppressions))
	old := 0
	err = v.s.Reg.Row(ctx, "SELECT COUNT(*) FROM suppressions WHERE due = 0 AND ends < ?",
		before).Scan(&old)
	if err != nil || old == 0 {
		return 0, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		n, err = t.Exec(ctx, "DELETE FROM suppressions WHERE id IN (SELECT id FROM suppressions "+
			"WHERE due = 0 AND ends < ? LIMIT ?)", before, store.MaxLimit)
		if err != nil {
			return fmt.Errorf("forget suppressions: %w", err)
		}
		return nil
	})
	return n, err
}
