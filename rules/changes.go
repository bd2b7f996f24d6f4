package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// changes is the delta since Saved.
type changes struct {
	all      bool // a delta is not possible: only a snapshot is
	devices  []*device
	subjects []*subject
	usuals   []*usual
	recent   int // sightings counted at that time
}

// touch and touchDevice mark a change; call them before or after it, within the same call of the
// engine.
func (e *Engine) touch(s *subject) {
	if !s.changed {
		s.changed = true
		e.changes.subjects = append(e.changes.subjects, s)
	}
}

func (e *Engine) touchDevice(d *device) {
	if !d.changed {
		d.changed = true
		e.changes.devices = append(e.changes.devices, d)
	}
}

// Saved confirms that the newest Snapshot or Changes has been stored: the next Changes is relative
// to it. Call it before the engine observes anything more.
func (e *Engine) Saved() {
	for _, d := range e.changes.devices {
		d.changed = false
	}
	for _, s := range e.changes.subjects {
		s.changed = false
	}
	for _, u := range e.changes.usuals {
		u.changed, u.learned = false, false
	}
	for _, r := range e.rules {
		clear(r.onceChanged)
	}
	for _, l := range e.logs {
		clear(l.changed)
	}
	clear(e.changes.devices) // for the garbage collector
	clear(e.changes.subjects)
	clear(e.changes.usuals)
	e.changes = changes{
		devices:  e.changes.devices[:0],
		subjects: e.changes.subjects[:0],
		usuals:   e.changes.usuals[:0],
		recent:   e.recent.count,
	}
}

// Changes returns the delta since Saved, which Restore applies after the snapshot. Its size depends
// on what has changed, not on the whole state. It is nil if only a Snapshot is possible: before the
// first Saved, and after rules were replaced or the clock was set back. Store it in one transaction
// with the effects.
func (e *Engine) Changes() ([]byte, error) {
	if len(e.out) > 0 {
		return nil, fmt.Errorf("changes of rules: effects are waiting; call Tick first")
	}
	if e.changes.all {
		return nil, nil
	}
	s := savedEngine{
		Version: snapshotVersion,
		Seq:     e.seq,
		Clock:   e.clock,
		Rules:   map[g.RuleID]savedRule{},
		Recent:  e.recent.since(e.changes.recent),
		Logs:    e.saveLogs(false),
		Gaps:    e.gaps,
		Levels:  e.saveLevels(),
	}
	there := make([]*device, 0, len(e.changes.devices))
	for _, d := range e.changes.devices {
		switch now := e.devices[d.ID]; now {
		case nil:
			s.Gone = append(s.Gone, d.ID)
		case d:
			there = append(there, d)
		} // replaced by another device, which is in the delta too
	}
	s.Units = unitsOf(there, e.clock)
	s.Usual = map[string]savedUsual{}
	for _, u := range e.changes.usuals {
		if e.usuals[u.text] == u {
			s.Usual[u.text] = u.save(false)
		}
	}
	part := func(r *rule) savedRule {
		x, ok := s.Rules[r.ID]
		if !ok {
			x = newSavedRule(r)
		}
		return x
	}
	for _, c := range e.changes.subjects {
		x := part(c.rule)
		switch now := c.rule.subjects[c.key]; now {
		case nil:
			x.Gone = append(x.Gone, c.key)
		case c:
			x.Subjects[c.key] = c.save()
		}
		s.Rules[c.rule.ID] = x
	}
	for _, r := range e.rules {
		if len(r.onceChanged) == 0 {
			continue
		}
		x := part(r)
		for _, k := range slices.Sorted(maps.Keys(r.onceChanged)) {
			if o := r.once[k]; o != nil {
				x.Once[k] = savedRepeat{
					At:    o.at,
					Alert: o.alert,
				}
			} else {
				x.GoneOnce = append(x.GoneOnce, k)
			}
		}
		s.Rules[r.ID] = x
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("changes of rules: %w", err)
	}
	return b, nil
}

// merge applies a delta to an earlier state. It is idempotent.
func (s *savedEngine) merge(c savedEngine) {
	s.Seq, s.Clock, s.Gaps, s.Levels = c.Seq, c.Clock, c.Gaps, c.Levels
	if s.Devices == nil {
		s.Devices = map[g.DeviceID]savedUnit{}
	}
	if s.Rules == nil {
		s.Rules = map[g.RuleID]savedRule{}
	}
	for _, id := range c.Gone {
		delete(s.Devices, id)
	}
	maps.Copy(s.Devices, c.Devices)
	s.Recent = append(s.Recent, c.Recent...)
	s.Usual = mergeUsual(s.Usual, c.Usual, c.Gone)
	if s.Logs == nil {
		s.Logs = savedLogs{}
	}
	s.Logs.merge(c.Logs)
	for id, changed := range c.Rules {
		to, ok := s.Rules[id]
		if !ok || to.Hash != changed.Hash {
			to = savedRule{Hash: changed.Hash}
		}
		to.Manner = changed.Manner
		to = to.filled()
		for _, k := range changed.Gone {
			delete(to.Subjects, k)
		}
		for _, k := range changed.GoneOnce {
			delete(to.Once, k)
		}
		maps.Copy(to.Subjects, changed.Subjects)
		maps.Copy(to.Once, changed.Once)
		maps.Copy(to.Passages, changed.Passages)
		s.Rules[id] = to
	}
}

// filled replaces nil maps of a saved rule by empty ones.
func (r savedRule) filled() savedRule {
	if r.Subjects == nil {
		r.Subjects = map[string]savedSubject{}
	}
	if r.Once == nil {
		r.Once = map[string]savedRepeat{}
	}
	if r.Passages == nil {
		r.Passages = map[string]ownPassages{}
	}
	return r
}
