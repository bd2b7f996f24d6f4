package fleet

import (
	"context"
	"fmt"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/change"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// checkBehind refuses a device that hangs on one of another school, on itself, or over too many.
func checkBehind(ctx context.Context, t *store.Tx, d g.Device) error {
	next := d.Behind
	for steps := 1; next != ""; steps++ {
		if next == d.ID {
			return g.FieldErrorf("behind", "the device would hang on itself: choose another")
		}
		if steps > g.MaxBehind {
			return g.FieldErrorf("behind", "the device would hang on more than %d others, one behind the "+
				"other: choose one of them", g.MaxBehind)
		}
		var school g.SchoolID
		id := next
		err := t.Row(ctx, "SELECT school, behind FROM devices WHERE id = ?", string(id)).
			Scan(&school, &next)
		if err != nil {
			err = store.Missing(err, "device", string(id))
		}
		switch {
		case g.ErrorCode(err) == g.NotFound || err == nil && school != d.School:
			return g.FieldErrorf("behind", "the school has no device %q", id)
		case err != nil:
			return err
		}
	}
	return nil
}

// leaveBehind has what hangs on a device hang on nothing.
func leaveBehind(ctx context.Context, t *store.Tx, id g.DeviceID) error {
	all := []g.Device{}
	err := store.Each(ctx, t, "SELECT id, school FROM devices WHERE behind = ?", []any{string(id)},
		func(scan func(...any) error) error {
			var d g.Device
			err := scan(&d.ID, &d.School)
			all = append(all, d)
			return err
		})
	if err != nil {
		return fmt.Errorf("read what hangs on a device: %w", err)
	}
	if len(all) == 0 {
		return nil
	}
	if _, err := t.Exec(ctx, "UPDATE devices SET behind = '' WHERE behind = ?", string(id)); err != nil {
		return fmt.Errorf("unhang devices: %w", err)
	}
	for _, d := range all {
		t.Change(change.Device, d.School, string(d.ID), "behind")
	}
	return nil
}
