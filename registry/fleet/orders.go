package fleet

import (
	"context"
	"errors"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// MayCommand checks a command against the scope and the device's profile, audits it, and returns
// the device. The caller then sends it.
func (v View) MayCommand(
	ctx context.Context, id g.DeviceID, action string, values map[string]g.Value,
) (g.Device, error) {
	d, p, err := v.toCommand(ctx, id)
	if err != nil {
		return d, err
	}
	if err := p.CheckAction(action, values); err != nil {
		return d, err
	}
	return d, v.s.Write(ctx, func(t *store.Tx) error {
		return v.s.Audit(
			ctx,
			t,
			d.School,
			"device.command",
			string(id)+" "+action,
		)
	})
}

// WriteDesired sets a writable property: send hands the value to the device, and only what was
// taken is kept in the twin as desired.
func (v View) WriteDesired(
	ctx context.Context, id g.DeviceID, property string, value g.Value,
	send func(g.Device) error,
) error {
	d, p, err := v.toCommand(ctx, id)
	if err != nil {
		return err
	}
	prop, ok := p.Properties[property]
	if !ok || !prop.Writable {
		return g.FieldErrorf("property", "profile %q has no writable property %q", p.ID, property)
	}
	if err := prop.Check(value); err != nil {
		return g.FieldErrorf("value", "%v", err)
	}
	if !d.Enabled {
		return g.Errorf(g.Conflict, "device %q is disabled: nothing is written to it", d.ID)
	}
	if err := send(d); err != nil {
		return notWritten(d, err)
	}
	return v.SetDesired(ctx, id, property, value)
}

// notWritten turns a driver's NotFound or Invalid into an error of the field property.
func notWritten(d g.Device, err error) error {
	e, ok := errors.AsType[*g.Error](err)
	if ok && (e.Code == g.NotFound || e.Code == g.Invalid) {
		return g.FieldErrorf("property", "driver %q does not write it: %s", d.Driver, e.Message)
	}
	return err
}

// toCommand returns a device that the scope may command, and its profile.
func (v View) toCommand(ctx context.Context, id g.DeviceID) (g.Device, g.Profile, error) {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return g.Device{}, g.Profile{}, err
	}
	row, err := scanDeviceRow(v.s.Reg.Row(ctx, deviceRows+" WHERE d.id = ?", string(id)).Scan)
	if err != nil {
		return g.Device{}, g.Profile{}, store.Missing(err, "device", string(id))
	}
	if err := in.Owns(row.School, "device", string(id)); err != nil {
		return g.Device{}, g.Profile{}, err
	}
	p, err := profile(ctx, v.s.Reg, row.Profile)
	return row.Device, p, err
}
