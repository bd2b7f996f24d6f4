package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// passageLog is what was seen at each place and may explain findings. Rules whose unless says the
// same of the sighting and the place share one, so that a passage costs as much as there are
// different such words, and not as there are rules.
type passageLog struct {
	key     string // in saved states
	sight   SightingIs
	same    Subject
	span    int64 // how long ago a passage may still matter
	places  map[string]*passages
	changed map[string]bool // since Saved
	wheres  map[string]bool // the places that are in the engine's index
}

// passages holds what was seen at one place.
type passages struct {
	Passes []passage `json:"passes,omitempty"`
	Faces  []passage `json:"faces,omitempty"` // people who were recognised by other means
}

type passage struct {
	At     int64            `json:"at"`
	Person g.PersonID       `json:"person,omitempty"`
	Used   map[g.RuleID]int `json:"used,omitempty"` // findings of each rule that it explained
}

// watchPassages gives a rule its log, and has the index find it for sightings at the rule's places.
func (e *Engine) watchPassages(r *rule) {
	u := r.Unless
	b, _ := json.Marshal(u.Sighting)
	key := string(u.Same) + " " + string(b)
	l := e.logs[key]
	if l == nil {
		l = &passageLog{
			key:     key,
			sight:   u.Sighting,
			same:    u.Same,
			places:  map[string]*passages{},
			changed: map[string]bool{},
			wheres:  map[string]bool{},
		}
		e.logs[key] = l
	}
	// A finding is decided After after it happened, and may look Before back from that time.
	l.span = max(l.span, 2*int64(u.Before+u.After))
	r.log = l
	w := r.passing()
	if k := fmt.Sprint(w); !l.wheres[k] {
		l.wheres[k] = true
		e.byUnless.add(l, w)
	}
}

// passing selects where a passage can explain a finding of the rule: the same place, at any device.
func (r *rule) passing() Where {
	w := Where{
		School: r.Where.School,
		Only:   r.Where.Only,
		Except: r.Where.Except,
	}
	switch r.Unless.Same {
	case PerZone:
		w.Building, w.Floor = r.Where.Building, r.Where.Floor
		w.Zone, w.ZoneKind = r.Where.Zone, r.Where.ZoneKind
	case PerDevice:
		w.Device, w.Profile = r.Where.Device, r.Where.Profile
		w.Type, w.Driver = r.Where.Type, r.Where.Driver
	}
	return w
}

// pass records a passage at a place that may explain a finding, or a person who was recognised
// there otherwise and needs the passage themselves.
func (l *passageLog) pass(d *device, at spot, s *g.Sighting, now int64) {
	key := l.same.key(d, at, s)
	if key == "" {
		return
	}
	explains := l.sight.matches(s)
	if !explains && s.Person == "" {
		return
	}
	l.changed[key] = true
	p := l.places[key]
	if p == nil {
		p = &passages{}
		l.places[key] = p
	}
	list := &p.Passes
	if !explains {
		list = &p.Faces
	}
	*list = slices.DeleteFunc(*list, func(x passage) bool { return x.At < now-l.span })
	*list = append(*list, passage{
		At:     now,
		Person: s.Person,
	})
	if len(*list) > maxPassages {
		*list = slices.Delete(*list, 0, len(*list)-maxPassages)
	}
}

// explained consumes a passage that explains the finding, if there is one. Findings are decided in
// order, so taking the oldest passage that fits explains as many as possible.
func (r *rule) explained(s *subject) bool {
	key := r.Unless.Same.of(s.cause)
	p := r.log.places[key]
	if p == nil {
		return false
	}
	from, to := s.since-int64(r.Unless.Before), s.since+int64(r.Unless.After)
	span := int64(max(r.Unless.Before, r.Unless.After))
	for i := range p.Passes {
		x := &p.Passes[i]
		if x.At < from || x.At > to || x.Used[r.ID] >= r.Unless.Explains {
			continue
		}
		own := x.Person != "" && slices.ContainsFunc(p.Faces, func(f passage) bool {
			return f.Person == x.Person && f.At >= x.At-span && f.At <= x.At+span
		})
		if own {
			continue
		}
		if x.Used == nil {
			x.Used = map[g.RuleID]int{}
		}
		x.Used[r.ID]++
		r.log.changed[key] = true
		return true
	}
	return false
}

func (p *passages) shift(delta int64) {
	for _, list := range [][]passage{p.Passes, p.Faces} {
		for i := range list {
			list[i].At -= delta
		}
	}
}

// savedLogs are passages by log and place.
type savedLogs map[string]map[string]*passages

// saveLogs returns all passages, or those of places that have changed since Saved.
func (e *Engine) saveLogs(all bool) savedLogs {
	out := savedLogs{}
	for key, l := range e.logs {
		part := map[string]*passages{}
		for place, p := range l.places {
			if all || l.changed[place] {
				part[place] = p
			}
		}
		if len(part) > 0 {
			out[key] = part
		}
	}
	return out
}

// loadLogs takes over saved passages that a rule still asks for.
func (e *Engine) loadLogs(saved savedLogs) {
	for key, places := range saved {
		l := e.logs[key]
		if l == nil {
			continue
		}
		for place, p := range places {
			if p != nil {
				l.places[place] = p
			}
		}
	}
}

func (s savedLogs) merge(changed savedLogs) {
	for key, places := range changed {
		if s[key] == nil {
			s[key] = map[string]*passages{}
		}
		maps.Copy(s[key], places)
	}
}

// times lists every time in it.
func (s savedLogs) times() (out []int64) {
	for _, places := range s {
		for _, p := range places {
			if p == nil {
				continue
			}
			for _, x := range slices.Concat(p.Passes, p.Faces) {
				out = append(out, x.At)
			}
		}
	}
	return out
}

// ownPassages are the passages of one rule at one place in states up to version 3, where each rule
// kept its own.
type ownPassages struct {
	Passes []ownPassage `json:"passes,omitempty"`
	Faces  []ownPassage `json:"faces,omitempty"`
}

type ownPassage struct {
	At     int64      `json:"at"`
	Person g.PersonID `json:"person,omitempty"`
	Used   int        `json:"used,omitempty"`
}

// loadOwn puts a rule's own passages into the log that it shares. Lists of the same place differ
// only in how far back they go.
func (r *rule) loadOwn(saved map[string]ownPassages) {
	if r.log == nil {
		return
	}
	for _, place := range sortedKeys(saved) {
		p := r.log.places[place]
		if p == nil {
			p = &passages{}
			r.log.places[place] = p
		}
		p.Passes = joinOwn(p.Passes, saved[place].Passes, r.ID)
		p.Faces = joinOwn(p.Faces, saved[place].Faces, r.ID)
	}
}

func joinOwn(list []passage, own []ownPassage, id g.RuleID) []passage {
	for more := len(own) - len(list); more > 0; more-- {
		list = slices.Insert(list, 0, passage{
			At:     own[more-1].At,
			Person: own[more-1].Person,
		})
	}
	behind := len(list) - len(own)
	for i, x := range own {
		one := &list[behind+i]
		if x.Used == 0 || one.At != x.At || one.Person != x.Person {
			continue
		}
		if one.Used == nil {
			one.Used = map[g.RuleID]int{}
		}
		one.Used[id] = x.Used
	}
	return list
}
