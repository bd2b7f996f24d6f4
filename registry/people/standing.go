package people

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Standing returns the owner of a credential and why it does not let them pass: it is nobody's,
// expired, or of somebody who has left; "" if it does. Only system scopes may call it. Credentials
// are looked up as in ByCredential and, with orNumber, as in ByNumber too.
func (v View) Standing(
	ctx context.Context, school g.SchoolID, method g.Method, credential string, orNumber bool,
) (g.PersonID, g.ReasonCode, error) {
	if err := v.s.OnlySystem(); err != nil {
		return "", "", err
	}
	if normal(method, credential) == "" {
		return "", g.ReasonNobody, nil // an empty credential must not match people without a number
	}
	keys, err := v.s.Vault.School(ctx, v.s.Reg, school)
	if err != nil {
		return "", "", err
	}
	if method != g.ByFace {
		person, why, err := v.standing(ctx,
			"SELECT f.person, p.left_at, f.expires FROM passes f JOIN persons p ON "+
				"p.id = f.person WHERE f.school = ? AND f.mac = ? ORDER BY p.left_at",
			string(school), keys.Mac(string(method), normal(method, credential)))
		if err != nil || why != g.ReasonNobody || !orNumber {
			return person, why, err
		}
	}
	person, why, err := v.standing(ctx,
		"SELECT id, left_at, 0 FROM persons WHERE school = ? AND number_mac = ? ORDER BY left_at",
		string(school), keys.Mac("number", normal(g.ByFace, credential)))
	if err != nil || method != g.ByFace || why == g.ReasonNobody {
		return person, why, err
	}
	// a face counts only with the person's consent
	ok, err := consented(ctx, v.s.Reg, person)
	if err != nil || !ok {
		return "", g.ReasonNobody, err
	}
	return person, why, nil
}

// standing returns a person and why they may not pass; query selects the person, when they left and
// when the credential expires (0: never).
func (v View) standing(
	ctx context.Context, query string, args ...any,
) (person g.PersonID, why g.ReasonCode, err error) {
	var left, expires int64
	err = v.s.Reg.Row(ctx, query, args...).Scan(&person, &left, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", g.ReasonNobody, nil
	case err != nil:
		return "", "", fmt.Errorf("look up a credential: %w", err)
	case left != 0:
		return person, g.ReasonPersonLeft, nil
	case expires != 0 && expires <= store.Micros(v.s.Now()):
		return person, g.ReasonPassExpired, nil
	}
	return person, "", nil
}
