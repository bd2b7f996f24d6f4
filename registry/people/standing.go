package people

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Holder is whose credential it is, and why it does not let them pass.
type Holder struct {
	Person g.PersonID // "": nobody's
	Kind   g.PersonKind
	Why    g.ReasonCode // "": they may pass
	Duress bool         // it says that they are made to
	Held   Held         // a visitor's: "" but while they are inside or must not come in
}

const standingQuery = "SELECT f.person, p.kind, p.left_at, f.expires, f.duress, f.starts, f.held FROM passes f " +
	"JOIN persons p ON p.id = f.person WHERE f.school = ? AND f.mac = ? ORDER BY p.left_at"

// Standing returns the holder of a credential and why it does not let them pass: it is nobody's,
// expired, or of somebody who has left. Only system scopes may call it. Credentials are looked up as
// in ByCredential and, with orNumber, as in ByNumber too.
func (v View) Standing(
	ctx context.Context, school g.SchoolID, method g.Method, credential string, orNumber bool,
) (Holder, error) {
	nobody := Holder{Why: g.ReasonNobody}
	if err := v.s.OnlySystem(); err != nil {
		return Holder{}, err
	}
	if normal(method, credential) == "" {
		return nobody, nil // an empty credential must not match people without a number
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return Holder{}, err
	}
	if method != g.ByFace {
		h, err := v.standing(ctx,
			standingQuery,
			string(school), keys.Mac(string(method), normal(method, credential)))
		if err != nil || h.Why != g.ReasonNobody || !orNumber {
			return h, err
		}
	}
	h, err := v.standing(ctx,
		"SELECT id, kind, left_at, 0, 0, 0, '' FROM persons WHERE school = ? AND number_mac = ? ORDER BY left_at",
		string(school), keys.Mac("number", normal(g.ByFace, credential)))
	if err != nil || method != g.ByFace || h.Why == g.ReasonNobody {
		return h, err
	}
	// a face counts only with the person's consent
	ok, err := consented(ctx, v.s.Reg, h.Person)
	if err != nil || !ok {
		return nobody, err
	}
	return h, nil
}

// HolderOfPlate is Standing for a plate that somebody reads at a school's barrier. It does not check
// the scope: the caller must.
func HolderOfPlate(ctx context.Context, v View, school g.SchoolID, plate string) (Holder, error) {
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return Holder{}, err
	}
	return v.standing(ctx, standingQuery, string(school), keys.Mac(string(g.ByPlate), normal(g.ByPlate, plate)))
}

// Who says of what kind a person is, and whether they sleep in the school; only for system scopes.
func (v View) Who(ctx context.Context, id g.PersonID) (kind g.PersonKind, boarder bool, err error) {
	if err := v.s.OnlySystem(); err != nil {
		return "", false, err
	}
	err = v.read(ctx, []g.PersonID{id}, func(p Keyed) { kind, boarder = p.Kind, p.Boarder })
	if err == nil && kind == "" {
		return "", false, g.Errorf(g.NotFound, "the school has no person %q", id)
	}
	return kind, boarder, err
}

// Duress reports whether a PIN says that its holder is made to use it; only for system scopes.
func (v View) Duress(ctx context.Context, school g.SchoolID, pin string) (bool, error) {
	h, err := v.Standing(
		ctx,
		school,
		g.ByPIN,
		pin,
		false,
	)
	return h.Duress, err
}

// standing returns a holder; query selects the person, their kind, when they left, when the
// credential expires (0: never), whether it is for duress, when it begins and why it is held.
func (v View) standing(ctx context.Context, query string, args ...any) (h Holder, err error) {
	var left, expires, duress, starts int64
	err = v.s.Reg.Row(ctx, query, args...).Scan(
		&h.Person,
		&h.Kind,
		&left,
		&expires,
		&duress,
		&starts,
		&h.Held,
	)
	h.Duress = duress != 0
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Holder{Why: g.ReasonNobody}, nil
	case err != nil:
		return Holder{}, fmt.Errorf("look up a credential: %w", err)
	case left != 0:
		h.Why = g.ReasonPersonLeft
	case expires != 0 && expires <= store.Micros(v.s.Now()):
		h.Why = g.ReasonPassExpired
	case starts > store.Micros(v.s.Now()):
		h.Why = g.ReasonPassEarly
	}
	return h, nil
}

// Belongs reports whether a person is of a school. It does not check the scope: the caller must.
func Belongs(ctx context.Context, c store.Conn, school g.SchoolID, id g.PersonID) (bool, error) {
	of, err := store.SchoolOf(ctx, c, "persons", "person", string(id))
	if g.ErrorCode(err) == g.NotFound {
		return false, nil
	}
	return of == school, err
}
