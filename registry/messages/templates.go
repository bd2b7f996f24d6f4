package messages

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Templates lists what each kind of message says in each language: the school's own, else as
// shipped.
func (v View) Templates(ctx context.Context, school g.SchoolID) ([]Template, error) {
	in, err := v.s.Reach(ctx, g.MessagesSend)
	if err != nil {
		return nil, err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return nil, err
	}
	own, err := v.r.templatesOf(ctx, v.s.Reg, school)
	if err != nil {
		return nil, err
	}
	out := shipped()
	for i, t := range out {
		for _, x := range own {
			if x.Kind == t.Kind && x.Language == t.Language {
				out[i] = x
			}
		}
	}
	return out, nil
}

// Template returns what a kind of message says in a language: the school's own, else as shipped.
func (v View) Template(
	ctx context.Context, school g.SchoolID, kind, language string,
) (Template, error) {
	all, err := v.Templates(ctx, school)
	if err != nil {
		return Template{}, err
	}
	for _, t := range all {
		if t.Kind == kind && t.Language == language {
			return t, nil
		}
	}
	return Template{}, store.NotFound("template", kind+" "+language)
}

func (r *Book) templatesOf(
	ctx context.Context, c store.Conn, school g.SchoolID,
) (out []Template, err error) {
	err = store.Each(ctx, c,
		"SELECT kind, language, subject, text FROM templates WHERE school = ? ORDER BY kind, language",
		[]any{string(school)}, func(scan func(...any) error) error {
			t := Template{Own: true}
			err := scan(&t.Kind, &t.Language, &t.Subject, &t.Text)
			out = append(out, t)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	return out, nil
}

// PutTemplate replaces what a kind of message says in a language; one without subject and text goes
// back to what is shipped. A name that the kind does not have is refused with its line.
func (v View) PutTemplate(ctx context.Context, school g.SchoolID, x Template) error {
	in, err := v.s.Reach(ctx, g.SettingsWrite)
	if err != nil {
		return err
	}
	if err := v.s.InSchool(ctx, in, school); err != nil {
		return err
	}
	x.Own = x.Subject != "" || x.Text != ""
	if x.Own {
		if err := x.Check(); err != nil {
			return err
		}
	} else if _, err := v.Template(ctx, school, x.Kind, x.Language); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		_, err := t.Exec(ctx, "DELETE FROM templates WHERE school = ? AND kind = ? AND language = ?",
			string(school), x.Kind, x.Language)
		if err == nil && x.Own {
			_, err = t.Exec(ctx,
				"INSERT INTO templates (school, kind, language, subject, text) VALUES (?, ?, ?, ?, ?)",
				string(school), x.Kind, x.Language, x.Subject, x.Text)
		}
		if err != nil {
			return fmt.Errorf("write template: %w", err)
		}
		t.Change(change.Template, school, x.Kind)
		return v.s.AuditChanges(
			ctx,
			t,
			school,
			"template.put",
			x.Kind+" "+x.Language,
			nil,
			x,
		)
	})
}
