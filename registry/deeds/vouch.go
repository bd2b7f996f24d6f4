package deeds

import (
	"context"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Vouch audits that a member of staff vouches for a person at a place, with the scope's reason, which
// it needs, and returns the place's school. It does not record the sighting: the caller adds it to
// the journal. An error names the field at fault: person, zone or note.
func (v View) Vouch(
	ctx context.Context, person g.PersonID, zone g.ZoneID,
) (school g.SchoolID, err error) {
	in, err := v.s.Reach(ctx, g.SightingsWrite)
	if err != nil {
		return "", err
	}
	if err := people.HidesNames(ctx, v.people, v.s.School); err != nil {
		return "", err
	}
	err = v.s.Write(ctx, func(t *store.Tx) error {
		of, err := store.SchoolOf(ctx, t, "persons", "person", string(person))
		if err != nil {
			return at("person", err)
		}
		if err := in.Owns(of, "person", string(person)); err != nil {
			return at("person", err)
		}
		if school, err = store.SchoolOf(ctx, t, "zones", "zone", string(zone)); err != nil {
			return at("zone", err)
		}
		if err := in.Owns(school, "zone", string(zone)); err != nil {
			return at("zone", err)
		}
		if err := store.Line("note", v.s.Reason, store.MaxReason); err != nil {
			return err
		}
		return v.s.Audit(ctx, t, v.s.School, "sighting.manual",
			string(person)+" at "+string(zone))
	})
	if err != nil {
		return "", err
	}
	return school, nil
}

// at sets the field at fault.
func at(field string, err error) error {
	if e, ok := errors.AsType[*g.Error](err); ok {
		return e.At(field)
	}
	return err
}
