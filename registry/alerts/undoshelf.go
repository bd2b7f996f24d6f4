package alerts

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// shelving is what shelving an alert, or taking its shelf back, changed besides the alert itself.
type shelving struct {
	Before g.Suppression `json:"before"` // the shelf; its version is 0 if it was made
	Was    g.Hiding      `json:"was"`    // what had hidden the alert
	Is     g.Hiding      `json:"is"`
}

// notByOurs forgets of alerts that a shelf hid which the same batch had made for another one: undone
// with it, nothing hides them.
func notByOurs(all []undoable) []undoable {
	made := map[g.SuppressionID]bool{}
	for _, x := range all {
		if x.Shelf != nil && x.Shelf.Before.Version == 0 {
			made[x.Shelf.Before.ID] = true
		}
	}
	for _, x := range all {
		if x.Shelf != nil && made[x.Shelf.Was.Suppression] {
			x.Shelf.Was = g.Hiding{}
		}
	}
	return all
}

// offShelf undoes shelving as far as the alert is concerned. Nobody is told again by this, since
// nobody was told otherwise. touched are the batch's shelves, which takeShelvesBack sees to.
func (v View) offShelf(
	ctx context.Context, t *store.Tx, l *life, x shelving, touched map[g.SuppressionID]bool,
) error {
	if l.Hidden != x.Is {
		return g.Errorf(g.Conflict, "the alert has changed since: it is %s now", l.State)
	}
	l.Hidden = x.Was
	if touched[l.Hidden.Suppression] {
		return nil
	}
	if l.Hidden.Suppression == "" {
		l.Returned = l.now
	}
	all, err := v.coversOf(ctx, t, l.Alert, l.now)
	if err != nil {
		return err
	}
	all.all = slices.DeleteFunc(all.all, func(c cover) bool { return touched[c.ID] })
	l.cover(all, l.now) // a window may have begun meanwhile, or what had hidden it have ended
	return nil
}

func touchedBy(all []undoable) map[g.SuppressionID]bool {
	out := map[g.SuppressionID]bool{}
	for _, x := range all {
		if x.Shelf != nil {
			out[x.Shelf.Is.Suppression] = true
		}
	}
	return out
}

// takeShelvesBack ends the shelves that a batch made, and makes those as before that it made longer.
// A shelf whose own alert could not be undone stays.
func (v View) takeShelvesBack(
	ctx context.Context, t *store.Tx, by g.User, all []undoable, outcomes []Outcome,
) error {
	seen := map[g.SuppressionID]bool{}
	for i, x := range all {
		if x.Shelf == nil || seen[x.Shelf.Is.Suppression] {
			continue
		}
		seen[x.Shelf.Is.Suppression] = true
		if outcomes[i].Err != nil {
			continue
		}
		s, err := v.r.suppression(ctx, t, x.Shelf.Is.Suppression)
		if err != nil {
			return err
		}
		if before := x.Shelf.Before; before.Version > 0 {
			s.Until, s.Reason, s.By, s.ByName = before.Until, before.Reason, before.By, before.ByName
		} else {
			s.Ended = store.Moment(store.Micros(t.Now))
			s.Ender, s.EnderName = by.ID, by.FullName
		}
		if _, err := v.saveSuppression(ctx, t, s); err != nil {
			return err
		}
	}
	return nil
}

// backOnShelf undoes taking a shelf back as far as the alert is concerned; what it hid otherwise comes
// with openShelves. A shelf that would be over by now stays taken back.
func (v View) backOnShelf(ctx context.Context, t *store.Tx, l *life, x shelving) error {
	if l.Hidden != x.Is {
		return g.Errorf(g.Conflict, "the alert has changed since: it is %s now", l.State)
	}
	s, err := v.r.suppression(ctx, t, x.Was.Suppression)
	if err != nil {
		return err
	}
	if !l.now.Before(s.Until) {
		return g.Errorf(g.Conflict, "its shelf would have ended meanwhile: shelve it anew")
	}
	l.Hidden = x.Was
	l.Hidden.Set = l.now // as openShelves has it
	return nil
}

// endShelves ends the shelves from which a batch has taken alerts.
func (v View) endShelves(ctx context.Context, t *store.Tx, by g.User, all []undoable) error {
	for _, x := range all {
		if x.Unshelved == nil {
			continue
		}
		if err := v.endShelf(ctx, t, x.Unshelved.Was.Suppression, by); err != nil {
			return err
		}
	}
	return nil
}

// openShelves makes shelves that a batch took back hold again until their former end, with their
// owner and reason, where at least one of their alerts could be put back.
func (v View) openShelves(
	ctx context.Context, t *store.Tx, all []undoable, outcomes []Outcome,
) error {
	for i, x := range all {
		if x.Unshelved == nil || outcomes[i].Err != nil {
			continue
		}
		s, err := v.r.suppression(ctx, t, x.Unshelved.Was.Suppression)
		if err != nil {
			return err
		}
		if s.Ended.IsZero() {
			continue // opened for another alert
		}
		s.Ended, s.Ender, s.EnderName = time.Time{}, "", ""
		if _, err := v.saveSuppression(ctx, t, s); err != nil {
			return err
		}
	}
	return nil
}
