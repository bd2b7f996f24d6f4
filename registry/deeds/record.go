package deeds

import (
	"context"
	"errors"

	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// Record adds an audit entry for the caller, e.g. "camera.view".
func (v View) Record(ctx context.Context, deed, object string) error {
	if _, err := v.s.Reach(ctx, ""); err != nil {
		return err
	}
	if err := errors.Join(store.Line("deed", deed, 100), store.Optional("object", object, 500)); err != nil {
		return err
	}
	if err := people.HidesNames(ctx, v.people, v.s.School); err != nil {
		return err
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(ctx, t, v.s.School, deed, object)
	})
}
