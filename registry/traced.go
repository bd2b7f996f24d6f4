package registry

import (
	"context"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// traced checks and audits that one named person's movements or attendance are asked for: the
// reason binds the data, by whichever way it is read. Of a student it takes one that says
// something. Of an id that leads to nobody there is nothing to protect.
func (v *View) traced(ctx context.Context, in store.Reach, id g.PersonID, deed string) error {
	if id == "" || v.s.System != "" {
		return nil
	}
	p, err := v.r.person(ctx, v.s.Reg, in, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := v.because(p.Kind); err != nil {
		return err
	}
	return v.looked(ctx, p.School, deed, string(id))
}

// looked writes a look into the audit log before anything is shown; a look that cannot be
// written there is refused.
func (v *View) looked(ctx context.Context, school g.SchoolID, deed, object string) error {
	err := v.hidesNames(ctx, school)
	if err == nil {
		err = v.s.Write(ctx, func(t *store.Tx) error { return v.s.Audit(ctx, t, school, deed, object) })
	}
	if err != nil {
		v.s.Log.Error("a look at a person could not be audited and was refused", "error", err)
		return g.Errorf(g.Unavailable, "the look cannot be written into the audit log, so it is refused: tell your administrator")
	}
	return nil
}

// withoutReasons takes the reasons off leaves, which are a child's illnesses and journeys,
// unless the caller says why they are needed; the look is audited.
func (v *View) withoutReasons(ctx context.Context, school g.SchoolID, all []g.Leave) error {
	if v.s.System != "" || len(all) == 0 {
		return nil
	}
	if v.because(g.Student) != nil {
		for i := range all {
			all[i].Reason = ""
		}
		return nil
	}
	if school == "" {
		school = v.s.School
	}
	return v.looked(ctx, school, "leave.reasons", string(school))
}
