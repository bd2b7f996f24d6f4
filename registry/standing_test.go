package registry_test

import (
	"testing"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/people"
)

// TestStanding: the owner of a credential and whether it is valid now, by card, by user number, and
// by a face that a terminal has matched.
func TestStanding(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		child := d.child["a"]
		must[g.Pass](t)(d.sys.People.AddCard(ctx, child.ID, g.ByCard, "04A1B2C3D4",
			c.now().Add(time.Hour)))
		check := func(m g.Method, credential string, orNumber bool, person g.PersonID, why g.ReasonCode) {
			t.Helper()
			got, err := d.sys.People.Standing(ctx, "a", m, credential, orNumber)
			ok(t, err)
			want := people.Holder{
				Person: person,
				Why:    why,
			}
			if person != "" {
				want.Kind = g.Student
			}
			if got != want {
				t.Errorf("%s %q: got %+v, want %+v", m, credential, got, want)
			}
		}
		check(g.ByCard, "04:a1:b2:c3:d4", false, child.ID, "")
		check(g.ByQR, "04A1B2C3D4", false, "", g.ReasonNobody)
		check(g.ByCard, child.Number, false, "", g.ReasonNobody)
		check(g.ByCard, child.Number, true, child.ID, "")
		check(g.ByFace, child.Number, false, "", g.ReasonNobody)
		check(g.ByCard, " ", true, "", g.ReasonNobody)
		ok(t, d.sys.People.SetConsent(ctx, g.Consent{Person: child.ID, Given: true, By: "mother"}))
		check(g.ByFace, child.Number, false, child.ID, "")
		c.add(2 * time.Hour)
		check(g.ByCard, "04A1B2C3D4", true, child.ID, g.ReasonPassExpired)
		ok(t, d.sys.People.SetLeft(ctx, child.ID, true))
		check(g.ByCard, "04A1B2C3D4", true, child.ID, g.ReasonPersonLeft)
		check(g.ByCard, child.Number, true, child.ID, g.ReasonPersonLeft)
	})
}
