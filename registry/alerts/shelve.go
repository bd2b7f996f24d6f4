package alerts

import (
	"context"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Shelve takes an alert off the wall for a time, for a reason, although it may fire: it is not
// counted and nobody is called, until the shelf ends or somebody takes it back. What the same rule
// finds at the same device or in the same zone meanwhile is shelved as well. What becomes more
// severe comes back at once.
//
// What is critical may be somebody's life: it is shelved for an hour at most, and only by who has
// [g.AlertsSuppress] besides. A guard alone with a detector that is broken acknowledges it, or
// silences it until it ends, and both ring again when it fires again; a shelf does not.
func (v View) Shelve(
	ctx context.Context, id g.AlertID, version int, by g.User, long time.Duration, reason string,
) (g.Alert, error) {
	if err := store.CheckReason("reason", reason); err != nil {
		return g.Alert{}, err
	}
	return v.onShelf(ctx, id, version, by, "alert.shelve",
		func(t *store.Tx, l *life) error { return v.shelve(ctx, t, l, long, reason) })
}

// shelve puts an alert on a shelf of its own, or makes the one longer on which it lies.
func (v View) shelve(
	ctx context.Context, t *store.Tx, l *life, long time.Duration, reason string,
) error {
	if err := v.mayShelve(l.Alert, long); err != nil {
		return err
	}
	s, err := v.shelfOf(ctx, t, l)
	if err != nil {
		return err
	}
	l.shelf = &shelving{
		Before: s,
		Was:    l.Hidden,
	}
	s.Reason, s.By, s.ByName = reason, l.who.ID, l.who.FullName
	s.Until = l.now.Add(long)
	if s, err = v.saveSuppression(ctx, t, s); err != nil {
		return err
	}
	l.Hidden = g.Hiding{
		Suppression: s.ID,
		Kind:        g.Shelf,
		Reason:      reason,
		By:          s.By,
		ByName:      s.ByName,
		Since:       sinceOf(l.Hidden, s.ID, l.now),
		Until:       s.Until,
		Set:         s.Changed,
	}
	l.shelf.Is = l.Hidden
	l.note(Entry{
		What:    WasShelved,
		Comment: reason,
		Until:   s.Until,
	})
	return nil
}

// Unshelve takes a shelf back by hand: what it hid is told again if nobody has it in hand.
func (v View) Unshelve(
	ctx context.Context, id g.AlertID, version int, by g.User, comment string,
) (g.Alert, error) {
	if err := comments(comment, false); err != nil {
		return g.Alert{}, err
	}
	return v.onShelf(ctx, id, version, by, "alert.unshelve",
		func(t *store.Tx, l *life) error {
			if err := v.unshelve(ctx, t, l, comment); err != nil {
				return err
			}
			return v.endShelf(ctx, t, l.unshelved.Was.Suppression, l.who)
		})
}

// unshelve takes an alert from the shelf on which it lies. The shelf itself ends by endShelf, once
// that is done for all alerts which are taken from it.
func (v View) unshelve(ctx context.Context, t *store.Tx, l *life, comment string) error {
	if l.Hidden.Kind != g.Shelf || !l.Unresolved() {
		return g.Errorf(g.Conflict, "the alert is not shelved")
	}
	l.unshelved = &shelving{Was: l.Hidden}
	all, err := v.coversIn(ctx, t, l.School, l.now, []g.Alert{l.Alert})
	if err != nil {
		return err
	}
	all.all = slices.DeleteFunc(all.all, func(c cover) bool { return c.ID == l.Hidden.Suppression })
	if comment != "" {
		l.note(Entry{
			What:    WasCommented,
			Comment: comment,
		})
	}
	l.cover(all, l.now)
	l.settle()
	l.unshelved.Is = l.Hidden
	return nil
}

// endShelf ends a shelf now, unless it has ended.
func (v View) endShelf(ctx context.Context, t *store.Tx, id g.SuppressionID, by g.User) error {
	s, err := v.r.suppression(ctx, t, id)
	if err != nil || !s.Ended.IsZero() {
		return err
	}
	s.Ended = store.Moment(store.Micros(t.Now))
	s.Ender, s.EnderName = by.ID, by.FullName
	_, err = v.saveSuppression(ctx, t, s)
	return err
}

// onShelf changes an alert with its shelf, in one transaction, audited.
func (v View) onShelf(
	ctx context.Context, id g.AlertID, version int, by g.User, deed string,
	change func(*store.Tx, *life) error,
) (g.Alert, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return g.Alert{}, err
	}
	var a g.Alert
	err = v.s.Write(ctx, func(t *store.Tx) error {
		u, err := v.acting(ctx, t, in, id, by)
		if err != nil {
			return err
		}
		var was g.Hiding
		l, err := v.answerIn(ctx, t, in, id, version, u, func(l *life) error {
			was = l.Hidden
			return change(t, l)
		})
		if err != nil {
			return err
		}
		a = l.Alert
		return v.s.AuditChanges(ctx, t, a.School, deed, string(id), was, a.Hidden)
	})
	if err != nil {
		return g.Alert{}, err
	}
	return a, nil
}

// mayShelve refuses to shelve an alert for longer, or by fewer rights, than its severity asks.
func (v View) mayShelve(a g.Alert, long time.Duration) error {
	most := a.Severity.MaxShelf()
	switch {
	case !a.Unresolved():
		return g.Errorf(g.Conflict, "the alert is %s already", a.State)
	case a.Rule == g.UnansweredRule:
		return g.Errorf(g.Conflict, "this says that other alerts wait for an answer: answer them")
	case a.Severity == g.Critical && !v.s.Can(g.AlertsSuppress):
		return needsSuppress()
	case long < time.Minute || long > most:
		return g.FieldErrorf("minutes", "a %s alert is shelved for between 1 and %d minutes",
			a.Severity, int(most/time.Minute))
	}
	return nil
}

func needsSuppress() error {
	return g.Errorf(g.Forbidden, "what is critical is hidden only by who has the permission %s: "+
		"acknowledge it, or ask an administrator", g.AlertsSuppress).Because("needs_suppress")
}

// shelfOf is the shelf on which an alert lies, or a new one for it.
func (v View) shelfOf(ctx context.Context, t *store.Tx, l *life) (g.Suppression, error) {
	if l.Hidden.Kind == g.Shelf {
		s, err := v.r.suppression(ctx, t, l.Hidden.Suppression)
		// a shelf of what is critical is not made longer than an hour by what lies beside it
		if err != nil || s.UpTo.MaxShelf() == l.Severity.MaxShelf() {
			return s, err
		}
	}
	if err := v.room(ctx, t, l.School); err != nil {
		return g.Suppression{}, err
	}
	s := g.Suppression{
		ID:     g.SuppressionID(g.NewID("sup")),
		School: l.School,
		Kind:   g.Shelf,
		Made:   l.now,
		From:   l.now,
		UpTo:   l.Severity,
		Alert:  l.ID,
	}
	switch {
	case l.Person != "" || l.Sighting != "":
	case l.Device != "":
		s.Rules, s.Devices = []g.RuleID{l.Rule}, []g.DeviceID{l.Device}
	case l.Zone != "":
		s.Rules, s.Zones = []g.RuleID{l.Rule}, []g.ZoneID{l.Zone}
	}
	return s, nil
}

// sinceOf is since when a suppression hides an alert.
func sinceOf(h g.Hiding, id g.SuppressionID, now time.Time) time.Time {
	if h.Suppression == id {
		return h.Since
	}
	return now
}
