package timetable

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MaxChanges is how many changes of one day a school keeps.
const MaxChanges = 2000

// Changes lists the changes of a school's days, or, without a school, of all in scope, from a day to
// another, which is included; by day.
func (v View) Changes(ctx context.Context, school g.SchoolID, from, to string) ([]g.PatternChange, error) {
	return list[g.PatternChange](ctx, v, school, "SELECT body FROM pattern_changes", "date, id",
		"date >= ?", from, "date <= ?", to)
}

func changed(ctx context.Context, c store.Conn, id g.PatternChangeID) (g.PatternChange, error) {
	x, err := body[g.PatternChange](c.Row(ctx, "SELECT body FROM pattern_changes WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "pattern_change", string(id))
	}
	return x, nil
}

// PutChange changes what a pattern makes on a day; it takes the place of what was said of that day
// and period before.
func (v View) PutChange(ctx context.Context, x g.PatternChange) (g.PatternChange, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return x, err
	}
	of, err := pattern(ctx, v.s.Reg, x.Pattern)
	if err != nil {
		return x, err
	}
	if err := in.Owns(of.School, "pattern", string(x.Pattern)); err != nil {
		return x, err
	}
	x.School, x.ID, x.By = of.School, x.Key(), v.s.Actor
	if err := checkChange(x, of); err != nil {
		return x, err
	}
	if err := v.zones(ctx, x.School, x.Zones); err != nil {
		return x, err
	}
	if err := v.persons(ctx, x.School, x.Persons); err != nil {
		return x, err
	}
	return x, v.s.Write(ctx, func(t *store.Tx) error { return v.putChange(ctx, t, x) })
}

func (v View) putChange(ctx context.Context, t *store.Tx, x g.PatternChange) error {
	today, err := v.today(ctx, t, x.School)
	if err != nil {
		return err
	}
	if x.Date < today.String() {
		return g.FieldErrorf("date", "days that are over stay as they were: give today (%s) or a later day", today)
	}
	had, err := changed(ctx, t, x.ID)
	before, err := store.Before(had, had.School, err, x.School, "pattern_change", string(x.ID))
	if err != nil {
		return err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, "INSERT INTO pattern_changes (id, school, date, body) VALUES (?, ?, ?, ?) "+
		"ON CONFLICT (id) DO UPDATE SET body = excluded.body", string(x.ID), string(x.School), x.Date, string(b))
	if err != nil {
		return fmt.Errorf("write change: %w", err)
	}
	n := 0
	err = t.Row(ctx, "SELECT COUNT(*) FROM pattern_changes WHERE school = ? AND date = ?", string(x.School),
		x.Date).Scan(&n)
	if err == nil && n > MaxChanges {
		err = g.Errorf(g.TooLarge, "a school keeps at most %d of these: delete one before", MaxChanges)
	}
	if err != nil {
		return err
	}
	t.Change(change.Timetable, x.School, string(x.Pattern))
	return v.s.AuditChanges(ctx, t, x.School, "pattern_change.put", string(x.ID), before, x)
}

func checkChange(x g.PatternChange, of g.SessionPattern) error {
	if _, err := g.ParseDate(x.Date); err != nil {
		return g.FieldErrorf("date", "%v", err)
	}
	if x.Period != "" && !slices.Contains(of.Periods, x.Period) {
		return g.FieldErrorf("period", "it does not run in period %q: give one of %v, or none for all of the day",
			x.Period, of.Periods)
	}
	timed := x.Start+x.Due+x.End != ""
	if !x.Cancel && !timed && len(x.Zones)+len(x.ZoneKinds)+len(x.Persons) == 0 {
		return g.FieldErrorf("cancel", "it changes nothing: cancel it, or give times, a room or people")
	}
	if timed && !x.Cancel {
		if _, _, _, err := x.Offsets(); err != nil {
			return err
		}
		if x.Period == "" && len(of.Periods) > 1 {
			return g.FieldErrorf("period", "it runs in several periods: say which is at another time")
		}
	}
	return checkPlaces(x.Zones, x.ZoneKinds, x.Persons)
}

// DeleteChange takes a change of a day back, which is as the timetable says then.
func (v View) DeleteChange(ctx context.Context, id g.PatternChangeID) error {
	return v.s.Remove(ctx, g.AttendanceWrite, "pattern_changes", "pattern_change", string(id), change.Timetable,
		func(ctx context.Context, t *store.Tx) (any, error) { return changed(ctx, t, id) }, nil)
}

// within says of an error about a field of a part where the part is.
func within(at string, err error) error {
	var e *g.Error
	if !errors.As(err, &e) || e.Field == "" {
		return err
	}
	bare := *e
	bare.Field = at + "." + e.Field
	return &bare
}
