package people

import (
	"context"
	"encoding/json"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// NewestConsent selects the ID of the newest consent, which counts, of the person of row c.
const NewestConsent = "(SELECT MAX(n.id) FROM consents n WHERE n.person = c.person)"

// consentBody is the personal part of a consent.
type consentBody struct {
	By    string `json:"by"`
	Note  string `json:"note,omitempty"`
	Actor string `json:"actor"`
}

// SetConsent records that the use of a person's face was allowed or withdrawn. Actor is set from
// the scope; a zero At means now. A withdrawal destroys the person's face templates. It requires
// people:write or faces:admin.
func (v View) SetConsent(ctx context.Context, c g.Consent) error {
	in, err := v.reachPasses(ctx)
	if err != nil {
		return err
	}
	if err := store.Line("by", c.By, store.MaxName); err != nil {
		return err
	}
	if err := store.Optional("note", c.Note, store.MaxReason); err != nil {
		return err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		p, err := Person(ctx, v.r, t, in, c.Person)
		if err != nil {
			return err
		}
		if err := v.r.setConsent(
			ctx,
			t,
			p,
			c,
			v.s.Actor,
		); err != nil {
			return err
		}
		deed := "consent.give"
		if !c.Given {
			deed = "consent.withdraw"
			t.Change(change.Face, p.School, string(p.ID))
		}
		t.Change(change.Consent, p.School, string(p.ID))
		return v.s.Audit(
			ctx,
			t,
			p.School,
			deed,
			string(p.ID),
		)
	})
	if err == nil && !c.Given {
		v.s.Forget(ctx)
	}
	return err
}

// reachPasses is the reach of callers who manage passes, by people:write or faces:admin.
func (v View) reachPasses(ctx context.Context) (store.Reach, error) {
	if v.s.Can(g.FacesAdmin) {
		return v.s.Reach(ctx, g.FacesAdmin)
	}
	return v.s.Reach(ctx, g.PeopleWrite)
}

// setConsent writes the record and, for a withdrawal, destroys the templates.
func (r *Book) setConsent(
	ctx context.Context, t *store.Tx, p Keyed, c g.Consent, actor string,
) error {
	if c.At.IsZero() {
		c.At = t.Now
	}
	b, err := json.Marshal(consentBody{
		By:    c.By,
		Note:  c.Note,
		Actor: actor,
	})
	if err != nil {
		return err
	}
	sealed, err := SealPersonal(r, p, b, "consent")
	if err != nil {
		return err
	}
	if _, err := t.Exec(ctx,
		"INSERT INTO consents (person, given, at, body_sealed) VALUES (?, ?, ?, ?)", string(p.ID),
		store.Flag(c.Given), store.Micros(c.At), sealed); err != nil {
		return fmt.Errorf("write consent: %w", err)
	}
	if c.Given {
		return nil
	}
	if _, err := t.Exec(ctx, "DELETE FROM passes WHERE person = ? AND method = ?", string(p.ID),
		string(g.ByFace)); err != nil {
		return fmt.Errorf("destroy face templates: %w", err)
	}
	return nil
}

func (r *Book) consents(ctx context.Context, c store.Conn, p Keyed) ([]g.Consent, error) {
	out := []g.Consent{}
	err := store.Each(ctx, c,
		"SELECT given, at, body_sealed FROM consents WHERE person = ? ORDER BY id DESC",
		[]any{string(p.ID)}, func(scan func(...any) error) error {
			x := g.Consent{Person: p.ID}
			var at int64
			var sealed []byte
			if err := scan(&x.Given, &at, &sealed); err != nil {
				return err
			}
			plain, err := UnsealPersonal(r, p, sealed, "consent")
			if err != nil {
				return err
			}
			var b consentBody
			if err := json.Unmarshal(plain, &b); err != nil {
				return err
			}
			x.At, x.By, x.Note, x.Actor = store.Moment(at), b.By, b.Note, b.Actor
			out = append(out, x)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	return out, nil
}

// consented reports whether a person's newest consent was given.
func consented(ctx context.Context, c store.Conn, id g.PersonID) (bool, error) {
	n := 0
	if err := c.Row(ctx,
		"SELECT COUNT(*) FROM consents c WHERE c.person = ? AND c.given = 1 AND c.id = "+
			NewestConsent,
		string(id)).Scan(&n); err != nil {
		return false, fmt.Errorf("read consent: %w", err)
	}
	return n > 0, nil
}
