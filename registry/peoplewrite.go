package registry

import (
	"context"
	"fmt"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

func checkPerson(p g.Person) error {
	if !slices.Contains(g.PersonKinds(), p.Kind) {
		return g.FieldErrorf("kind", "%q is no kind of person; use one of %v", p.Kind, g.PersonKinds())
	}
	if err := line("name", p.Name, maxName); err != nil {
		return err
	}
	if err := optional("number", p.Number, maxLabel); err != nil {
		return err
	}
	if err := optional("class", p.Class, maxLabel); err != nil {
		return err
	}
	if len(p.Guardian) > maxGuardian {
		return g.FieldErrorf("guardians", "%d guardians; at most %d are kept", len(p.Guardian), maxGuardian)
	}
	return optional("phone", p.Phone, maxLabel)
}

// tidy takes the white space off what people type.
func tidy(p g.Person) g.Person {
	p.Name, p.Number, p.Class, p.Phone = strings.TrimSpace(p.Name), strings.TrimSpace(p.Number), strings.TrimSpace(p.Class), strings.TrimSpace(p.Phone)
	return p
}

// savePerson writes a person, new or old.
func (r *Registry) savePerson(ctx context.Context, t *tx, p file) error {
	keys, err := r.vault.school(ctx, t, p.School)
	if err != nil {
		return err
	}
	var mac []byte
	if p.Number != "" {
		mac = keys.mac("number", p.Number)
		n := 0
		if err := t.row(ctx, "SELECT COUNT(*) FROM persons WHERE school = ? AND number_mac = ? AND id <> ?", string(p.School), mac, string(p.ID)).Scan(&n); err != nil {
			return fmt.Errorf("read person: %w", err)
		}
		if n > 0 {
			return &g.Error{Code: g.Conflict, Field: "number", Message: "somebody of the school has this number already"}
		}
	}
	sealed, _, err := r.sealPerson(keys, p)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO persons (id, school, kind, class, number_mac, key_sealed, body_sealed, left_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, class = excluded.class, number_mac = excluded.number_mac, body_sealed = excluded.body_sealed, left_at = excluded.left_at`,
		string(p.ID), string(p.School), string(p.Kind), p.Class, mac, p.key, sealed, micros(p.Left))
	if err != nil {
		return fmt.Errorf("write person: %w", err)
	}
	return nil
}

// touchPeople makes every cached roll of the school old.
func touchPeople(ctx context.Context, t *tx, school g.SchoolID) error {
	if _, err := t.exec(ctx, "UPDATE schools SET people_rev = people_rev + 1 WHERE id = ?", string(school)); err != nil {
		return fmt.Errorf("write school: %w", err)
	}
	return nil
}

// checkGuardians finds that they are people of the same school.
func (r *Registry) checkGuardians(ctx context.Context, t *tx, p g.Person) error {
	for i, id := range p.Guardian {
		school, err := schoolOf(ctx, t, "persons", "person", string(id))
		if g.ErrorCode(err) == g.NotFound || err == nil && (school != p.School || id == p.ID) {
			return g.FieldErrorf(fmt.Sprintf("guardians[%d]", i), "the school has no such person to be a guardian")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// CreatePerson adds somebody; an empty ID is drawn. Who may enrol faces but not write people
// may add visitors.
func (v *View) CreatePerson(ctx context.Context, p g.Person) (g.Person, error) {
	need := g.PeopleWrite
	if p.Kind == g.Visitor && v.s.Can(g.FacesAdmin) {
		need = g.FacesAdmin
	}
	in, err := v.reach(ctx, need)
	if err != nil {
		return g.Person{}, err
	}
	if err := v.inSchool(ctx, in, p.School); err != nil {
		return g.Person{}, err
	}
	if p.ID == "" {
		p.ID = g.PersonID(g.NewID("per"))
	}
	if !g.ValidID(string(p.ID)) {
		return g.Person{}, badID()
	}
	p = tidy(p)
	if err := checkPerson(p); err != nil {
		return g.Person{}, err
	}
	err = v.r.write(ctx, func(t *tx) error { return v.createPerson(ctx, t, &p) })
	if err != nil {
		return g.Person{}, err
	}
	return p, nil
}

// createPerson writes somebody new, who has been checked.
func (v *View) createPerson(ctx context.Context, t *tx, p *g.Person) error {
	p.Created = moment(micros(t.now))
	if err := free(ctx, t, "persons", "person", string(p.ID)); err != nil {
		return err
	}
	if err := v.r.checkGuardians(ctx, t, *p); err != nil {
		return err
	}
	_, wrapped := v.r.vault.newKey(string(p.ID))
	if err := v.r.savePerson(ctx, t, file{Person: *p, key: wrapped}); err != nil {
		return err
	}
	if err := touchPeople(ctx, t, p.School); err != nil {
		return err
	}
	t.change("person", p.School, string(p.ID))
	return v.audit(ctx, t, p.School, "person.create", string(p.ID))
}

// UpdatePerson changes everything but the id, school and time of creation. What it changes is
// a manual correction, which no import undoes.
func (v *View) UpdatePerson(ctx context.Context, p g.Person) error {
	in, err := v.reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	p = tidy(p)
	if err := checkPerson(p); err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error {
		old, err := v.r.person(ctx, t, in, p.ID)
		if err != nil {
			return err
		}
		if p.School != "" && p.School != old.School {
			return g.FieldErrorf("school", "a person does not change schools: delete the person and add them there")
		}
		p.School, p.Created, p.Left = old.School, old.Created, old.Left
		if err := v.r.checkGuardians(ctx, t, p); err != nil {
			return err
		}
		if err := v.r.savePerson(ctx, t, file{Person: p, imported: old.imported, key: old.key}); err != nil {
			return err
		}
		if err := touchPeople(ctx, t, p.School); err != nil {
			return err
		}
		t.change("person", p.School, string(p.ID))
		return v.audit(ctx, t, p.School, "person.update", string(p.ID))
	})
}

// DeletePerson destroys the person's key and with it every personal field, and removes their
// templates, passes, consents, leaves and attendance. The history keeps an id that leads to
// nobody. Copies in older backups are only as gone as the backups.
func (v *View) DeletePerson(ctx context.Context, id g.PersonID) error {
	in, err := v.reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	err = v.r.write(ctx, func(t *tx) error {
		p, err := v.r.person(ctx, t, in, id)
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM persons WHERE id = ?", string(id)); err != nil {
			return fmt.Errorf("delete person: %w", err)
		}
		if err := touchPeople(ctx, t, p.School); err != nil {
			return err
		}
		t.change("person", p.School, string(id))
		t.change("face", p.School, string(id))
		return v.audit(ctx, t, p.School, "person.delete", string(id))
	})
	if err != nil {
		return err
	}
	v.r.forget(ctx)
	return nil
}

// forget makes what was just deleted unreadable on disk, as far as readers let it.
func (r *Registry) forget(ctx context.Context) {
	if done, err := r.reg.forget(ctx); err != nil || !done {
		r.log.Warn("what was deleted may be in the write-ahead log until the next checkpoint", "error", err)
	}
}
