package timetable

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of patterns.
const (
	MaxPatterns = 12_000 // of a school, with those that ended less than keepDays ago
	MaxPeriods  = 20     // of a pattern, and of a template
	MaxPeriod   = 20     // characters of a period's name
	keepDays    = 400    // after its last day a pattern is forgotten with the next import
)

// Patterns lists all versions of a school's patterns, by ID and version.
func (v View) Patterns(ctx context.Context, school g.SchoolID) ([]g.SessionPattern, error) {
	return list[g.SessionPattern](ctx, v, school, "SELECT body FROM session_patterns", "id, version")
}

// list reads the bodies of a school's rows, or, without a school, of all in scope.
func list[T any](
	ctx context.Context, v View, school g.SchoolID, query, order string, conds ...string,
) ([]T, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(conds); i += 2 {
		w.And(conds[i], conds[i+1])
	}
	out := []T{}
	err = store.Each(ctx, v.s.Reg, query+w.String()+" ORDER BY "+order, w.Args,
		func(scan func(...any) error) error {
			x, err := body[T](scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list timetable: %w", err)
	}
	return out, nil
}

func body[T any](scan func(...any) error) (x T, err error) {
	var b []byte
	if err := scan(&b); err != nil {
		return x, err
	}
	return x, json.Unmarshal(b, &x)
}

func pattern(ctx context.Context, c store.Conn, id g.SessionPatternID) (g.SessionPattern, error) {
	x, err := body[g.SessionPattern](c.Row(ctx,
		"SELECT body FROM session_patterns WHERE id = ? ORDER BY version DESC LIMIT 1", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "pattern", string(id))
	}
	return x, nil
}

// Pattern returns the last version of a pattern.
func (v View) Pattern(ctx context.Context, id g.SessionPatternID) (g.SessionPattern, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return g.SessionPattern{}, err
	}
	x, err := pattern(ctx, v.s.Reg, id)
	if err != nil {
		return g.SessionPattern{}, err
	}
	return x, in.Owns(x.School, "pattern", string(id))
}

// Put writes a pattern, which holds from its From on, or from today where that is empty; one with
// an ID that is kept becomes its next version. Days that are over stay as they were: such a version
// begins today or later, and today where its From is that of the version before.
func (v View) Put(ctx context.Context, x g.SessionPattern) (g.SessionPattern, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return g.SessionPattern{}, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return g.SessionPattern{}, err
	}
	if err := v.checkPattern(ctx, x); err != nil {
		return g.SessionPattern{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		today, err := v.today(ctx, t, x.School)
		if err != nil {
			return err
		}
		var before any
		if x, before, err = v.put(ctx, t, today, x); err != nil {
			return err
		}
		if err := v.room(ctx, t, x.School); err != nil {
			return err
		}
		t.Change(change.Timetable, x.School, string(x.ID))
		return v.s.AuditChanges(ctx, t, x.School, "pattern.put", string(x.ID), before, x)
	})
	return x, err
}

// today is the school's date.
func (v View) today(ctx context.Context, t *store.Tx, school g.SchoolID) (g.Date, error) {
	s, err := places.SchoolRow(ctx, t, school)
	if err != nil {
		return g.Date{}, err
	}
	d, _, _ := g.DayOf(t.Now, s.Location())
	return d, nil
}

// put writes the first or next version of a pattern. Versions that had not begun by its first day
// hold on no day any more, and are removed.
func (v View) put(
	ctx context.Context, t *store.Tx, today g.Date, x g.SessionPattern,
) (out g.SessionPattern, before any, err error) {
	if x.From == "" {
		x.From = today.String()
	}
	if x.ID == "" {
		x.ID = g.SessionPatternID(g.NewID("pat"))
	}
	x.Version = 1
	had, err := pattern(ctx, t, x.ID)
	switch {
	case err == nil && had.School != x.School:
		return x, nil, store.NotFound("pattern", string(x.ID))
	case err == nil:
		before, x.Version = had, had.Version+1
		if x.From == had.From { // as it was: what is new is so from now on
			x.From = max(x.From, today.String())
		}
		if x.From < today.String() {
			return x, nil, g.FieldErrorf("from", "days that are over stay as they were: give today (%s) or a later day",
				today)
		}
	case g.ErrorCode(err) != g.NotFound:
		return x, nil, err
	}
	if x.To != "" && x.To < x.From {
		return x, nil, g.FieldErrorf("to", "it ends before it begins: give the last day, the same or a later one")
	}
	err = v.write(ctx, t, &x)
	return x, before, err
}

// write writes a version, with who said so and when, in place of those that never hold because of it.
func (v View) write(ctx context.Context, t *store.Tx, x *g.SessionPattern) error {
	x.By, x.Said = v.s.Actor, t.Now.UTC()
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	rows, err := versions(ctx, t, x.ID)
	if err != nil {
		return err
	}
	for _, old := range rows {
		if old.From < x.From {
			continue
		}
		_, err := t.Exec(ctx, "DELETE FROM session_patterns WHERE id = ? AND version = ?", string(x.ID), old.Version)
		if err != nil {
			return fmt.Errorf("delete pattern: %w", err)
		}
	}
	_, err = t.Exec(ctx, "INSERT INTO session_patterns (id, version, school, body) VALUES (?, ?, ?, ?)",
		string(x.ID), x.Version, string(x.School), string(b))
	if err != nil {
		return fmt.Errorf("write pattern: %w", err)
	}
	return nil
}

func versions(ctx context.Context, t *store.Tx, id g.SessionPatternID) (out []g.SessionPattern, err error) {
	err = store.Each(ctx, t, "SELECT body FROM session_patterns WHERE id = ? ORDER BY version",
		[]any{string(id)}, func(scan func(...any) error) error {
			x, err := body[g.SessionPattern](scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read pattern: %w", err)
	}
	return out, nil
}

// room refuses more patterns than a school may keep.
func (v View) room(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	n := 0
	err := t.Row(ctx, "SELECT COUNT(DISTINCT id) FROM session_patterns WHERE school = ?", string(school)).Scan(&n)
	if err == nil && n > MaxPatterns {
		err = g.Errorf(g.TooLarge, "a school keeps at most %d of these: delete one before", MaxPatterns)
	}
	return err
}

// End ends a pattern: it holds on no day from today on. One that has not begun is deleted.
func (v View) End(ctx context.Context, id g.SessionPatternID) error {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		had, err := pattern(ctx, t, id)
		if err != nil {
			return err
		}
		if err := in.Owns(had.School, "pattern", string(id)); err != nil {
			return err
		}
		today, err := v.today(ctx, t, had.School)
		if err != nil {
			return err
		}
		if err := v.end(ctx, t, today, had); err != nil {
			return err
		}
		t.Change(change.Timetable, had.School, string(id))
		return v.s.AuditChanges(ctx, t, had.School, "pattern.end", string(id), had, nil)
	})
}

// end writes the version that ends a pattern on a day, of which had is the last; nothing is left of
// one that would not have begun.
func (v View) end(ctx context.Context, t *store.Tx, day g.Date, had g.SessionPattern) error {
	if had.To != "" && had.To < day.String() {
		return nil // it has ended
	}
	rows, err := versions(ctx, t, had.ID)
	if err != nil {
		return err
	}
	begun := slices.ContainsFunc(rows, func(p g.SessionPattern) bool { return p.From < day.String() })
	had.Version, had.From, had.To = had.Version+1, day.String(), day.Add(-1).String()
	if err := v.write(ctx, t, &had); err != nil || begun {
		return err
	}
	_, err = t.Exec(ctx, "DELETE FROM session_patterns WHERE id = ?", string(had.ID))
	if err != nil {
		return fmt.Errorf("delete pattern: %w", err)
	}
	return nil
}
