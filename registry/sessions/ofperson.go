package sessions

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// CorrectionsOfPerson are the corrections of one person's answers to some sessions, oldest first; only
// for system scopes.
func (v View) CorrectionsOfPerson(
	ctx context.Context, who g.PersonID, of []g.SessionID,
) ([]Correction, error) {
	if err := v.s.OnlySystem(); err != nil {
		return nil, err
	}
	if len(of) == 0 {
		return nil, nil
	}
	var w store.Where
	w.And("person = ?", string(who))
	w.And("session IN ("+store.Marks(len(of))+")", store.Anys(of)...)
	var sealed []sealedCorrection
	err := store.Each(ctx, v.s.Reg, "SELECT session, person, at, body_sealed FROM corrections"+w.String()+
		" ORDER BY id", w.Args, func(scan func(...any) error) error {
		var c sealedCorrection
		err := scan(&c.session, &c.person, &c.at, &c.body)
		sealed = append(sealed, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list corrections of a person: %w", err)
	}
	return v.openCorrections(ctx, sealed)
}
