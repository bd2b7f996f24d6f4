package people

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Enrolment is the enrolment of a face, with the person and the consent if they are new.
type Enrolment struct {
	Person  g.PersonID // an existing person; or New
	New     *g.Person  // a person to add
	Consent *g.Consent // consent to record; nil: it must have been given before

	Embedding []float32
	Model     string
	Quality   float64

	Replace   bool         // destroy the person's previous templates
	LookAlike []g.PersonID // people of the school with a similar face
	Answers   []string     // the questions asked and their answers, for the audit log
}

// MayEnrol returns the school of a person whose face may be enrolled: within reach, and with
// consent. It is called before a photograph is processed.
func (v View) MayEnrol(ctx context.Context, person g.PersonID) (g.SchoolID, error) {
	in, err := v.s.Reach(ctx, g.FacesAdmin)
	if err != nil {
		return "", err
	}
	p, err := Person(ctx, v.r, v.s.Reg, in, person)
	if err != nil {
		return "", err
	}
	return p.School, v.r.allowsFace(ctx, v.s.Reg, person)
}

func (r *Book) allowsFace(ctx context.Context, c store.Conn, person g.PersonID) error {
	ok, err := consented(ctx, c, person)
	if err == nil && !ok {
		return g.Errorf(g.Forbidden,
			"there is no consent to use this person's face: record the consent first")
	}
	return err
}

// Enrol adds person, consent and face in one transaction. It requires faces:admin and, for a new
// person other than a visitor, people:write.
func (v View) Enrol(ctx context.Context, e Enrolment) (g.PersonID, g.Pass, error) {
	in, err := v.s.Reach(ctx, g.FacesAdmin)
	if err != nil {
		return "", g.Pass{}, err
	}
	if (e.Person == "") == (e.New == nil) {
		return "", g.Pass{}, g.FieldErrorf("person",
			"give either somebody who is known, or somebody new")
	}
	if err := v.checkNew(ctx, in, &e); err != nil {
		return "", g.Pass{}, err
	}
	template, err := checkFace(e.Embedding, e.Model, e.Quality)
	if err != nil {
		return "", g.Pass{}, err
	}
	var pass g.Pass
	err = v.s.Write(ctx, func(t *store.Tx) error {
		if e.New != nil {
			if err := v.createPerson(ctx, t, e.New); err != nil {
				return err
			}
			e.Person = e.New.ID
		}
		p, err := Person(ctx, v.r, t, in, e.Person)
		if err != nil {
			return err
		}
		if e.Consent != nil {
			c := *e.Consent
			c.Given = true
			if err := v.r.setConsent(
				ctx,
				t,
				p,
				c,
				v.s.Actor,
			); err != nil {
				return err
			}
			t.Change(change.Consent, p.School, string(p.ID))
			if err := v.s.Audit(
				ctx,
				t,
				p.School,
				"consent.give",
				string(p.ID),
			); err != nil {
				return err
			}
		}
		if e.Replace {
			if _, err := t.Exec(ctx, "DELETE FROM passes WHERE person = ? AND method = ?",
				string(p.ID), string(g.ByFace)); err != nil {
				return fmt.Errorf("destroy face templates: %w", err)
			}
		}
		for _, other := range e.LookAlike {
			if err := v.pairUp(ctx, t, p, other); err != nil {
				return err
			}
		}
		pass, err = v.addFace(ctx, t, p, template, e)
		return err
	})
	if err != nil {
		return "", g.Pass{}, err
	}
	if e.Replace {
		v.s.Forget(ctx)
	}
	return e.Person, pass, nil
}

// checkNew validates the new person and the consent.
func (v View) checkNew(ctx context.Context, in store.Reach, e *Enrolment) error {
	if c := e.Consent; c != nil {
		if err := store.Line("by", c.By, store.MaxName); err != nil {
			return err
		}
		if err := store.Optional("note", c.Note, store.MaxReason); err != nil {
			return err
		}
	}
	if e.New == nil {
		return nil
	}
	p := tidy(*e.New)
	if p.Kind != g.Visitor && !v.s.Can(g.PeopleWrite) {
		return g.FieldErrorf("kind",
			"without the permission people:write a new person can be a visitor only")
	}
	if p.ID == "" {
		p.ID = g.PersonID(g.NewID("per"))
	}
	if !g.ValidID(string(p.ID)) {
		return store.BadID()
	}
	if err := v.s.InSchool(ctx, in, p.School); err != nil {
		return err
	}
	e.New = &p
	return checkPerson(p)
}

// checkFace validates a template and encodes it.
func checkFace(embedding []float32, model string, quality float64) ([]byte, error) {
	if err := store.Line("model", model, 100); err != nil {
		return nil, err
	}
	if math.IsNaN(quality) || quality < 0 || quality > 1 {
		return nil, g.FieldErrorf("quality", "%v is not between 0 and 1", quality)
	}
	return packFace(embedding)
}

// addFace writes a template, and deletes those of other models, which can no longer be compared.
func (v View) addFace(
	ctx context.Context, t *store.Tx, p Keyed, template []byte, e Enrolment,
) (g.Pass, error) {
	if err := v.r.allowsFace(ctx, t, p.ID); err != nil {
		return g.Pass{}, err
	}
	if _, err := t.Exec(ctx, "DELETE FROM passes WHERE person = ? AND method = ? AND model <> ?",
		string(p.ID), string(g.ByFace), e.Model); err != nil {
		return g.Pass{}, fmt.Errorf("destroy templates of another model: %w", err)
	}
	n := 0
	if err := t.Row(ctx, "SELECT COUNT(*) FROM passes WHERE person = ? AND method = ?",
		string(p.ID), string(g.ByFace)).Scan(&n); err != nil {
		return g.Pass{}, fmt.Errorf("read passes: %w", err)
	}
	if n >= maxFaces {
		return g.Pass{}, g.Errorf(g.Conflict,
			"the person has %d face templates, and no more are kept: delete one first", n)
	}
	keys, err := v.s.Vault.School(ctx, t, p.School)
	if err != nil {
		return g.Pass{}, err
	}
	pass := g.Pass{
		ID:      g.PassID(g.NewID("pas")),
		Person:  p.ID,
		Method:  g.ByFace,
		Created: store.Moment(store.Micros(t.Now)),
		Quality: e.Quality,
		Model:   e.Model,
	}
	if err := savePass(ctx, t, p.School, pass, nil,
		store.Seal(keys.Template, template, "face "+string(pass.ID))); err != nil {
		return g.Pass{}, err
	}
	t.Change(change.Face, p.School, string(p.ID))
	object := string(p.ID) + " " + string(pass.ID)
	if len(e.Answers) > 0 {
		object += " answered " + strings.Join(e.Answers, ", ")
	}
	return pass, v.s.Audit(
		ctx,
		t,
		p.School,
		"face.enrol",
		object,
	)
}

// pairUp records that two people of a school look alike.
func (v View) pairUp(ctx context.Context, t *store.Tx, p Keyed, other g.PersonID) error {
	school, err := store.SchoolOf(ctx, t, "persons", "person", string(other))
	if err != nil {
		return err
	}
	if school != p.School || other == p.ID {
		return store.NotFound("person", string(other))
	}
	pair := []string{string(p.ID), string(other)}
	slices.Sort(pair)
	if _, err := t.Exec(ctx,
		"INSERT INTO look_alikes (a, b, at) VALUES (?, ?, ?) ON CONFLICT (a, b) DO NOTHING",
		pair[0], pair[1], store.Micros(t.Now)); err != nil {
		return fmt.Errorf("write look-alikes: %w", err)
	}
	t.Change(change.Face, p.School, string(other))
	return v.s.Audit(
		ctx,
		t,
		p.School,
		"face.look_alike",
		pair[0]+" "+pair[1],
	)
}

// alike sets the look-alikes of the school's templates.
func (r *Book) alike(ctx context.Context, school g.SchoolID, out []Template) error {
	of := map[g.PersonID][]g.PersonID{}
	err := store.Each(ctx, r.s.Reg,
		"SELECT l.a, l.b FROM look_alikes l JOIN persons p ON p.id = l.a WHERE p.school = ?",
		[]any{string(school)}, func(scan func(...any) error) error {
			var a, b g.PersonID
			err := scan(&a, &b)
			of[a], of[b] = append(of[a], b), append(of[b], a)
			return err
		})
	if err != nil {
		return fmt.Errorf("read look-alikes: %w", err)
	}
	for i := range out {
		out[i].Alike = of[out[i].Person]
	}
	return nil
}
