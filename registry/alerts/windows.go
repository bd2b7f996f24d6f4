package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of a school's suppressions, and of what one names.
const (
	MaxSuppressions = 500 // that are not over
	MaxNamed        = 200 // rules, devices, zones, buildings or properties
)

// PutWindow writes a maintenance window; an empty ID makes one. It begins at the earliest now. One
// that has begun keeps its beginning, and one that is over is not written any more.
func (v View) PutWindow(
	ctx context.Context, s g.Suppression, by g.User,
) (SuppressionRow, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return SuppressionRow{}, err
	}
	if err := v.s.InSchool(ctx, in, s.School); err != nil {
		return SuppressionRow{}, err
	}
	// What it has hidden until now stands in the alerts' history, however long ago that was looked at.
	if _, err := v.followDue(ctx, v.r.s.Now()); err != nil {
		return SuppressionRow{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		u, err := access.Acting(ctx, v.access, t, by)
		if err != nil {
			return err
		}
		now := store.Moment(store.Micros(t.Now))
		next, was, err := v.windowBefore(ctx, t, s, u, now)
		if err != nil {
			return err
		}
		if err := v.checkWindow(ctx, t, next, was, now); err != nil {
			return err
		}
		if s, err = v.saveSuppression(ctx, t, next); err != nil {
			return err
		}
		var old any
		if was.ID != "" {
			old = was
		}
		return v.s.AuditChanges(ctx, t, s.School, "window.put", string(s.ID), old, s)
	})
	if err != nil {
		return SuppressionRow{}, err
	}
	return v.Suppression(ctx, s.ID)
}

// windowBefore takes over what is not for the writer to say: who made a window and when it began.
// was has no ID for a new one.
func (v View) windowBefore(
	ctx context.Context, t *store.Tx, s g.Suppression, by g.User, now time.Time,
) (next, was g.Suppression, err error) {
	next = s
	next.Kind, next.Alert = g.Window, ""
	next.Ended, next.Ender, next.EnderName = time.Time{}, "", ""
	next.From, next.Until = store.Moment(store.Micros(s.From)), store.Moment(store.Micros(s.Until))
	if next.UpTo == "" {
		next.UpTo = g.Major
	}
	if s.ID == "" {
		next.ID = g.SuppressionID(g.NewID("sup"))
		next.Made, next.By, next.ByName, next.Version = now, by.ID, by.FullName, 0
		if next.From.Before(now) {
			next.From = now
		}
		return next, was, v.room(ctx, t, s.School)
	}
	was, err = v.r.suppression(ctx, t, s.ID)
	switch {
	case err != nil:
		return next, was, err
	case was.School != s.School:
		return next, was, store.NotFound("suppression", string(s.ID))
	case was.Kind != g.Window:
		return next, was, g.Errorf(g.Conflict, "this is a shelf: shelve the alert again instead")
	case !was.End().After(now):
		return next, was, g.Errorf(g.Conflict, "the window is over: make a new one")
	case !was.From.After(now):
		next.From = was.From
	case next.From.Before(now):
		next.From = now
	}
	next.Made, next.By, next.ByName, next.Version = was.Made, was.By, was.ByName, was.Version
	return next, was, nil
}

// room refuses a further suppression where a school has as many as are kept.
func (v View) room(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	n := 0
	err := t.Row(ctx, "SELECT COUNT(*) FROM suppressions WHERE school = ? AND ends > ?",
		string(school), store.Micros(t.Now)).Scan(&n)
	if err != nil {
		return fmt.Errorf("count suppressions: %w", err)
	}
	if n >= MaxSuppressions {
		return g.Errorf(g.TooLarge, "a school has at most %d shelves and windows that are not "+
			"over: end one before", MaxSuppressions)
	}
	return nil
}

// checkWindow refuses a window that hides too much, for too long, or what is not there.
func (v View) checkWindow(
	ctx context.Context, t *store.Tx, s, was g.Suppression, now time.Time,
) error {
	if err := store.CheckReason("reason", s.Reason); err != nil {
		return err
	}
	if !slices.Contains(g.Severities(), s.UpTo) {
		return g.FieldErrorf("up_to", "%q is no severity; use some of %v", s.UpTo, g.Severities())
	}
	if err := checkTimes(s, now); err != nil {
		return err
	}
	if err := checkNamed(s); err != nil {
		return err
	}
	if s.UpTo == g.Critical {
		if err := v.mayHideCritical(s); err != nil {
			return err
		}
	}
	if s.Weekly != nil {
		school, err := places.SchoolRow(ctx, t, s.School)
		if err != nil {
			return err
		}
		if _, err := weekly(s, school.Location()); err != nil {
			return g.FieldErrorf("weekly", "give days out of %v, and start and end as HH:MM",
				g.Weekdays())
		}
	}
	return v.hasNamed(ctx, t, s, was)
}

func checkTimes(s g.Suppression, now time.Time) error {
	most := g.MaxWindow
	if s.Weekly != nil {
		most = g.MaxWeekly
	}
	switch {
	case !s.Until.After(s.From) || !s.Until.After(now):
		return g.FieldErrorf("until", "the window ends before it begins, or is over already")
	case s.Until.Sub(s.From) > most:
		return g.FieldErrorf("until", "the window is longer than %d days: make it shorter, or "+
			"weekly", int(most/(24*time.Hour)))
	case s.Weekly != nil && s.Weekly.Start == s.Weekly.End:
		return g.FieldErrorf("weekly", "start and end are the same: leave weekly away for a window "+
			"that goes on day and night")
	}
	return nil
}

// checkNamed refuses a window that would hide everything.
func checkNamed(s g.Suppression) error {
	for field, n := range map[string]int{
		"rules":      len(s.Rules),
		"devices":    len(s.Devices),
		"zones":      len(s.Zones),
		"buildings":  len(s.Buildings),
		"properties": len(s.Properties),
	} {
		if n > MaxNamed {
			return g.FieldErrorf(field, "%d entries; at most %d are kept", n, MaxNamed)
		}
	}
	if len(s.Rules)+len(s.Devices)+len(s.Zones)+len(s.Buildings) == 0 {
		return g.FieldErrorf("devices", "name what is worked on: devices, zones, buildings or rules")
	}
	for _, list := range [][]string{s.Properties, plain(s.Rules)} {
		for _, name := range list {
			if name == "" || utf8.RuneCountInString(name) > 129 {
				return g.FieldErrorf("rules", "a rule or property has a name of 1 to 129 characters")
			}
		}
	}
	return nil
}

func plain[T ~string](list []T) (out []string) {
	for _, x := range list {
		out = append(out, string(x))
	}
	return out
}

// mayHideCritical lets critical alerts be hidden only by who has the right to, for a day, and only
// where the rules or devices are named: a fire next to what is worked on rings.
func (v View) mayHideCritical(s g.Suppression) error {
	switch {
	case !v.s.Can(g.AlertsSuppress):
		return needsSuppress()
	case len(s.Rules)+len(s.Devices) == 0:
		return g.FieldErrorf("up_to", "what is critical is hidden only of rules or devices that are "+
			"named: name them, or leave up_to at major")
	case s.Weekly != nil || s.Until.Sub(s.From) > g.MaxCriticalWindow:
		return g.FieldErrorf("up_to", "what is critical is hidden for %d hours at most, and not "+
			"each week", int(g.MaxCriticalWindow/time.Hour))
	}
	return nil
}

// EndSuppression ends a shelf or window now; one that has not begun is cancelled. What it hid is
// told again if nobody has it in hand.
func (v View) EndSuppression(
	ctx context.Context, id g.SuppressionID, by g.User,
) (SuppressionRow, error) {
	in, err := v.s.Reach(ctx, g.AlertsWrite)
	if err != nil {
		return SuppressionRow{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		old, err := v.r.suppression(ctx, t, id)
		if err != nil {
			return err
		}
		if err := in.Owns(old.School, "suppression", string(id)); err != nil {
			return err
		}
		u, err := access.Acting(ctx, v.access, t, by)
		if err != nil {
			return err
		}
		now := store.Moment(store.Micros(t.Now))
		if !old.End().After(now) {
			return g.Errorf(g.Conflict, "this shelf or window is over already")
		}
		s := old
		s.Ended, s.Ender, s.EnderName = now, u.ID, u.FullName
		if s, err = v.saveSuppression(ctx, t, s); err != nil {
			return err
		}
		return v.s.AuditChanges(ctx, t, s.School, "window.end", string(id), old, s)
	})
	if err != nil {
		return SuppressionRow{}, err
	}
	return v.Suppression(ctx, id)
}
