package fleet

import (
	"context"
	"fmt"
	"maps"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// WeakFilter selects enabled devices by how they authenticate: one of gatehouse.Weaknesses, AnyWeak
// or WeakUnknown.
type WeakFilter string

// Filters besides the weaknesses.
const (
	AnyWeak     WeakFilter = "any"     // any that should be fixed
	WeakUnknown WeakFilter = "unknown" // not reported
)

const deviceWeak = "COALESCE(t.weak, '')"

// weakInUse excludes disabled devices, which cannot connect.
const weakInUse = "d.enabled = 1"

func (f WeakFilter) narrow(w *store.Where) {
	switch f {
	case "":
		return
	case AnyWeak:
		w.And(deviceWeak+" NOT IN ('', ?)", string(g.WeakNone))
	case WeakUnknown:
		w.And(deviceWeak + " = ''")
	default:
		w.And(deviceWeak+" = ?", string(f))
	}
	w.And(weakInUse)
}

// WeakCounts counts the enabled devices of the school (or all in scope if it is empty) by weakness;
// WeakUnknown counts those that have not been reported.
func (v View) WeakCounts(ctx context.Context, school g.SchoolID) (map[g.Weakness]int, error) {
	in, err := v.s.Reach(ctx, g.DevicesRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	if err := in.Within(&w, "d.school", school); err != nil {
		return nil, err
	}
	w.And(weakInUse)
	q := "SELECT " + deviceWeak + ", COUNT(*) FROM devices d LEFT JOIN twins t ON t.device = d.id" +
		w.String() + " GROUP BY 1"
	out := map[g.Weakness]int{}
	err = store.Each(ctx, v.s.Reg, q, w.Args, func(scan func(...any) error) error {
		var weak g.Weakness
		n := 0
		if err := scan(&weak, &n); err != nil {
			return err
		}
		if weak == "" {
			weak = g.Weakness(WeakUnknown)
		}
		out[weak] += n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count weak devices: %w", err)
	}
	return out, nil
}

// forgetWeakness deletes a device's weakness when its address or credentials change: its driver
// will reconnect and report it again. Devices of the MQTT front keep theirs, unless the driver
// changes.
func forgetWeakness(ctx context.Context, t *store.Tx, old, d g.Device, secret bool) error {
	moved := secret || old.Serial != d.Serial || !maps.Equal(old.Address, d.Address)
	if old.Driver == d.Driver && (d.Driver == g.DriverMQTTFront || !moved) {
		return nil
	}
	if _, err := t.Exec(ctx, "UPDATE twins SET weak = '' WHERE device = ?", string(d.ID)); err != nil {
		return fmt.Errorf("update device: %w", err)
	}
	return nil
}
