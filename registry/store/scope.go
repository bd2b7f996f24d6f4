package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// Reach is the set of schools that a scope may see. Only View.Reach makes one, and every query
// takes its condition from it.
type Reach struct {
	All     bool
	Schools []g.SchoolID
}

// Reach checks the permission ("" requires only a scope) and resolves the schools.
func (v *View) Reach(ctx context.Context, p g.Permission) (Reach, error) {
	if v.Scope.System != "" {
		return Reach{All: true}, nil
	}
	if v.Scope.School == "" {
		return Reach{}, g.Errorf(g.Forbidden, "nobody is signed in: nothing can be seen")
	}
	if p != "" && !v.Scope.Can(p) {
		return Reach{}, g.Errorf(g.Forbidden, "this needs the permission %s", p)
	}
	if !v.Scope.Subtree {
		return Reach{Schools: []g.SchoolID{v.Scope.School}}, nil
	}
	var in Reach
	err := Each(ctx, v.Reg, `WITH RECURSIVE tree (id) AS (
		SELECT id FROM schools WHERE id = ?
		UNION SELECT s.id FROM schools s JOIN tree ON s.parent = tree.id)
		SELECT id FROM tree ORDER BY id`, []any{string(v.Scope.School)},
		func(scan func(...any) error) error {
			var id g.SchoolID
			err := scan(&id)
			in.Schools = append(in.Schools, id)
			return err
		})
	if err != nil {
		return Reach{}, fmt.Errorf("resolve the scope: %w", err)
	}
	return in, nil
}

// Above lists a school and those above it.
func (v *View) Above(ctx context.Context, school g.SchoolID) (out []g.SchoolID, err error) {
	err = Each(ctx, v.Reg, `WITH RECURSIVE tree (id, parent) AS (
		SELECT id, parent FROM schools WHERE id = ?
		UNION SELECT s.id, s.parent FROM schools s JOIN tree ON s.id = tree.parent)
		SELECT id FROM tree ORDER BY id`, []any{string(school)}, func(scan func(...any) error) error {
		var id g.SchoolID
		err := scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the schools above: %w", err)
	}
	return out, nil
}

// Top reports whether the scope's school is the gateway's only root, which also sees what belongs
// to no school.
func (v *View) Top(ctx context.Context, in Reach) (bool, error) {
	if in.All {
		return true, nil
	}
	roots, mine := 0, 0
	err := v.Reg.Row(ctx,
		"SELECT COUNT(*), COALESCE(SUM(CASE WHEN id = ? THEN 1 ELSE 0 END), 0) FROM schools "+
			"WHERE parent = ''",
		string(v.Scope.School)).Scan(&roots, &mine)
	if err != nil {
		return false, fmt.Errorf("resolve the scope: %w", err)
	}
	return roots == 1 && mine == 1, nil
}

// OnlySystem refuses every scope except the gateway's own.
func (v *View) OnlySystem() error {
	if v.Scope.System == "" {
		return g.Errorf(g.Forbidden, "only the gateway itself may do this")
	}
	return nil
}

func (in Reach) Has(id g.SchoolID) bool { return in.All || slices.Contains(in.Schools, id) }

// Owns returns NotFound if the school is out of reach, so as not to reveal that the object exists.
func (in Reach) Owns(school g.SchoolID, noun, id string) error {
	if in.Has(school) {
		return nil
	}
	return NotFound(noun, id)
}

// InSchool returns NotFound if the school is out of reach or does not exist.
func (v *View) InSchool(ctx context.Context, in Reach, id g.SchoolID) error {
	if !in.Has(id) {
		return NotFound("school", string(id))
	}
	n := 0
	if err := v.Reg.Row(ctx, "SELECT COUNT(*) FROM schools WHERE id = ?", string(id)).Scan(&n); err != nil {
		return fmt.Errorf("read school: %w", err)
	}
	if n == 0 {
		return NotFound("school", string(id))
	}
	return nil
}

func NotFound(noun, id string) error {
	return g.Errorf(g.NotFound, "there is no %s %q here", g.Noun(noun), id)
}

// Missing turns sql.ErrNoRows into NotFound, and wraps other errors.
func Missing(err error, noun, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return NotFound(noun, id)
	}
	return fmt.Errorf("read %s: %w", noun, err)
}

// Where collects the conditions of a query, joined by AND.
type Where struct {
	conds []string
	Args  []any
}

func (w *Where) And(cond string, args ...any) {
	w.conds = append(w.conds, cond)
	w.Args = append(w.Args, args...)
}

// Clone is a copy to which conditions can be added apart.
func (w Where) Clone() Where {
	return Where{
		conds: slices.Clone(w.conds),
		Args:  slices.Clone(w.Args),
	}
}

// Eq adds col = value unless the value is empty.
func Eq[T ~string](w *Where, col string, value T) {
	if value != "" {
		w.And(col+" = ?", string(value))
	}
}

// String is the WHERE clause, or "".
func (w *Where) String() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

// Within restricts a query to the reach, and to one school of it if school is not empty.
func (in Reach) Within(w *Where, col string, school g.SchoolID) error {
	if school != "" {
		if !in.Has(school) {
			return NotFound("school", string(school))
		}
		w.And(col+" = ?", string(school))
		return nil
	}
	if !in.All {
		if len(in.Schools) == 0 {
			w.And("1 = 0")
			return nil
		}
		w.And(col+" IN ("+Marks(len(in.Schools))+")", Anys(in.Schools)...)
	}
	return nil
}
