package calendar

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

// Bounds of a calendar.
const (
	MaxEntries = 2000 // of a school
	MaxDays    = 400  // of an entry
	MaxClasses = 200  // of an entry
	MaxClass   = 40   // characters of a class's name
)

// Entries lists the entries of a school and of those above it, or, without a school, all in scope;
// by the day on which they begin.
func (v View) Entries(ctx context.Context, school g.SchoolID) ([]g.CalendarEntry, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "school", school); err != nil {
		return nil, err
	}
	if school != "" {
		above, err := v.s.Above(ctx, school)
		if err != nil {
			return nil, err
		}
		w = store.Where{}
		w.And("school IN ("+store.Marks(len(above))+")", store.Anys(above)...)
	}
	out := []g.CalendarEntry{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT body FROM calendar_entries"+w.String()+" ORDER BY starts, id", w.Args,
		func(scan func(...any) error) error {
			x, err := scanEntry(scan)
			out = append(out, x)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list calendar: %w", err)
	}
	return out, nil
}

func scanEntry(scan func(...any) error) (x g.CalendarEntry, err error) {
	var b []byte
	if err := scan(&b); err != nil {
		return x, err
	}
	return x, json.Unmarshal(b, &x)
}

func entry(ctx context.Context, c store.Conn, id g.CalendarEntryID) (g.CalendarEntry, error) {
	x, err := scanEntry(c.Row(ctx, "SELECT body FROM calendar_entries WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "entry", string(id))
	}
	return x, nil
}

// Entry returns one entry of a school in scope.
func (v View) Entry(ctx context.Context, id g.CalendarEntryID) (g.CalendarEntry, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return g.CalendarEntry{}, err
	}
	x, err := entry(ctx, v.s.Reg, id)
	if err != nil {
		return g.CalendarEntry{}, err
	}
	return x, in.Owns(x.School, "entry", string(id))
}

// Put writes entries of one school, all or none; those with an empty ID are new.
func (v View) Put(
	ctx context.Context, school g.SchoolID, entries []g.CalendarEntry,
) ([]g.CalendarEntry, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return nil, err
	}
	out := slices.Clone(entries)
	for i := range out {
		out[i].School = school
		if err := check(out[i]); err != nil {
			if len(out) > 1 {
				return nil, fmt.Errorf("entries[%d]: %w", i, err)
			}
			return nil, err
		}
		if out[i].ID == "" {
			out[i].ID = g.CalendarEntryID(g.NewID("cal"))
		}
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		for _, x := range out {
			if err := v.put(ctx, t, x); err != nil {
				return err
			}
		}
		n := 0
		err := t.Row(ctx, "SELECT COUNT(*) FROM calendar_entries WHERE school = ?", string(school)).
			Scan(&n)
		if err == nil && n > MaxEntries {
			err = g.Errorf(g.TooLarge,
				"a school keeps at most %d of these: delete one before", MaxEntries)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (v View) put(ctx context.Context, t *store.Tx, x g.CalendarEntry) error {
	had, err := entry(ctx, t, x.ID)
	before, err := store.Before(had, had.School, err, x.School, "entry", string(x.ID))
	if err != nil {
		return err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, "INSERT INTO calendar_entries (id, school, starts, body) VALUES "+
		"(?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET starts = excluded.starts, body = excluded.body",
		string(x.ID), string(x.School), x.From, string(b))
	if err != nil {
		return fmt.Errorf("write calendar entry: %w", err)
	}
	t.Change(change.Calendar, x.School, string(x.ID))
	return v.s.AuditChanges(
		ctx,
		t,
		x.School,
		"entry.put",
		string(x.ID),
		before,
		x,
	)
}

// check refuses an entry that says nothing, or what cannot be.
func check(x g.CalendarEntry) error {
	if x.ID != "" && !g.ValidID(string(x.ID)) {
		return store.BadID()
	}
	err := errors.Join(store.Line("name", x.Name, store.MaxName),
		store.Optional("name_zh", x.NameZH, store.MaxName))
	if err != nil {
		return err
	}
	if !slices.Contains(g.CalendarKinds(), x.Kind) {
		return g.FieldErrorf("kind", "%q is no kind; use some of %v", x.Kind, g.CalendarKinds())
	}
	from, err := g.ParseDate(x.From)
	if err != nil {
		return g.FieldErrorf("from", "%v", err)
	}
	to, err := g.ParseDate(x.To)
	if err != nil {
		return g.FieldErrorf("to", "%v", err)
	}
	switch days := from.Until(to) + 1; {
	case days < 1:
		return g.FieldErrorf("to", "it ends before it begins: give the last day, the same or a later one")
	case days > MaxDays:
		return g.FieldErrorf("to", "%d days; an entry has at most %d", days, MaxDays)
	case x.RunsAs != "" && x.Kind != g.CalendarWorkday:
		return g.FieldErrorf("runs_as", "only a working day has another day's timetable")
	case x.RunsAs != "" && !slices.Contains(g.Weekdays(), x.RunsAs):
		return g.FieldErrorf("runs_as", "%q is no day; use one of %v", x.RunsAs, g.Weekdays())
	case len(x.Classes) > MaxClasses:
		return g.FieldErrorf("classes", "%d classes; an entry names at most %d", len(x.Classes),
			MaxClasses)
	}
	for i, c := range x.Classes {
		if err := store.Line(fmt.Sprintf("classes[%d]", i), c, MaxClass); err != nil {
			return err
		}
	}
	return nil
}

// Delete deletes an entry.
func (v View) Delete(ctx context.Context, id g.CalendarEntryID) error {
	return v.s.Remove(
		ctx,
		g.SettingsWrite,
		"calendar_entries",
		"entry",
		string(id),
		change.Calendar,
		func(ctx context.Context, t *store.Tx) (any, error) { return entry(ctx, t, id) },
		nil,
	)
}
