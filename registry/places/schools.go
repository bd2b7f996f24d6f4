package places

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

const schoolColumns = "id, parent, kind, name, timezone, language"

func scanSchool(scan func(...any) error) (s g.School, err error) {
	err = scan(
		&s.ID,
		&s.Parent,
		&s.Kind,
		&s.Name,
		&s.Timezone,
		&s.Language,
	)
	return s, err
}

// Schools lists the schools within scope, by name.
func (v View) Schools(ctx context.Context) ([]g.School, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "id", ""); err != nil {
		return nil, err
	}
	out := []g.School{}
	err = store.Each(ctx, v.s.Reg,
		"SELECT "+schoolColumns+" FROM schools"+w.String()+" ORDER BY name, id", w.Args,
		func(scan func(...any) error) error {
			s, err := scanSchool(scan)
			out = append(out, s)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list schools: %w", err)
	}
	return out, nil
}

// School returns one school.
func (v View) School(ctx context.Context, id g.SchoolID) (g.School, error) {
	in, err := v.s.Reach(ctx, "")
	if err != nil {
		return g.School{}, err
	}
	if err := in.Owns(id, "school", string(id)); err != nil {
		return g.School{}, err
	}
	s, err := scanSchool(
		v.s.Reg.Row(ctx, "SELECT "+schoolColumns+" FROM schools WHERE id = ?", string(id)).Scan,
	)
	if err != nil {
		return s, store.Missing(err, "school", string(id))
	}
	return s, nil
}

// SchoolRow reads a school without checking a scope.
func SchoolRow(ctx context.Context, c store.Conn, id g.SchoolID) (g.School, error) {
	s, err := scanSchool(
		c.Row(ctx, "SELECT "+schoolColumns+" FROM schools WHERE id = ?", string(id)).Scan,
	)
	if err != nil {
		return s, store.Missing(err, "school", string(id))
	}
	return s, nil
}

// SchoolIDs are the IDs of all schools, or of the roots only.
func SchoolIDs(ctx context.Context, c store.Conn, topmost bool) ([]g.SchoolID, error) {
	q := "SELECT id FROM schools"
	if topmost {
		q += " WHERE parent = ''"
	}
	var out []g.SchoolID
	err := store.Each(ctx, c, q, nil, func(scan func(...any) error) error {
		var id g.SchoolID
		err := scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read schools: %w", err)
	}
	slices.Sort(out)
	return out, nil
}

// PeopleRevision is incremented by each change of the school's people.
func PeopleRevision(ctx context.Context, c store.Conn, id g.SchoolID) (rev int64, err error) {
	if err := c.Row(ctx, "SELECT people_rev FROM schools WHERE id = ?", string(id)).Scan(&rev); err != nil {
		return 0, store.Missing(err, "school", string(id))
	}
	return rev, nil
}

// CreateSchool adds a school, under a parent within the scope's subtree; only the gateway itself
// adds a root. An empty ID is generated.
func (v View) CreateSchool(ctx context.Context, s g.School) (g.School, error) {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return g.School{}, err
	}
	if !in.All && (!v.s.Subtree || !in.Has(s.Parent)) {
		return g.School{}, g.Errorf(g.Forbidden,
			"only a district's admin adds schools, and only below the district")
	}
	if s.ID == "" {
		s.ID = g.SchoolID(g.NewID("sch"))
	}
	if err := checkSchool(s); err != nil {
		return g.School{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error { return v.addSchool(ctx, t, s) })
	if err != nil {
		return g.School{}, err
	}
	return s, nil
}

func (v View) addSchool(ctx context.Context, t *store.Tx, s g.School) error {
	if err := store.Free(
		ctx,
		t,
		"schools",
		"school",
		string(s.ID),
	); err != nil {
		return err
	}
	if err := checkParent(ctx, t, s); err != nil {
		return err
	}
	_, wrapped := v.s.Vault.NewKey(string(s.ID))
	_, err := t.Exec(ctx,
		"INSERT INTO schools ("+schoolColumns+", key_sealed) VALUES (?, ?, ?, ?, ?, ?, ?)",
		string(s.ID), string(s.Parent), string(s.Kind), s.Name, s.Timezone, s.Language, wrapped)
	if err != nil {
		return fmt.Errorf("create school: %w", err)
	}
	t.Change(change.School, s.ID, string(s.ID))
	return v.s.AuditChanges(
		ctx,
		t,
		s.ID,
		"school.create",
		string(s.ID),
		nil,
		s,
	)
}

// FirstSchool creates the gateway's first school; if there is one already, it takes over the name,
// time zone and language of s instead.
func FirstSchool(ctx context.Context, v View, t *store.Tx, s g.School) (g.School, error) {
	there, err := scanSchool(
		t.Row(ctx, "SELECT "+schoolColumns+" FROM schools ORDER BY name, id LIMIT 1").Scan,
	)
	if errors.Is(err, sql.ErrNoRows) {
		s.ID = g.SchoolID(g.NewID("sch"))
		if err := checkSchool(s); err != nil {
			return s, err
		}
		return s, v.addSchool(ctx, t, s)
	}
	if err != nil {
		return s, fmt.Errorf("read schools: %w", err)
	}
	s.ID, s.Parent, s.Kind = there.ID, there.Parent, there.Kind
	if err := checkSchool(s); err != nil {
		return s, err
	}
	return s, v.changeSchool(ctx, t, there, s)
}

// UpdateSchool changes a school. Moving it requires a scope that includes the new parent.
func (v View) UpdateSchool(ctx context.Context, s g.School) error {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return err
	}
	if err := in.Owns(s.ID, "school", string(s.ID)); err != nil {
		return err
	}
	if err := checkSchool(s); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := scanSchool(
			t.Row(ctx, "SELECT "+schoolColumns+" FROM schools WHERE id = ?", string(s.ID)).Scan,
		)
		if err != nil {
			return store.Missing(err, "school", string(s.ID))
		}
		if (old.Parent != s.Parent || old.Kind != s.Kind) && !in.All &&
			(!v.s.Subtree || s.ID == v.s.School || !in.Has(s.Parent)) {
			return g.Errorf(g.Forbidden,
				"only a district's admin moves schools, and only below the district")
		}
		return v.changeSchool(ctx, t, old, s)
	})
}

func (v View) changeSchool(ctx context.Context, t *store.Tx, old, s g.School) error {
	if err := checkParent(ctx, t, s); err != nil {
		return err
	}
	_, err := t.Exec(ctx,
		"UPDATE schools SET parent = ?, kind = ?, name = ?, timezone = ?, language = ? WHERE "+
			"id = ?",
		string(s.Parent), string(s.Kind), s.Name, s.Timezone, s.Language, string(s.ID))
	if err != nil {
		return fmt.Errorf("update school: %w", err)
	}
	if err := t.Changed(
		change.School,
		s.ID,
		string(s.ID),
		old,
		s,
	); err != nil {
		return err
	}
	return v.s.AuditChanges(
		ctx,
		t,
		s.ID,
		"school.update",
		string(s.ID),
		old,
		s,
	)
}

func checkSchool(s g.School) error {
	if !g.ValidID(string(s.ID)) {
		return store.BadID()
	}
	if !slices.Contains(g.SchoolKinds(), s.Kind) {
		return g.FieldErrorf("kind", "%q is no kind of school; use school or district", s.Kind)
	}
	if s.Language != "en" && s.Language != "zh-CN" {
		return g.FieldErrorf("language", "%q is not offered; use en or zh-CN", s.Language)
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "" ||
		s.Timezone == "Local" {
		return g.FieldErrorf("timezone", "%q is no IANA time zone; give one like Asia/Shanghai",
			s.Timezone)
	}
	return store.Line("name", s.Name, store.MaxTitle)
}

// checkParent checks that the parent is a district and that there is no cycle.
func checkParent(ctx context.Context, t *store.Tx, s g.School) error {
	for at, depth := s.Parent, 0; at != ""; depth++ {
		if at == s.ID || depth > 32 {
			return g.FieldErrorf("parent",
				"the school would be above itself: choose another parent")
		}
		p, err := scanSchool(
			t.Row(ctx, "SELECT "+schoolColumns+" FROM schools WHERE id = ?", string(at)).Scan,
		)
		if err != nil {
			return store.Missing(err, "school", string(at))
		}
		if depth == 0 && p.Kind != g.KindDistrict {
			return g.FieldErrorf("parent",
				"%q is no district: only districts have schools below them", at)
		}
		at = p.Parent
	}
	return nil
}

// TouchPeople invalidates every cached roll of the school.
func TouchPeople(ctx context.Context, t *store.Tx, school g.SchoolID) error {
	if _, err := t.Exec(ctx, "UPDATE schools SET people_rev = people_rev + 1 WHERE id = ?",
		string(school)); err != nil {
		return fmt.Errorf("write school: %w", err)
	}
	return nil
}
