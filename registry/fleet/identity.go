package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// identities are the address fields that identify a physical device, by driver, with the defaults
// of missing ones. Devices of other drivers are identified by their serial only.
var identities = map[g.DriverName][]identityField{
	"modbus": {{"address", ""}, {"unit", "1"}},
	"mqtt":   {{"broker", ""}, {"topic", ""}},
	"camera": {{"url", ""}},
}

type identityField struct{ key, usual string }

func (f identityField) of(d g.Device) string {
	v := strings.TrimRight(strings.ToLower(strings.TrimSpace(d.Address[f.key])), "/")
	if f.key == "topic" {
		v = strings.TrimSpace(d.Address[f.key]) // topics are case-sensitive
	}
	if v == "" {
		return f.usual
	}
	return v
}

// sameThing returns another device with the same identity as d, if any.
func (r *Book) sameThing(
	ctx context.Context, q store.Conn, d g.Device,
) (same g.Device, found bool, err error) {
	fields := identities[d.Driver]
	if len(fields) == 0 || d.Address[fields[0].key] == "" {
		return same, false, nil
	}
	errSame := errors.New("the same")
	err = store.Each(ctx, q,
		"SELECT "+deviceColumns+" FROM devices d WHERE d.driver = ? AND d.id <> ?",
		[]any{string(d.Driver), string(d.ID)}, func(scan func(...any) error) error {
			var other g.Device
			if err := scanDevice(scan, &other); err != nil {
				return err
			}
			for _, f := range fields {
				if f.of(other) != f.of(d) {
					return nil
				}
			}
			same = other
			return errSame
		})
	switch {
	case err == nil:
		return same, false, nil
	case errors.Is(err, errSame):
		return same, true, nil
	default:
		return same, false, fmt.Errorf("read devices: %w", err)
	}
}

// Namesake is an existing device with the same identity. It is empty if that belongs to another
// school.
type Namesake struct {
	Device g.DeviceID `json:"device,omitempty" doc:"Its id; empty where it is another school's."`
	Name   string     `json:"name,omitempty" doc:"Its name; empty where it is another school's."`
}

// Registered returns the device, in any school, that already has the identity of d; nil if there is
// none.
func (v View) Registered(ctx context.Context, d g.Device) (*Namesake, error) {
	in, err := v.s.Reach(ctx, g.DevicesWrite)
	if err != nil {
		return nil, err
	}
	same, found, err := v.r.sameThing(ctx, v.s.Reg, d)
	if err != nil || !found {
		return nil, err
	}
	if in.Owns(same.School, "device", string(same.ID)) != nil {
		return &Namesake{}, nil
	}
	return &Namesake{
		Device: same.ID,
		Name:   same.Name,
	}, nil
}

// checkIdentity refuses a second device with the same identity, which would be counted twice.
func (v View) checkIdentity(ctx context.Context, t *store.Tx, in store.Reach, d g.Device) error {
	same, found, err := v.r.sameThing(ctx, t, d)
	if err != nil || !found {
		return err
	}
	fields := identities[d.Driver]
	keys := g.Texts{Between: g.Word(" and ")}
	for _, f := range fields {
		keys.Add(g.Textf("%s", f.key))
	}
	who := g.Word("another device")
	if in.Owns(same.School, "device", string(same.ID)) == nil {
		who = g.Textf("%q (%s)", same.Name, same.ID)
	}
	at := "address." + fields[len(fields)-1].key
	return g.Errorf(g.Conflict,
		"%s has the same %s already: change that device, or delete it first",
		who, keys).At(at)
}
