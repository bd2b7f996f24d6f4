package musters

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Tick adds what somebody ticked. Ticks can be sent again: those that are there already change
// nothing. Those of people who are not of the school, or not any more, are left out and returned.
func (v View) Tick(
	ctx context.Context, id g.MusterID, ticks []g.MusterTick,
) (strange []g.PersonID, err error) {
	in, err := v.s.Reach(ctx, g.LockdownRaise)
	if err != nil {
		return nil, err
	}
	if err := check(ticks); err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		x, err := v.r.muster(ctx, t, in, id)
		if err != nil {
			return err
		}
		if !x.Closed.IsZero() && t.Now.Sub(x.Closed) > TakenFor {
			return g.Errorf(g.Conflict,
				"the muster was closed on %s: ticks are taken for %d days after that",
				x.Closed.Format("2006-01-02"), int(TakenFor.Hours()/24))
		}
		known, err := ofSchool(ctx, t, x.School, ticks)
		if err != nil {
			return err
		}
		if err := room(ctx, t, id, len(ticks)); err != nil {
			return err
		}
		strange = nil
		added := int64(0)
		for _, k := range ticks {
			if !known[k.Person] {
				strange = append(strange, k.Person)
				continue
			}
			if k.At.IsZero() {
				k.At = t.Now
			}
			n, err := t.Exec(ctx, "INSERT INTO muster_ticks (muster, id, person, word, at, actor, received) "+
				"VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", string(id), k.ID, string(k.Person),
				string(k.Word), store.Micros(k.At), v.s.Scope.Actor, store.Micros(t.Now))
			if err != nil {
				return fmt.Errorf("write tick: %w", err)
			}
			added += n
		}
		if added == 0 {
			return nil
		}
		t.Change(change.Muster, x.School, string(id))
		return v.s.Audit(ctx, t, x.School, "muster.tick", string(id))
	})
	return strange, err
}

func check(ticks []g.MusterTick) error {
	if len(ticks) == 0 || len(ticks) > MaxRoll {
		return g.FieldErrorf("ticks", "a roll has 1 to %d people", MaxRoll)
	}
	for i, k := range ticks {
		switch {
		case !g.ValidID(k.ID):
			return g.FieldErrorf(fmt.Sprintf("ticks[%d].id", i), "%q is no id", k.ID)
		case !slices.Contains(g.TickWords(), k.Word):
			return g.FieldErrorf(fmt.Sprintf("ticks[%d].word", i), "%q is no word; use one of %v", k.Word,
				g.TickWords())
		}
	}
	return nil
}

// ofSchool are those of the ticked people who are of the school.
func ofSchool(
	ctx context.Context, t *store.Tx, school g.SchoolID, ticks []g.MusterTick,
) (map[g.PersonID]bool, error) {
	ids := make([]g.PersonID, len(ticks))
	for i, k := range ticks {
		ids[i] = k.Person
	}
	whose, err := people.Whose(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	out := map[g.PersonID]bool{}
	for id, p := range whose {
		out[id] = p.School == school
	}
	return out, nil
}

// room refuses more ticks than a muster keeps.
func room(ctx context.Context, t *store.Tx, id g.MusterID, more int) error {
	n := 0
	err := t.Row(ctx, "SELECT COUNT(*) FROM muster_ticks WHERE muster = ?", string(id)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count ticks: %w", err)
	}
	if n+more > MaxTicks {
		return g.Errorf(g.TooLarge, "a muster keeps at most %d ticks", MaxTicks)
	}
	return nil
}
