package registry_test

import (
	"testing"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry"
)

// TestSessionNamesPeople: who is named is expected whatever their class; without classes nobody else
// is; and nobody of another school can be named.
func TestSessionNamesPeople(t *testing.T) {
	onEngines(t, func(t *testing.T, o registry.Options, c *clock) {
		ctx := t.Context()
		d := newDistrict(t, o, c)
		child := d.child["a"].ID
		v := d.as(d.a, g.RoleAdmin)
		expected := func(s g.Session) (out []g.PersonID) {
			t.Helper()
			s = must[g.Session](t)(v.Sessions.Put(ctx, s))
			for _, r := range d.roster(t, s) {
				out = append(out, r.Person)
			}
			return out
		}
		s := morning(d, d.a)
		s.Kind, s.Who, s.Classes = g.SessionDuty, []g.PersonKind{g.Staff}, []string{"nobody's"}
		if got := expected(s); len(got) != 0 {
			t.Errorf("got %v, want nobody of a class that is not there", got)
		}
		s.Persons = []g.PersonID{child}
		if got := expected(s); len(got) != 1 || got[0] != child {
			t.Errorf("got %v, want who is named, beside the class", got)
		}
		s.Classes, s.Who = nil, g.PersonKinds()
		if got := expected(s); len(got) != 1 || got[0] != child {
			t.Errorf("got %v, want nobody but who is named", got)
		}
		s.Persons = []g.PersonID{child, d.child["b"].ID}
		_, err := v.Sessions.Put(ctx, s)
		wantCode(t, err, g.Invalid)
		s.Persons = make([]g.PersonID, g.MaxSessionPersons+1)
		_, err = v.Sessions.Put(ctx, s)
		wantCode(t, err, g.Invalid)
	})
}
