package visits

import (
	"context"
	"fmt"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Owed is a visit at which the gateway has to look.
type Owed struct {
	g.Visit
	Person g.PersonID // who comes, once they are approved
	Ended  bool       // it was over for Keep: it is to be forgotten

	due int64
}

// Due returns at most limit visits at which the gateway has to look at a time, the longest due
// first; only for system scopes.
func (v View) Due(ctx context.Context, now time.Time, limit int) ([]Owed, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	out := []Owed{}
	err := store.Each(ctx, v.s.Reg, columns+" WHERE due > 0 AND due <= ? ORDER BY due, id LIMIT ?",
		[]any{store.Micros(now), limit}, func(scan func(...any) error) error {
			k, err := v.r.scan(ctx, v.s.Reg, scan)
			x := Owed{
				Visit: at(k.Visit, now),
				Ended: k.State != g.VisitOnSite && now.Sub(k.To) >= Keep,
				due:   k.due,
			}
			if len(k.Guests) > 0 {
				x.Person = k.Guests[0].Person
			}
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list visits that are due: %w", err)
	}
	return out, nil
}

// Settle notes that the gateway has looked at a visit and, with asked, when it asked the host. One
// that has changed meanwhile stays due. Only for system scopes.
func (v View) Settle(ctx context.Context, x Owed, asked time.Time) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.r.visit(ctx, t, store.Reach{All: true}, x.ID)
		if g.ErrorCode(err) == g.NotFound || err == nil && k.due != x.due {
			return nil
		}
		if err != nil {
			return err
		}
		if !asked.IsZero() {
			k.HostAsked = store.Moment(store.Micros(asked))
		}
		if err := v.rebar(ctx, t, &k); err != nil {
			return err
		}
		return v.write(ctx, t, k, store.Micros(next(k.Visit, t.Now)))
	})
}

// again is how often the gateway looks whether somebody is still barred.
const again = 10 * time.Minute

// next is when the gateway has to look at a visit next.
func next(x g.Visit, now time.Time) time.Time {
	if x.State == g.VisitOnSite {
		if now.Before(x.To) {
			return x.To.Add(time.Microsecond)
		}
		return time.Time{} // until they have left
	}
	at := x.To.Add(Keep)
	if soon := now.Add(again); x.Barred && soon.Before(at) {
		return soon
	}
	return at
}

// Forget deletes a visit with those who came; only for system scopes. It keeps who is on site.
func (v View) Forget(ctx context.Context, id g.VisitID) error {
	if err := v.s.OnlySystem(); err != nil {
		return err
	}
	err := v.s.Write(ctx, func(t *store.Tx) error {
		k, err := v.r.visit(ctx, t, store.Reach{All: true}, id)
		if g.ErrorCode(err) == g.NotFound || err == nil && k.State == g.VisitOnSite {
			return nil
		}
		if err != nil {
			return err
		}
		for _, x := range k.Guests {
			if err := people.ForgetGuest(ctx, v.people, t, k.School, x.Person); err != nil {
				return err
			}
		}
		if _, err := t.Exec(ctx, "DELETE FROM visits WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("delete visit: %w", err)
		}
		return nil
	})
	if err == nil {
		v.s.Forget(ctx)
	}
	return err
}
