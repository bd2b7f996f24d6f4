package rules

import (
	"cmp"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// Forget deletes what is known of a deleted or disabled device, and ends the alerts about it alone.
func (e *Engine) Forget(id g.DeviceID) []Effect {
	if d := e.devices[id]; d != nil {
		e.now = e.clock
		e.forget(d)
	}
	return e.take()
}

func (e *Engine) forget(d *device) {
	before := d.bindings
	e.touchDevice(d)
	e.forgetUsual(d)
	d.unbind()
	e.hang(d, "")
	delete(e.devices, d.ID)
	e.leave(d, before)
}

// forgetQuiet evicts the tenth of the devices that was heard least recently.
func (e *Engine) forgetQuiet() {
	list := make([]*device, 0, len(e.devices))
	for _, d := range e.devices {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *device) int {
		return cmp.Or(cmp.Compare(a.heard, b.heard), cmp.Compare(a.ID, b.ID))
	})
	for _, d := range list[:len(list)/10+1] {
		e.forget(d)
	}
}

// evict evicts subjects as described at MaxSubjects.
func (e *Engine) evict() {
	var list []*subject
	for _, r := range e.rules {
		for _, s := range r.subjects {
			if s.phase != firing && (len(s.members) == 0 || r.single()) {
				list = append(list, s)
			}
		}
	}
	waiting := func(s *subject) int {
		if s.phase == pending {
			return 1
		}
		return 0
	}
	slices.SortFunc(list, func(a, b *subject) int {
		return cmp.Or(cmp.Compare(waiting(a), waiting(b)), cmp.Compare(a.touched, b.touched),
			cmp.Compare(a.rule.index, b.rule.index), cmp.Compare(a.key, b.key))
	})
	for _, s := range list[:len(list)/10] {
		e.drop(s)
	}
}
