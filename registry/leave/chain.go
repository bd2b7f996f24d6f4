package leave

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/access"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Bounds of a chain.
const (
	MaxSteps    = 5  // beside the class teachers
	MaxUsers    = 20 // of a step, and of a class
	MaxOverDays = MaxDays
)

// Chain is who answers requests of a school; without one the class teachers' step alone, which anybody
// may answer who writes attendance.
func (v View) Chain(ctx context.Context, school g.SchoolID) (g.LeaveChain, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return g.LeaveChain{}, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return g.LeaveChain{}, err
	}
	return chainOf(ctx, v.s.Reg, school)
}

func chainOf(ctx context.Context, c store.Conn, school g.SchoolID) (g.LeaveChain, error) {
	x := g.LeaveChain{}
	var body string
	var changed int64
	err := c.Row(ctx, "SELECT body, changed FROM leave_chains WHERE school = ?", string(school)).
		Scan(&body, &changed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return x, fmt.Errorf("read who answers requests for leave: %w", err)
	}
	if err == nil {
		if err := json.Unmarshal([]byte(body), &x); err != nil {
			return x, fmt.Errorf("read who answers requests for leave: %w", err)
		}
	}
	x.School, x.Changed = school, store.Moment(changed)
	if x.Classes == nil {
		x.Classes = []g.ClassTeachers{}
	}
	if x.Steps == nil {
		x.Steps = []g.LeaveChainStep{}
	}
	return x, nil
}

// SetChain sets who answers requests of a school from now on; those that wait keep who was asked.
// Whoever is named must be able to write attendance.
func (v View) SetChain(ctx context.Context, x g.LeaveChain) (g.LeaveChain, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return x, err
	}
	if err := v.checkChain(ctx, &x); err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		was, err := chainOf(ctx, t, x.School)
		if err != nil {
			return err
		}
		x.Changed = store.Moment(store.Micros(t.Now))
		b, err := json.Marshal(x)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "INSERT INTO leave_chains (school, body, changed) VALUES (?, ?, ?) "+
			"ON CONFLICT (school) DO UPDATE SET body = excluded.body, changed = excluded.changed",
			string(x.School), string(b), store.Micros(t.Now)); err != nil {
			return fmt.Errorf("write who answers requests for leave: %w", err)
		}
		t.Change(change.LeaveRequest, x.School, "")
		return v.s.AuditChanges(ctx, t, x.School, "leave.chain", string(x.School), was, x)
	})
	return x, err
}

func (v View) checkChain(ctx context.Context, x *g.LeaveChain) error {
	staff, err := access.Staff(ctx, v.r.access, v.s.Reg, x.School)
	if err != nil {
		return err
	}
	if len(x.Classes) > store.MaxClasses {
		return g.FieldErrorf("classes", "%d classes; at most %d are kept", len(x.Classes), store.MaxClasses)
	}
	if len(x.Steps) > MaxSteps {
		return g.FieldErrorf("steps", "%d steps; a chain has at most %d", len(x.Steps), MaxSteps)
	}
	seen := map[string]bool{}
	for i, c := range x.Classes {
		at := fmt.Sprintf("classes[%d]", i)
		if err := store.Line(at+".class", c.Class, store.MaxLabel); err != nil {
			return err
		}
		if seen[c.Class] {
			return g.FieldErrorf(at+".class", "the class %s is there twice: name its teachers in one entry", c.Class)
		}
		seen[c.Class] = true
		if err := able(at+".users", c.Users, staff); err != nil {
			return err
		}
	}
	for i, s := range x.Steps {
		at := fmt.Sprintf("steps[%d]", i)
		if err := store.Line(at+".name", s.Name, store.MaxName); err != nil {
			return err
		}
		if err := able(at+".users", s.Users, staff); err != nil {
			return err
		}
		if s.OverDays < 0 || s.OverDays > MaxOverDays {
			return g.FieldErrorf(at+".over_days", "give 0 to %d days", MaxOverDays)
		}
		for _, k := range s.Kinds {
			if !slices.Contains(g.LeaveKinds(), k) {
				return g.FieldErrorf(at+".kinds", "%q is no kind of leave; use some of %v", k, g.LeaveKinds())
			}
		}
		if len(s.Classes) > store.MaxClasses {
			return g.FieldErrorf(at+".classes", "%d classes; at most %d are kept", len(s.Classes), store.MaxClasses)
		}
		for _, c := range s.Classes {
			if err := store.Line(at+".classes", c, store.MaxLabel); err != nil {
				return err
			}
		}
	}
	return nil
}

// able refuses users who could not answer: of another school, or without the right to write attendance.
func able(field string, ids []g.UserID, staff []g.User) error {
	if len(ids) == 0 || len(ids) > MaxUsers {
		return g.FieldErrorf(field, "name 1 to %d users who answer", MaxUsers)
	}
	for _, id := range ids {
		i := slices.IndexFunc(staff, func(u g.User) bool { return u.ID == id })
		if i < 0 {
			return g.FieldErrorf(field, "the school has no such user")
		}
		if !slices.Contains(staff[i].Role.Permissions(), g.AttendanceWrite) {
			return g.FieldErrorf(field, "%s may not write attendance, and so could not approve leave: choose "+
				"somebody else", shownName(staff[i]))
		}
	}
	return nil
}

func shownName(u g.User) string {
	if u.FullName != "" {
		return u.FullName
	}
	return u.Name
}

// stepsFor are the steps of a request: the class teachers', and those that hold for its length, kind
// and class.
func stepsFor(c g.LeaveChain, class string, k g.LeaveKind, days int) []g.LeaveStep {
	first := g.LeaveStep{Users: []g.UserID{}}
	for _, x := range c.Classes {
		if x.Class == class {
			first.Users = x.Users
		}
	}
	out := []g.LeaveStep{first}
	for _, s := range c.Steps {
		if days <= s.OverDays || len(s.Kinds) > 0 && !slices.Contains(s.Kinds, k) ||
			len(s.Classes) > 0 && !slices.Contains(s.Classes, class) {
			continue
		}
		out = append(out, g.LeaveStep{
			Name:  s.Name,
			Users: s.Users,
		})
	}
	return out
}

// Days is how many days of the calendar a leave touches in a time zone.
func Days(from, to time.Time, zone *time.Location) int {
	from, to = from.In(zone), to.Add(-time.Microsecond).In(zone)
	day := func(t time.Time) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(day(to).Sub(day(from))/(24*time.Hour)) + 1
}
