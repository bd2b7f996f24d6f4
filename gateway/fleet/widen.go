package fleet

import (
	"maps"

	g "github.com/gatehouse-iot/gatehouse"
)

// widened is a profile with what a newer version of it can do besides: an upgraded driver reports
// properties that the profile of a registry from before does not know. What is there stays as it
// is, since a school may have changed it. more is false where nothing was missing.
func widened(old, newer g.Profile) (p g.Profile, more bool) {
	if old.Type != newer.Type {
		return old, false // of the same name, and something else
	}
	p = old
	p.Properties, more = union(old.Properties, newer.Properties)
	var actions, events bool
	p.Actions, actions = union(old.Actions, newer.Actions)
	p.Events, events = union(old.Events, newer.Events)
	return p, more || actions || events
}

// union is old and what only newer has.
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
