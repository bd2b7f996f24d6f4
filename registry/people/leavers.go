package people

import (
	"context"
	"fmt"

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
		school, err := store.SchoolOf(ctx, t, "persons", "person", string(id))
		if err != nil {
			return err
		}
		if err := in.Owns(school, "person", string(id)); err != nil {
			return err
		}
		at, deed := int64(0), "person.back"
		if left {
			at, deed = store.Micros(t.Now), "person.leave"
		}
		if _, err := t.Exec(ctx, "UPDATE persons SET left_at = ? WHERE id = ?", at, string(id)); err != nil {
			return fmt.Errorf("write person: %w", err)
		}
		if err := places.TouchPeople(ctx, t, school); err != nil {
			return err
		}
		t.Change(change.Person, school, string(id))
		t.Change(change.Face, school, string(id))
		return v.s.Audit(ctx, t, school, deed, string(id))
	})
}
