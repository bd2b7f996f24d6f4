package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

func checkPerson(p g.Person) error {
	if !slices.Contains(g.PersonKinds(), p.Kind) {
		return g.FieldErrorf("kind", "%q is no kind of person; use one of %v", p.Kind,
			g.PersonKinds())
	}
	if err := store.Line("name", p.Name, store.MaxName); err != nil {
		return err
	}
	if err := store.Optional("number", p.Number, store.MaxLabel); err != nil {
		return err
	}
	if err := store.Optional("class", p.Class, store.MaxLabel); err != nil {
		return err
	}
	if len(p.Guardian) > store.MaxGuardian {
		return g.FieldErrorf("guardians", "%d guardians; at most %d are kept", len(p.Guardian),
			store.MaxGuardian)
	}
	return store.Optional("phone", p.Phone, store.MaxLabel)
}

// tidy trims typed values.
func tidy(p g.Person) g.Person {
	p.Name, p.Number, p.Class, p.Phone = strings.TrimSpace(p.Name), strings.TrimSpace(p.Number), strings.TrimSpace(
		p.Class), strings.TrimSpace(p.Phone)
	return p
}

// savePerson writes a new or existing person.
func (r *Book) savePerson(ctx context.Context, t *store.Tx, p Keyed) error {
	keys, err := r.s.Vault.School(ctx, t, p.School)
	if err != nil {
		return err
	}
	var mac []byte
	if p.Number != "" {
		mac = keys.Mac("number", p.Number)
		n := 0
		if err := t.Row(ctx,
			"SELECT COUNT(*) FROM persons WHERE school = ? AND number_mac = ? AND id <> ?",
			string(p.School), mac, string(p.ID)).Scan(&n); err != nil {
			return fmt.Errorf("read person: %w", err)
		}
		if n > 0 {
			return g.Errorf(g.Conflict, "somebody of the school has this number already").At("number")
		}
	}
	sealed, _, err := r.sealPerson(keys, p)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx,
		`INSERT INTO persons (id, school, kind, class, number_mac, key_sealed, body_sealed, left_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, class = excluded.class, number_mac = excluded.number_mac, body_sealed = excluded.body_sealed, left_at = excluded.left_at`,
		string(p.ID), string(p.School), string(p.Kind), p.Class, mac, p.Key, sealed,
		store.Micros(p.Left))
	if err != nil {
		return fmt.Errorf("write person: %w", err)
	}
	return nil
}

// checkGuardians checks that guardians are people of the same school.
func (r *Book) checkGuardians(ctx context.Context, t *store.Tx, p g.Person) error {
	for i, id := range p.Guardian {
		school, err := store.SchoolOf(ctx, t, "persons", "person", string(id))
		if g.ErrorCode(err) == g.NotFound || err == nil && (school != p.School || id == p.ID) {
			return g.FieldErrorf(fmt.Sprintf("guardians[%d]", i),
				"the school has no such person to be a guardian")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Create adds a person; an empty ID is generated. Callers with faces:admin but not people:write may
// add visitors.
func (v View) Create(ctx context.Context, p g.Person) (g.Person, error) {
	need := g.PeopleWrite
	if p.Kind == g.Visitor && v.s.Can(g.FacesAdmin) {
		need = g.FacesAdmin
	}
	in, err := v.s.Reach(ctx, need)
	if err != nil {
		return g.Person{}, err
	}
	if err := v.s.InSchool(ctx, in, p.School); err != nil {
		return g.Person{}, err
	}
	if p.ID == "" {
		p.ID = g.PersonID(g.NewID("per"))
	}
	if !g.ValidID(string(p.ID)) {
		return g.Person{}, store.BadID()
	}
	p = tidy(p)
	if err := checkPerson(p); err != nil {
		return g.Person{}, err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error { return v.createPerson(ctx, t, &p) })
	if err != nil {
		return g.Person{}, err
	}
	return p, nil
}

// createPerson writes a new person who has been validated.
func (v View) createPerson(ctx context.Context, t *store.Tx, p *g.Person) error {
	p.Created = store.Moment(store.Micros(t.Now))
	if err := store.Free(
		ctx,
		t,
		"persons",
		"person",
		string(p.ID),
	); err != nil {
		return err
	}
	if err := v.r.checkGuardians(ctx, t, *p); err != nil {
		return err
	}
	_, wrapped := v.s.Vault.NewKey(string(p.ID))
	if err := v.r.savePerson(ctx, t, Keyed{
		Person: *p,
		Key:    wrapped,
	}); err != nil {
		return err
	}
	if err := places.TouchPeople(ctx, t, p.School); err != nil {
		return err
	}
	t.Change(change.Person, p.School, string(p.ID))
	return v.s.Audit(
		ctx,
		t,
		p.School,
		"person.create",
		string(p.ID),
	)
}

// Update changes everything but the ID, school and time of creation. Its changes are manual
// corrections, which imports preserve.
func (v View) Update(ctx context.Context, p g.Person) error {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	p = tidy(p)
	if err := checkPerson(p); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := Person(ctx, v.r, t, in, p.ID)
		if err != nil {
			return err
		}
		if p.School != "" && p.School != old.School {
			return g.FieldErrorf("school",
				"a person does not change schools: delete the person and add them there")
		}
		p.School, p.Created, p.Left = old.School, old.Created, old.Left
		if err := v.r.checkGuardians(ctx, t, p); err != nil {
			return err
		}
		now := Keyed{
			Person:   p,
			imported: old.imported,
			Key:      old.Key,
		}
		now.turned(old, t.Now)
		if err := v.r.savePerson(ctx, t, now); err != nil {
			return err
		}
		if err := places.TouchPeople(ctx, t, p.School); err != nil {
			return err
		}
		t.Change(change.Person, p.School, string(p.ID))
		return v.s.Audit(
			ctx,
			t,
			p.School,
			"person.update",
			string(p.ID),
		)
	})
}

// Delete destroys the person's key, and with it every personal field, and deletes their templates,
// passes, consents, leaves and attendance. The history keeps an ID without a person. Older backups
// still contain the data.
func (v View) Delete(ctx context.Context, id g.PersonID) error {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		p, err := Person(ctx, v.r, t, in, id)
		if err != nil {
			return err
		}
		if _, err := t.Exec(ctx, "DELETE FROM persons WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("delete person: %w", err)
		}
		if err := places.TouchPeople(ctx, t, p.School); err != nil {
			return err
		}
		t.Change(change.Person, p.School, string(id))
		t.Change(change.Face, p.School, string(id))
		return v.s.Audit(
			ctx,
			t,
			p.School,
			"person.delete",
			string(id),
		)
	})
	if err != nil {
		return err
	}
	v.s.Forget(ctx)
	return nil
}
