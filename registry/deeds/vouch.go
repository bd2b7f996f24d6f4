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

// VouchPlate is Vouch for whoever has a permit for a plate that was read at the place: the holder
// passes. A plate without a permit that holds now is refused.
func (v View) VouchPlate(
	ctx context.Context, plate string, zone g.ZoneID,
) (school g.SchoolID, person g.PersonID, err error) {
	in, err := v.s.Reach(ctx, g.SightingsWrite)
	if err != nil {
		return "", "", err
	}
	if school, err = store.SchoolOf(ctx, v.s.Reg, "zones", "zone", string(zone)); err != nil {
		return "", "", at("zone", err)
	}
	if err := in.Owns(school, "zone", string(zone)); err != nil {
		return "", "", at("zone", err)
	}
	h, err := people.HolderOfPlate(ctx, v.people, school, plate)
	switch {
	case err != nil:
		return "", "", err
	case h.Why == g.ReasonPassEarly:
		return "", "", g.FieldErrorf("plate", "the permit of %s has not begun", g.NormalPlate(plate))
	case h.Why == g.ReasonPassExpired:
		return "", "", g.FieldErrorf("plate", "the permit of %s has ended", g.NormalPlate(plate))
	case h.Why != "":
		return "", "", g.FieldErrorf("plate", "nobody has a permit for %s: enter the driver as a visitor",
			g.NormalPlate(plate))
	case h.Held == people.HeldBarred:
		return "", "", g.FieldErrorf("plate", "whoever has the permit of %s is on the barred list",
			g.NormalPlate(plate))
	}
	school, err = v.Vouch(ctx, h.Person, zone)
	return school, h.Person, err
}

// at sets the field at fault.
func at(field string, err error) error {
	if e, ok := errors.AsType[*g.Error](err); ok {
		return e.At(field)
	}
	return err
}
