package fleet

import (
	"maps"

	g "github.com/gatehouse-iot/gatehouse"
)

// widened is old with the properties and actions that only newer has, for an upgraded driver that
// reports more than the registry's profile knows. Existing entries stay, since a school may have
// changed them. more is false if nothing was missing.
func widened(old, newer g.Profile) (p g.Profile, more bool) {
	if old.Type != newer.Type {
		return old, false // another kind of device under the same id
	}
	p = old
	p.Properties, more = union(old.Properties, newer.Properties)
	var actions, events bool
	p.Actions, actions = union(old.Actions, newer.Actions)
	p.Events, events = union(old.Events, newer.Events)
	return p, more || actions || events
}

// union is old with the keys that only newer has.
func union[V any](old, newer map[string]V) (all map[string]V, more bool) {
	all = maps.Clone(old)
	for k, v := range newer {
		if _, ok := all[k]; ok {
			continue
		}
		if all == nil {
			all = map[string]V{}
		}
		all[k], more = v, true
	}
	return all, more
}
