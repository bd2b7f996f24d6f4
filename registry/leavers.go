package registry

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
)

// SetLeft marks somebody as having left the school, or as being back. Whoever has left is
// expected nowhere and recognised by nothing; what is kept of them stays until they are deleted.
func (v *View) SetLeft(ctx context.Context, id g.PersonID, left bool) error {
	in, err := v.reach(ctx, g.PeopleWrite)
	if err != nil {
		return err
	}
	return v.r.write(ctx, func(t *tx) error {
		school, err := schoolOf(ctx, t, "persons", "person", string(id))
		if err != nil {
			return err
		}
		if err := in.owns(school, "person", string(id)); err != nil {
			return err
		}
		at, deed := int64(0), "person.back"
		if left {
			at, deed = micros(t.now), "person.leave"
		}
		if _, err := t.exec(ctx, "UPDATE persons SET left_at = ? WHERE id = ?", at, string(id)); err != nil {
			return fmt.Errorf("write person: %w", err)
		}
		if err := touchPeople(ctx, t, school); err != nil {
			return err
		}
		t.change("person", school, string(id))
		t.change("face", school, string(id))
		return v.audit(ctx, t, school, deed, string(id))
	})
}
