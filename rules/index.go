package rules

import (
	"cmp"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// index finds the items, which are rules or logs of passages, whose Where matches a place without
// testing all of them: each is listed under the values of its most selective list.
type index[T comparable] struct {
	every []indexed[T] // without any condition in Where
	under map[indexKey][]indexed[T]
	added int
}

type indexKey struct {
	list byte // which list of Where
	id   string
}

// indexed is an item with a Where, which may differ from the rule's own: for Unless, passages are
// searched at the same place, but at devices of any kind.
type indexed[T comparable] struct {
	item  T
	where Where
	order int
}

// keys are the keys under which the rule is listed; none if it applies to all devices.
func (w Where) keys() []indexKey {
	switch {
	case len(w.Device) > 0:
		return indexKeys('d', w.Device)
	case len(w.Zone) > 0:
		return indexKeys('z', w.Zone)
	case len(w.Floor) > 0:
		return indexKeys('f', w.Floor)
	case len(w.Building) > 0:
		return indexKeys('b', w.Building)
	case len(w.Profile) > 0:
		return indexKeys('p', w.Profile)
	case len(w.Driver) > 0:
		return indexKeys('r', w.Driver)
	case len(w.School) > 0:
		return indexKeys('s', w.School)
	case len(w.Only) > 0:
		return indexKeys('s', w.Only)
	case len(w.Type) > 0:
		return indexKeys('t', w.Type)
	case len(w.ZoneKind) > 0:
		return indexKeys('k', w.ZoneKind)
	}
	return nil
}

func indexKeys[T ~string](list byte, ids []T) []indexKey {
	var out []indexKey
	for _, id := range ids {
		if k := (indexKey{list, string(id)}); !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func (x *index[T]) add(item T, w Where) {
	one := indexed[T]{
		item:  item,
		where: w,
		order: x.added,
	}
	x.added++
	keys := w.keys()
	if keys == nil {
		x.every = append(x.every, one)
		return
	}
	if x.under == nil {
		x.under = map[indexKey][]indexed[T]{}
	}
	for _, k := range keys {
		x.under[k] = append(x.under[k], one)
	}
}

// find returns the items for the device at the place in the order in which they were added. A nil
// index is empty.
func (x *index[T]) find(d *device, at spot) []T {
	if x == nil {
		return nil
	}
	var found []indexed[T]
	take := func(list []indexed[T]) {
		for _, i := range list {
			if i.where.matches(d, at) {
				found = append(found, i)
			}
		}
	}
	take(x.every)
	if x.under != nil {
		for _, k := range [...]indexKey{
			{'d', string(d.ID)},
			{'z', string(at.zone)},
			{'f', string(at.floor)},
			{'b', string(at.building)},
			{'p', string(d.Profile)},
			{'r', string(d.Driver)},
			{'s', string(d.School)},
			{'t', string(d.Type)},
			{'k', string(at.kind)},
		} {
			take(x.under[k])
		}
	}
	slices.SortFunc(found, func(a, b indexed[T]) int { return cmp.Compare(a.order, b.order) })
	out := make([]T, len(found))
	for i, x := range found {
		out[i] = x.item
	}
	return out
}

// spot is where something happens: the device's own zone, or the one that a sighting names.
type spot struct {
	zone     g.ZoneID
	kind     g.ZoneKind
	building g.BuildingID
	floor    g.FloorID
}

func (d *device) spot() spot {
	return spot{
		zone:     d.Zone,
		kind:     d.Kind,
		building: d.Building,
		floor:    d.Floor,
	}
}

func (w Where) matches(d *device, at spot) bool {
	return within(w.School, d.School) &&
		within(w.Only, d.School) &&
		!slices.Contains(w.Except, d.School) &&
		within(w.Building, at.building) &&
		within(w.Floor, at.floor) &&
		within(w.Zone, at.zone) &&
		within(w.ZoneKind, at.kind) &&
		within(w.Device, d.ID) &&
		within(w.Profile, d.Profile) &&
		within(w.Type, d.Type) &&
		within(w.Driver, d.Driver)
}

func within[T comparable](list []T, x T) bool { return len(list) == 0 || slices.Contains(list, x) }

// looking lists the rules for a device's sightings at one place.
type looking struct {
	at     spot
	rules  []*rule // triggered by sightings
	passes []*passageLog
}

// maxLooking is the most places per device that are cached.
const maxLooking = 16

// lookingAt returns the cached rules for a device's sightings at a place.
func (e *Engine) lookingAt(d *device, at spot) looking {
	for _, l := range d.looking {
		if l.at == at {
			return l
		}
	}
	l := looking{
		at:    at,
		rules: e.bySighting.find(d, at),
	}
	for _, log := range e.byUnless.find(d, at) {
		if !slices.Contains(l.passes, log) { // it may be listed for several places
			l.passes = append(l.passes, log)
		}
	}
	if len(d.looking) < maxLooking {
		d.looking = append(d.looking, l)
	}
	return l
}
