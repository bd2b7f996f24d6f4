package deeds

import (
	"context"
	"errors"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/people"
	"github.com/gatehouse-iot/gatehouse/registry/places"
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

// RecordReload adds an audit entry of a reload with what it changes. A reload by the machine is the
// deed of no school, so every top school has the entry.
func (v View) RecordReload(ctx context.Context, changes []g.AuditChange) error {
	if _, err := v.s.Reach(ctx, ""); err != nil {
		return err
	}
	if more := len(changes) - store.MaxChanges; more > 0 {
		changes = append(changes[:store.MaxChanges:store.MaxChanges],
			g.AuditChange{
				Field:  "…",
				Before: "…",
				After:  fmt.Sprintf("%d further keys", more),
			})
	}
	return v.s.Write(ctx, func(t *store.Tx) error {
		schools := []g.SchoolID{v.s.School}
		if v.s.System != "" {
			var err error
			if schools, err = places.SchoolIDs(ctx, t, true); err != nil {
				return err
			}
		}
		for _, school := range schools {
			err := v.s.AuditEntry(ctx, t, g.AuditEntry{
				School:  school,
				Actor:   v.s.Actor,
				Deed:    "gateway.reload",
				Reason:  v.s.Reason,
				Changes: changes,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
