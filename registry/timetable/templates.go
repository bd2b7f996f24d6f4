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

// Bounds of templates and of the days that have one.
const (
	MaxTemplates = 50   // of a school
	MaxDays      = 1000 // entries of days of a school that are not over
	MaxSpan      = 400  // days of an entry
	MaxShift     = 360  // minutes by which a template moves the day
	MaxClasses   = 200  // of an entry
)

// Templates lists a school's templates, or, without a school, all in scope; by ID.
func (v View) Templates(ctx context.Context, school g.SchoolID) ([]g.DayTemplate, error) {
	return list[g.DayTemplate](ctx, v, school, "SELECT body FROM day_templates", "id")
}

func template(ctx context.Context, c store.Conn, id g.DayTemplateID) (g.DayTemplate, error) {
	x, err := body[g.DayTemplate](c.Row(ctx, "SELECT body FROM day_templates WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "day_template", string(id))
	}
	return x, nil
}

// Template returns one template.
func (v View) Template(ctx context.Context, id g.DayTemplateID) (g.DayTemplate, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return g.DayTemplate{}, err
	}
	x, err := template(ctx, v.s.Reg, id)
	if err != nil {
		return g.DayTemplate{}, err
	}
	return x, in.Owns(x.School, "day_template", string(id))
}

// PutTemplate writes a template; an empty ID makes one. A school has one usual day.
func (v View) PutTemplate(ctx context.Context, x g.DayTemplate) (g.DayTemplate, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return x, err
	}
	if err := checkTemplate(x); err != nil {
		return x, err
	}
	all, err := v.Templates(ctx, x.School)
	if err != nil {
		return x, err
	}
	if x.ID == "" {
		x.ID = g.DayTemplateID(g.NewID("tpl"))
	}
	other := func(t g.DayTemplate) bool { return t.ID != x.ID && t.Usual && x.Usual }
	if i := slices.IndexFunc(all, other); i >= 0 {
		return x, g.FieldErrorf("usual", "%q is the usual day already: change that one", all[i].Name)
	}
	if len(all) >= MaxTemplates && !slices.ContainsFunc(all, func(t g.DayTemplate) bool { return t.ID == x.ID }) {
		return x, g.Errorf(g.TooLarge, "a school keeps at most %d of these: delete one before", MaxTemplates)
	}
	return x, v.s.Write(ctx, func(t *store.Tx) error { return v.putTemplate(ctx, t, x) })
}

func (v View) putTemplate(ctx context.Context, t *store.Tx, x g.DayTemplate) error {
	had, err := template(ctx, t, x.ID)
	before, err := store.Before(had, had.School, err, x.School, "day_template", string(x.ID))
	if err != nil {
		return err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, "INSERT INTO day_templates (id, school, body) VALUES (?, ?, ?) ON CONFLICT (id) "+
		"DO UPDATE SET body = excluded.body", string(x.ID), string(x.School), string(b))
	if err != nil {
		return fmt.Errorf("write template: %w", err)
	}
	t.Change(change.Timetable, x.School, string(x.ID))
	return v.s.AuditChanges(ctx, t, x.School, "day_template.put", string(x.ID), before, x)
}

func checkTemplate(x g.DayTemplate) error {
	err := errors.Join(checkID(string(x.ID)), store.Line("name", x.Name, store.MaxName),
		store.Optional("name_zh", x.NameZH, store.MaxName))
	if err != nil {
		return err
	}
	if x.Shift < -MaxShift || x.Shift > MaxShift {
		return g.FieldErrorf("shift", "it moves the day by %d minutes; give -%d to %d", x.Shift, MaxShift, MaxShift)
	}
	if x.Usual && len(x.Periods) == 0 {
		return g.FieldErrorf("periods", "the usual day needs its periods")
	}
	if len(x.Periods) > MaxPeriods {
		return g.FieldErrorf("periods", "%d periods; at most %d are kept", len(x.Periods), MaxPeriods)
	}
	for i, p := range x.Periods {
		at := fmt.Sprintf("periods[%d]", i)
		if err := store.Line(at+".name", p.Name, MaxPeriod); err != nil {
			return err
		}
		if slices.ContainsFunc(x.Periods[:i], func(o g.Period) bool { return o.Name == p.Name }) {
			return g.FieldErrorf(at+".name", "the period %q is there twice: leave one out", p.Name)
		}
		if _, _, _, err := p.Offsets(); err != nil {
			return within(at, err)
		}
	}
	return nil
}

// DeleteTemplate deletes a template that no days have.
func (v View) DeleteTemplate(ctx context.Context, id g.DayTemplateID) error {
	return v.s.Remove(ctx, g.AttendanceWrite, "day_templates", "day_template", string(id), change.Timetable,
		func(ctx context.Context, t *store.Tx) (any, error) { return template(ctx, t, id) },
		func(t *store.Tx) error {
			n := 0
			err := t.Row(ctx, "SELECT COUNT(*) FROM template_days WHERE template = ?", string(id)).Scan(&n)
			if err == nil && n > 0 {
				err = g.Errorf(g.Conflict, "some days have it: take it off them before")
			}
			return err
		})
}

// Days lists which days of a school have a template, or, without a school, all in scope: those whose
// last day is from or later, by that day.
func (v View) Days(ctx context.Context, school g.SchoolID, from string) ([]g.TemplateDays, error) {
	return list[g.TemplateDays](ctx, v, school, "SELECT body FROM template_days", "ends, id", "ends >= ?", from)
}

func days(ctx context.Context, c store.Conn, id g.TemplateDaysID) (g.TemplateDays, error) {
	x, err := body[g.TemplateDays](c.Row(ctx, "SELECT body FROM template_days WHERE id = ?", string(id)).Scan)
	if err != nil {
		return x, store.Missing(err, "template_days", string(id))
	}
	return x, nil
}

// PutDays gives a template to some days; an empty ID makes an entry. Days that are over keep theirs.
func (v View) PutDays(ctx context.Context, x g.TemplateDays) (g.TemplateDays, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return x, err
	}
	if err := checkDays(x); err != nil {
		return x, err
	}
	if x.ID == "" {
		x.ID = g.TemplateDaysID(g.NewID("tpd"))
	}
	return x, v.s.Write(ctx, func(t *store.Tx) error { return v.putDays(ctx, t, x) })
}

func (v View) putDays(ctx context.Context, t *store.Tx, x g.TemplateDays) error {
	today, err := v.today(ctx, t, x.School)
	if err != nil {
		return err
	}
	if x.To < today.String() {
		return g.FieldErrorf("to", "days that are over stay as they were: give today (%s) or a later day", today)
	}
	of, err := template(ctx, t, x.Template)
	if g.ErrorCode(err) == g.NotFound || err == nil && of.School != x.School {
		return g.FieldErrorf("template", "the school has no such template: choose one of its own")
	}
	if err != nil {
		return err
	}
	had, err := days(ctx, t, x.ID)
	before, err := store.Before(had, had.School, err, x.School, "template_days", string(x.ID))
	if err != nil {
		return err
	}
	b, err := json.Marshal(x)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, "INSERT INTO template_days (id, school, template, ends, body) VALUES (?, ?, ?, ?, ?) "+
		"ON CONFLICT (id) DO UPDATE SET template = excluded.template, ends = excluded.ends, body = excluded.body",
		string(x.ID), string(x.School), string(x.Template), x.To, string(b))
	if err != nil {
		return fmt.Errorf("write days: %w", err)
	}
	n := 0
	err = t.Row(ctx, "SELECT COUNT(*) FROM template_days WHERE school = ? AND ends >= ?", string(x.School),
		today.String()).Scan(&n)
	if err == nil && n > MaxDays {
		err = g.Errorf(g.TooLarge, "a school keeps at most %d of these: delete one before", MaxDays)
	}
	if err != nil {
		return err
	}
	t.Change(change.Timetable, x.School, string(x.ID))
	return v.s.AuditChanges(ctx, t, x.School, "template_days.put", string(x.ID), before, x)
}

func checkDays(x g.TemplateDays) error {
	if err := checkID(string(x.ID)); err != nil {
		return err
	}
	from, err := g.ParseDate(x.From)
	if err != nil {
		return g.FieldErrorf("from", "%v", err)
	}
	to, err := g.ParseDate(x.To)
	if err != nil {
		return g.FieldErrorf("to", "%v", err)
	}
	switch n := from.Until(to) + 1; {
	case n < 1:
		return g.FieldErrorf("to", "it ends before it begins: give the last day, the same or a later one")
	case n > MaxSpan:
		return g.FieldErrorf("to", "%d days; an entry has at most %d", n, MaxSpan)
	case len(x.Classes) > MaxClasses:
		return g.FieldErrorf("classes", "%d classes; an entry names at most %d", len(x.Classes), MaxClasses)
	}
	for i, c := range x.Classes {
		if err := store.Line(fmt.Sprintf("classes[%d]", i), c, store.MaxLabel); err != nil {
			return err
		}
	}
	return nil
}

// DeleteDays takes a template off the days of an entry.
func (v View) DeleteDays(ctx context.Context, id g.TemplateDaysID) error {
	return v.s.Remove(ctx, g.AttendanceWrite, "template_days", "template_days", string(id), change.Timetable,
		func(ctx context.Context, t *store.Tx) (any, error) { return days(ctx, t, id) }, nil)
}
