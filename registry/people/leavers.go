package people

import (
	"context"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/places"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// SetLeft marks a person as having left the school, or as being back. A person who has left is no
// longer expected or recognised; their data stays until they are deleted.
func (v View) SetLeft(ctx context.Context, id g.PersonID, left bool) error {
	in, err := v.s.Reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		old, err := Person(ctx, v.r, t, in, id)
		if err != nil {
			return err
		}
		school, now, deed := old.School, old, "person.back"
		now.Left = time.Time{}
		if left {
			now.Left, deed = t.Now, "person.leave"
		}
		now.turned(old, t.Now)
		if err := v.r.savePerson(ctx, t, now); err != nil {
			return err
		}
		if err := places.TouchPeople(ctx, t, school); err != nil {
			return err
		}
		t.Change(change.Person, school, string(id))
		t.Change(change.Face, school, string(id))
		return v.s.Audit(ctx, t, school, deed, string(id))
	})
}
