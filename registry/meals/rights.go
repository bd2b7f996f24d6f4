package meals

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Limits of what a school says about meals.
const (
	MaxMeals = 12  // names of one entry
	MaxNote  = 200 // characters
)

// dietBody is what is sealed under the person's key.
type dietBody struct {
	Note  string   `json:"note,omitempty"`
	Own   bool     `json:"own,omitempty"`
	Meals []string `json:"meals,omitempty"`
}

// diet reads what is known of a person; nothing, where there is no entry.
func (v View) diet(ctx context.Context, c store.Conn, p people.Keyed) (g.Diet, error) {
	var sealed []byte
	err := c.Row(ctx, "SELECT body_sealed FROM diets WHERE person = ?", string(p.ID)).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return g.Diet{Person: p.ID}, nil
	}
	if err != nil {
		return g.Diet{}, fmt.Errorf("read a diet: %w", err)
	}
	return v.openDiet(p, sealed)
}

func (v View) openDiet(p people.Keyed, sealed []byte) (g.Diet, error) {
	plain, err := people.UnsealPersonal(v.r.people, p, sealed, "diet")
	if err != nil {
		return g.Diet{}, err
	}
	var b dietBody
	if err := json.Unmarshal(plain, &b); err != nil {
		return g.Diet{}, fmt.Errorf("read the diet of %s: %w", p.ID, err)
	}
	return g.Diet{
		Person: p.ID,
		Name:   p.Name,
		Class:  p.Class,
		Note:   b.Note,
		Own:    b.Own,
		Meals:  b.Meals,
	}, nil
}

// may tells whether a meal is one of the person's: by their own entry, else by their class's, else
// every meal is.
func (v View) may(
	ctx context.Context, c store.Conn, p people.Keyed, diet g.Diet, meal string,
) (bool, error) {
	if diet.Own {
		return slices.Contains(diet.Meals, meal), nil
	}
	var text string
	err := c.Row(ctx, "SELECT meals FROM class_meals WHERE school = ? AND class = ?", string(p.School),
		p.Class).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the meals of a class: %w", err)
	}
	var meals []string
	err = json.Unmarshal([]byte(text), &meals)
	return slices.Contains(meals, meal), err
}

// Diets lists what tills are told of people of a school, by class and name. The look is audited.
func (v View) Diets(ctx context.Context, school g.SchoolID) (out []g.Diet, err error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return nil, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if out, err = v.diets(ctx, t, school); err != nil {
			return err
		}
		return v.s.Audit(ctx, t, school, "diet.list", string(school))
	})
	return out, err
}

func (v View) diets(ctx context.Context, c store.Conn, school g.SchoolID) ([]g.Diet, error) {
	roll, err := people.RollOf(ctx, v.r.people, school)
	if err != nil {
		return nil, err
	}
	sealed := map[g.PersonID][]byte{}
	err = store.Each(ctx, c, "SELECT person, body_sealed FROM diets WHERE school = ?",
		[]any{string(school)}, func(scan func(...any) error) error {
			var id g.PersonID
			var b []byte
			err := scan(&id, &b)
			sealed[id] = b
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("list diets: %w", err)
	}
	out := []g.Diet{}
	for _, p := range roll.People {
		b, ok := sealed[p.ID]
		if !ok {
			continue
		}
		d, err := v.openDiet(p, b)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Diet is what tills are told of a person, an empty entry where that is nothing. With look it is shown
// to somebody, which is audited; without it is only held against a tag.
func (v View) Diet(ctx context.Context, id g.PersonID, look bool) (d g.Diet, err error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return d, err
	}
	read := func(c store.Conn) (school g.SchoolID, err error) {
		whose, err := people.Whose(ctx, c, []g.PersonID{id})
		if err != nil {
			return "", err
		}
		p, ok := whose[id]
		if !ok {
			return "", store.NotFound("person", string(id))
		}
		if err := in.Owns(p.School, "person", string(id)); err != nil {
			return "", err
		}
		d, err = v.diet(ctx, c, p)
		d.Person = id
		return p.School, err
	}
	if !look {
		_, err = read(v.s.Reg)
		return d, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		school, err := read(t)
		if err != nil {
			return err
		}
		return v.s.Audit(ctx, t, school, "diet.list", string(id))
	})
	return d, err
}

// PutDiet says what a till is told of a person; an empty entry is deleted.
func (v View) PutDiet(ctx context.Context, d g.Diet) (g.Diet, error) {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return g.Diet{}, err
	}
	d.Note = strings.TrimSpace(d.Note)
	if err := store.Optional("note", d.Note, MaxNote); err != nil {
		return g.Diet{}, err
	}
	if !d.Own {
		d.Meals = nil
	}
	if d.Meals, err = checkMeals(d.Meals); err != nil {
		return g.Diet{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		whose, err := people.Whose(ctx, t, []g.PersonID{d.Person})
		if err != nil {
			return err
		}
		p, ok := whose[d.Person]
		if !ok {
			return store.NotFound("person", string(d.Person))
		}
		if err := in.Owns(p.School, "person", string(d.Person)); err != nil {
			return err
		}
		if err := v.writeDiet(ctx, t, p, d); err != nil {
			return err
		}
		t.Change(change.Diet, p.School, string(p.ID))
		// What somebody must not eat is no matter of the audit log.
		return v.s.Audit(ctx, t, p.School, "diet.put", string(p.ID))
	})
	return d, err
}

func (v View) writeDiet(ctx context.Context, t *store.Tx, p people.Keyed, d g.Diet) error {
	if d.Note == "" && !d.Own {
		if _, err := t.Exec(ctx, "DELETE FROM diets WHERE person = ?", string(p.ID)); err != nil {
			return fmt.Errorf("delete a diet: %w", err)
		}
		return nil
	}
	plain, err := json.Marshal(dietBody{
		Note:  d.Note,
		Own:   d.Own,
		Meals: d.Meals,
	})
	if err != nil {
		return err
	}
	sealed, err := people.SealPersonal(v.r.people, p, plain, "diet")
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, "INSERT INTO diets (person, school, body_sealed) VALUES (?, ?, ?) "+
		"ON CONFLICT (person) DO UPDATE SET school = excluded.school, body_sealed = excluded.body_sealed",
		string(p.ID), string(p.School), sealed)
	if err != nil {
		return fmt.Errorf("write a diet: %w", err)
	}
	return nil
}

// ClassMeals lists the classes of a school that do not eat every meal.
func (v View) ClassMeals(ctx context.Context, school g.SchoolID) ([]g.ClassMeals, error) {
	in, err := v.s.Reach(ctx, g.AttendanceRead)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return nil, err
	}
	return classMeals(ctx, v.s.Reg, school)
}

func classMeals(ctx context.Context, c store.Conn, school g.SchoolID) ([]g.ClassMeals, error) {
	out := []g.ClassMeals{}
	err := store.Each(ctx, c, "SELECT class, meals FROM class_meals WHERE school = ? ORDER BY class",
		[]any{string(school)}, func(scan func(...any) error) error {
			x := g.ClassMeals{School: school}
			var text string
			if err := scan(&x.Class, &text); err != nil {
				return err
			}
			out = append(out, x)
			return json.Unmarshal([]byte(text), &out[len(out)-1].Meals)
		})
	if err != nil {
		return nil, fmt.Errorf("list the meals of classes: %w", err)
	}
	slices.SortFunc(out, func(a, b g.ClassMeals) int { return g.CompareNatural(a.Class, b.Class) })
	return out, nil
}

// PutClassMeals says which meals a class eats; with every true it eats every meal again.
func (v View) PutClassMeals(ctx context.Context, x g.ClassMeals, every bool) (g.ClassMeals, error) {
	in, err := v.s.Reach(ctx, g.AttendanceWrite)
	if err != nil {
		return x, err
	}
	if err := v.s.InSchool(ctx, in, x.School); err != nil {
		return x, err
	}
	if err := store.Line("class", x.Class, store.MaxLabel); err != nil {
		return x, err
	}
	if x.Meals, err = checkMeals(x.Meals); err != nil {
		return x, err
	}
	text, err := json.Marshal(x.Meals)
	if err != nil {
		return x, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if _, err := t.Exec(ctx, "DELETE FROM class_meals WHERE school = ? AND class = ?",
			string(x.School), x.Class); err != nil {
			return fmt.Errorf("write the meals of a class: %w", err)
		}
		if !every {
			_, err := t.Exec(ctx, "INSERT INTO class_meals (school, class, meals) VALUES (?, ?, ?)",
				string(x.School), x.Class, string(text))
			if err != nil {
				return fmt.Errorf("write the meals of a class: %w", err)
			}
		}
		t.Change(change.Diet, x.School, x.Class)
		return v.s.AuditChanges(
			ctx,
			t,
			x.School,
			"class_meals.put",
			x.Class,
			nil,
			x,
		)
	})
	return x, err
}

// checkMeals returns the names without blanks and doubles.
func checkMeals(names []string) ([]string, error) {
	out := []string{}
	if len(names) > MaxMeals {
		return nil, g.FieldErrorf("meals", "%d meals; at most %d are kept", len(names), MaxMeals)
	}
	for i, n := range names {
		n = strings.TrimSpace(n)
		if err := store.Line(fmt.Sprintf("meals[%d]", i), n, store.MaxName); err != nil {
			return nil, err
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out, nil
}
