package registry

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// reach is the set of schools that a scope may see. It is made in one place, View.reach, and
// every query takes its condition from it.
type reach struct {
	all     bool
	schools []g.SchoolID
}

// reach checks the permission ("" asks only that there is a scope) and resolves the schools.
func (v *View) reach(ctx context.Context, p g.Permission) (reach, error) {
	if v.s.System != "" {
		return reach{all: true}, nil
	}
	if v.s.School == "" {
		return reach{}, g.Errorf(g.Forbidden, "nobody is signed in: nothing can be seen")
	}
	if p != "" && !v.s.Can(p) {
		return reach{}, g.Errorf(g.Forbidden, "this needs the permission %s", p)
	}
	if !v.s.Subtree {
		return reach{schools: []g.SchoolID{v.s.School}}, nil
	}
	var in reach
	err := each(ctx, v.r.reg, `WITH RECURSIVE tree (id) AS (
		SELECT id FROM schools WHERE id = ?
		UNION SELECT s.id FROM schools s JOIN tree ON s.parent = tree.id)
		SELECT id FROM tree ORDER BY id`, []any{string(v.s.School)}, func(scan func(...any) error) error {
		var id g.SchoolID
		err := scan(&id)
		in.schools = append(in.schools, id)
		return err
	})
	if err != nil {
		return reach{}, fmt.Errorf("resolve the scope: %w", err)
	}
	return in, nil
}

// top says whether the scope's school is the gateway's only root, which sees what belongs to
// no school.
func (v *View) top(ctx context.Context, in reach) (bool, error) {
	if in.all {
		return true, nil
	}
	roots, mine := 0, 0
	err := v.r.reg.row(ctx, "SELECT COUNT(*), COALESCE(SUM(CASE WHEN id = ? THEN 1 ELSE 0 END), 0) FROM schools WHERE parent = ''", string(v.s.School)).Scan(&roots, &mine)
	if err != nil {
		return false, fmt.Errorf("resolve the scope: %w", err)
	}
	return roots == 1 && mine == 1, nil
}

// system refuses everybody but the gateway's own cursors.
func (v *View) system() error {
	if v.s.System == "" {
		return g.Errorf(g.Forbidden, "only the gateway itself may do this")
	}
	return nil
}

func (in reach) has(id g.SchoolID) bool { return in.all || slices.Contains(in.schools, id) }

// owns answers NotFound where the thing's school is outside: its existence is not betrayed.
func (in reach) owns(school g.SchoolID, noun, id string) error {
	if in.has(school) {
		return nil
	}
	return notFound(noun, id)
}

// inSchool answers NotFound where the school is outside the reach or does not exist.
func (v *View) inSchool(ctx context.Context, in reach, id g.SchoolID) error {
	if !in.has(id) {
		return notFound("school", string(id))
	}
	n := 0
	if err := v.r.reg.row(ctx, "SELECT COUNT(*) FROM schools WHERE id = ?", string(id)).Scan(&n); err != nil {
		return fmt.Errorf("read school: %w", err)
	}
	if n == 0 {
		return notFound("school", string(id))
	}
	return nil
}

func notFound(noun, id string) error { return g.Errorf(g.NotFound, "there is no %s %q here", noun, id) }

// missing turns sql.ErrNoRows into NotFound and adds the noun to every other error.
func missing(err error, noun, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return notFound(noun, id)
	}
	return fmt.Errorf("read %s: %w", noun, err)
}

// where collects the conditions of a query.
type where struct {
	conds []string
	args  []any
}

func (w *where) and(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.args = append(w.args, args...)
}

// eq adds col = value unless the value is empty.
func eq[T ~string](w *where, col string, value T) {
	if value != "" {
		w.and(col+" = ?", string(value))
	}
}

// String is the WHERE clause.
func (w *where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// within confines the query to the reach, and to one school of it where one is named.
func (in reach) within(w *where, col string, school g.SchoolID) error {
	if school != "" {
		if !in.has(school) {
			return notFound("school", string(school))
		}
		w.and(col+" = ?", string(school))
		return nil
	}
	if !in.all {
		if len(in.schools) == 0 {
			w.and("1 = 0")
			return nil
		}
		w.and(col+" IN ("+marks(len(in.schools))+")", anys(in.schools)...)
	}
	return nil
}
