package fleet

import (
	"context"
	"fmt"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/registry/store"
)

// sortable has the fields that devices can be sorted by.
type sortable struct {
	id         g.DeviceID
	name, zone string
	state      g.DeviceState
}

// worstFirst returns the states in sort order.
func worstFirst() []g.DeviceState {
	return []g.DeviceState{
		g.StateFault, g.StateFlapping, g.StateOffline, g.StateDriverDown, g.StateUnknown,
		g.StateOnline, g.StateDisabled,
	}
}

// sortedDevices returns a page of the selected devices in an order that may change between pages:
// states change every minute.
func (v View) sortedDevices(
	ctx context.Context, w store.Where, f DeviceFilter,
) ([]DeviceRow, string, error) {
	all, err := v.sortables(ctx, w)
	if err != nil {
		return nil, "", err
	}
	field, falling := f.Sort.Field()
	store.SortByName(all, func(d sortable) string { return d.name })
	switch field {
	case "name":
	case "zone":
		store.SortByName(all, func(d sortable) string { return d.zone })
	case "state":
		slices.SortStableFunc(all, func(a, b sortable) int {
			return slices.Index(worstFirst(), a.state) - slices.Index(worstFirst(), b.state)
		})
	default:
		return nil, "", g.FieldErrorf("sort", "devices are sorted by name, zone or state")
	}
	if falling {
		slices.Reverse(all)
	}
	page, next, err := store.Walk(v.s.Walks, all, f.Page,
		func(d sortable) string { return string(d.id) })
	if err != nil {
		return nil, "", err
	}
	rows, err := v.devicesInOrder(ctx, page)
	return rows, next, err
}

// sortables returns the selected devices by ID.
func (v View) sortables(ctx context.Context, w store.Where) ([]sortable, error) {
	var out []sortable
	err := store.Each(ctx, v.s.Reg,
		"SELECT d.id, d.name, COALESCE(z.name, ''), "+deviceState+deviceFrom+
			" LEFT JOIN zones z ON z.id = d.zone"+w.String()+" ORDER BY d.id", w.Args,
		func(scan func(...any) error) error {
			var d sortable
			err := scan(&d.id, &d.name, &d.zone, &d.state)
			out = append(out, d)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("sort devices: %w", err)
	}
	return out, nil
}

// devicesInOrder returns the rows of a page; a device deleted meanwhile is left out.
func (v View) devicesInOrder(ctx context.Context, page []sortable) ([]DeviceRow, error) {
	out := []DeviceRow{}
	for part := range slices.Chunk(page, store.Chunk) {
		var ids []g.DeviceID
		for _, d := range part {
			ids = append(ids, d.id)
		}
		err := store.Each(ctx, v.s.Reg,
			deviceRows+" WHERE d.id IN ("+store.Marks(len(ids))+")", store.Anys(ids),
			func(scan func(...any) error) error {
				row, err := scanDeviceRow(scan)
				out = append(out, row)
				return err
			})
		if err != nil {
			return nil, fmt.Errorf("list devices: %w", err)
		}
	}
	at := map[g.DeviceID]int{}
	for i, d := range page {
		at[d.id] = i
	}
	slices.SortFunc(out, func(a, b DeviceRow) int { return at[a.ID] - at[b.ID] })
	return out, nil
}
