package rules

import (
	"slices"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
)

// maxHeads is how far up it is asked what a device hangs on: a lamp, its controller, a switch, the
// building's switch, its power supply.
const maxHeads = 8

// heads lists what the device hangs on, the nearest first. It ends before a device that hangs on
// itself.
func heads(id, behind g.DeviceID, f Facts) string {
	if behind == "" {
		return ""
	}
	var out []string
	for behind != "" && behind != id && len(out) < maxHeads && !slices.Contains(out, string(behind)) {
		out = append(out, string(behind))
		above, _ := f.Device(behind)
		behind = above.Behind
	}
	return strings.Join(out, " ")
}

// hang sets what a device hangs on.
func (e *Engine) hang(d *device, behind string) {
	if d.Behind == behind {
		return
	}
	for _, head := range strings.Fields(d.Behind) {
		id := g.DeviceID(head)
		if e.hanging[id]--; e.hanging[id] <= 0 {
			delete(e.hanging, id)
		}
	}
	for _, head := range strings.Fields(behind) {
		e.hanging[g.DeviceID(head)]++
	}
	d.Behind = behind
}

// headHolds returns the rule of this ID whose condition holds for something that the device hangs
// on, fired or about to, and for what.
func (e *Engine) headHolds(id g.RuleID, dev g.DeviceID) (*rule, g.DeviceID) {
	d := e.devices[dev]
	if d == nil {
		return nil, ""
	}
	for _, head := range strings.Fields(d.Behind) {
		for _, by := range e.plain[id] {
			if s := by.subjects[head]; s != nil && (s.phase == pending || s.phase == firing) {
				return by, g.DeviceID(head)
			}
		}
	}
	return nil, ""
}

// release reschedules the subjects that were muted behind a device for which the condition no
// longer holds.
func (e *Engine) release(s *subject) {
	if e.hanging[g.DeviceID(s.key)] == 0 {
		return
	}
	for _, other := range s.rule.awaited {
		for _, x := range other.subjects {
			if x.phase != pending || !x.muted {
				continue
			}
			if d := e.devices[x.cause.Device]; d != nil && slices.Contains(strings.Fields(d.Behind), s.key) {
				e.grant(x)
			}
		}
	}
}

// rehang has what was muted at a device asked again, once it hangs on something else.
func (e *Engine) rehang(d *device) {
	for _, b := range d.bindings {
		if s := b.rule.subjects[b.key]; s != nil && s.phase == pending && s.muted {
			e.grant(s)
		}
	}
}

// grant has a muted subject asked again, once it had time to come back by itself.
func (e *Engine) grant(x *subject) {
	hold := int64(x.rule.For)
	grace := min(hold, int64(muteGrace))
	x.since = max(x.since, e.now+grace-hold)
	e.touch(x)
	e.schedule(x, e.now+grace)
}
