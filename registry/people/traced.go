package people

import (
	"context"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Traced checks and audits access to one person's movements or attendance, by whatever query: for a
// student it requires a reason. An ID without a person needs no protection.
func Traced(ctx context.Context, v View, in store.Reach, id g.PersonID, deed string) error {
	if id == "" || v.s.System != "" {
		return nil
	}
	p, err := Person(ctx, v.r, v.s.Reg, in, id)
	if g.ErrorCode(err) == g.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := Because(v, p.Kind); err != nil {
		return err
	}
	return Looked(ctx, v, p.School, deed, string(id))
}

// Looked writes an access to the audit log before anything is returned; it fails if that is not
// possible.
func Looked(ctx context.Context, v View, school g.SchoolID, deed, object string) error {
	err := HidesNames(ctx, v, school)
	if err == nil {
		err = v.s.Write(ctx, func(t *store.Tx) error {
			return v.s.Audit(ctx, t, school, deed, object)
		})
	}
	if err != nil {
		v.s.Log.Error("a look at a person could not be audited and was refused", "error", err)
		return g.Errorf(g.Unavailable,
			"the look cannot be written into the audit log, so it is refused: tell your "+
				"administrator")
	}
	return nil
}

// Because validates the reason for an access: for a student's page and movements it must have
// content.
func Because(v View, kind g.PersonKind) error {
	if kind != g.Student || v.s.System != "" {
		return store.Optional("reason", v.s.Reason, store.MaxReason)
	}
	if strings.TrimSpace(v.s.Reason) == "" {
		return g.FieldErrorf("reason",
			"say why you look up this student; it is kept in the audit log")
	}
	return store.Substance("reason", v.s.Reason, store.MaxReason)
}
