package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	g "github.com/gatehouse-iot/gatehouse"
)

// snapshotVersion is incremented when older gateways could not read the state. Version 1 had
// devices as JSON, version 2 only kept values that rules read, version 3 knew no floors and nothing
// of what hangs on what, version 4 no answers of people.
const snapshotVersion = 5

// savedEngine is a snapshot, JSON with short keys; times are Unix nanoseconds.
type savedEngine struct {
	Version int                      `json:"version"`
	Seq     uint64                   `json:"seq"`
	Clock   int64                    `json:"clock"`
	Units   units                    `json:"units,omitempty"`
	Devices map[g.DeviceID]savedUnit `json:"devices,omitempty"` // of Units, once decoded
	Rules   map[g.RuleID]savedRule   `json:"rules,omitempty"`
	Recent  []g.SightingID           `json:"recent,omitempty"`
	Gone    []g.DeviceID             `json:"gone,omitempty"` // in a delta
	Logs    savedLogs                `json:"passages,omitempty"`
	Gaps    []gap                    `json:"gaps,omitempty"`
	Usual   map[string]savedUsual    `json:"usual,omitempty"`
	Levels  map[g.SchoolID]standing  `json:"levels"` // nil: of a version that knew none
}

type savedUnit struct {
	School    g.SchoolID           `json:"school,omitempty"`
	Zone      g.ZoneID             `json:"zone,omitempty"`
	Kind      g.ZoneKind           `json:"kind,omitempty"`
	Building  g.BuildingID         `json:"building,omitempty"`
	Floor     g.FloorID            `json:"floor,omitempty"`
	Behind    string               `json:"behind,omitempty"`
	Timezone  string               `json:"timezone,omitempty"`
	Profile   g.ProfileID          `json:"profile,omitempty"`
	Type      g.DeviceType         `json:"type,omitempty"`
	Driver    g.DriverName         `json:"driver,omitempty"`
	Status    g.DeviceState        `json:"status,omitempty"`
	StatusWas g.DeviceState        `json:"was,omitempty"`
	StatusSeq uint64               `json:"status_seq,omitempty"`
	Heard     int64                `json:"heard"`
	Values    map[string]savedSlot `json:"values,omitempty"`
}

type savedSlot struct {
	Value g.Value `json:"v"`
	Was   g.Value `json:"w"`
	At    int64   `json:"t"`
	WasAt int64   `json:"wt,omitempty"`
	Seq   uint64  `json:"s"`

	Steady bool    `json:"-"` // not in versions 1 and 2
	Ends   int64   `json:"-"`
	Traces []trace `json:"-"`
}

type savedRule struct {
	Hash     string                  `json:"hash"`
	Manner   string                  `json:"manner,omitempty"` // "" in versions 1 and 2
	Subjects map[string]savedSubject `json:"subjects,omitempty"`
	Once     map[string]savedRepeat  `json:"once,omitempty"`
	Passages map[string]ownPassages  `json:"passages,omitempty"` // up to version 3

	Gone     []string `json:"gone,omitempty"` // in a delta: subjects and Once records
	GoneOnce []string `json:"gone_once,omitempty"`
}

type savedSubject struct {
	Members    []g.DeviceID `json:"members,omitempty"`
	Counts     [][]int64    `json:"counts,omitempty"`
	Names      [][]string   `json:"names,omitempty"`
	Phase      phase        `json:"phase,omitempty"`
	Since      int64        `json:"since,omitempty"`
	ClearSince int64        `json:"clear_since,omitempty"`
	Touched    int64        `json:"touched"`
	First      uint64       `json:"first,omitempty"`
	Last       uint64       `json:"last,omitempty"`
	Cause      cause        `json:"cause"`
	Alert      *g.Alert     `json:"alert,omitempty"`
	Fired      int64        `json:"fired,omitempty"`
	Stage      int          `json:"stage,omitempty"`
	Answered   bool         `json:"answered,omitempty"`
	Settled    bool         `json:"settled,omitempty"`
	Told       int64        `json:"told,omitempty"`
	Muted      bool         `json:"muted,omitempty"`
	Deadline   int64        `json:"deadline,omitempty"`
}

type savedRepeat struct {
	At    int64    `json:"at"`
	Alert *g.Alert `json:"alert,omitempty"`
}

// Snapshot returns the engine's whole state; equal states give equal bytes. Store it in one
// transaction with the effects.
func (e *Engine) Snapshot() ([]byte, error) {
	if len(e.out) > 0 {
		return nil, fmt.Errorf("snapshot rules: effects are waiting; call Tick first")
	}
	s := savedEngine{
		Version: snapshotVersion,
		Seq:     e.seq,
		Clock:   e.clock,
		Units:   unitsOf(slices.Collect(maps.Values(e.devices)), e.clock),
		Rules:   make(map[g.RuleID]savedRule, len(e.rules)),
	}
	for _, r := range e.rules {
		s.Rules[r.ID] = r.save()
	}
	s.Recent = e.recent.since(0)
	s.Logs = e.saveLogs(true)
	s.Gaps = e.gaps
	s.Levels = e.saveLevels()
	s.Usual = make(map[string]savedUsual, len(e.usuals))
	for text, u := range e.usuals {
		s.Usual[text] = u.save(true)
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("snapshot rules: %w", err)
	}
	return b, nil
}

func (r *rule) save() savedRule {
	out := newSavedRule(r)
	for k, s := range r.subjects {
		out.Subjects[k] = s.save()
	}
	for k, o := range r.once {
		out.Once[k] = savedRepeat{
			At:    o.at,
			Alert: o.alert,
		}
	}
	return out
}

func newSavedRule(r *rule) savedRule {
	return savedRule{
		Hash:     r.hash,
		Manner:   r.manner,
		Subjects: map[string]savedSubject{},
		Once:     map[string]savedRepeat{},
	}
}

func (s *subject) save() savedSubject {
	x := savedSubject{
		Counts:     s.counts,
		Names:      s.names,
		Phase:      s.phase,
		Since:      s.since,
		ClearSince: s.clearSince,
		Touched:    s.touched,
		First:      s.first,
		Last:       s.last,
		Cause:      s.cause,
		Alert:      s.alert,
		Fired:      s.fired,
		Stage:      s.stage,
		Answered:   s.answered,
		Settled:    s.settled,
		Told:       s.told,
		Muted:      s.muted,
		Deadline:   s.deadline,
	}
	for _, d := range s.members {
		x.Members = append(x.Members, d.ID)
	}
	return x
}

// Restore loads a Snapshot, and all Changes stored after it in order, into an engine that has
// observed nothing. Rules are matched by ID and meaning; alerts of removed or changed rules end
// with the next Observe or Tick. Invalid bytes give an error and change nothing.
func (e *Engine) Restore(b []byte, changes ...[]byte) error {
	s, err := parseSaved(b)
	if err != nil {
		return fmt.Errorf("restore rules: %w", err)
	}
	for i, b := range changes {
		c, err := parseSaved(b)
		if err != nil {
			return fmt.Errorf("restore rules: change %d: %w", i+1, err)
		}
		s.merge(c)
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("restore rules: %w", err)
	}
	if e.seq != 0 || len(e.devices) != 0 {
		return fmt.Errorf("restore rules: the engine has observed events already")
	}
	for text, x := range s.Usual {
		if e.usuals[text], err = loadUsual(text, x); err != nil {
			clear(e.usuals)
			return fmt.Errorf("restore rules: %w", err)
		}
	}
	e.seq = s.Seq
	e.clock = s.Clock
	e.now = s.Clock
	for id, u := range s.Devices {
		d := u.load(id, s.Clock)
		d.Behind = ""
		e.hang(d, u.Behind)
		e.devices[id] = d
	}
	for _, id := range s.Recent {
		e.recent.add(id)
	}
	e.changes.all = true
	e.loadLogs(s.Logs)
	e.gaps = s.Gaps
	maps.Copy(e.levels, s.Levels)
	e.levelsKept = s.Levels != nil
	gone := s.Rules
	for _, r := range e.rules {
		saved, ok := gone[r.ID]
		r.isNew = true
		switch {
		case !ok:
		case saved.Hash == r.hash || saved.Manner == "" &&
			slices.Contains(legacyHashes(r.Rule), saved.Hash):
			e.load(r, saved)
			r.isNew = false
			r.revised = saved.Manner != "" && saved.Manner != r.manner
			delete(gone, r.ID)
		default:
			e.inheritSaved(r, saved)
		}
	}
	e.endSaved(gone)
	e.bindAll()
	return nil
}

func parseSaved(b []byte) (s savedEngine, err error) {
	if err := json.Unmarshal(b, &s); err != nil {
		return s, err
	}
	switch {
	case s.Version == 1 && s.Units == nil:
		return s, nil
	case s.Version < 2 || s.Version > snapshotVersion || s.Devices != nil:
		return s, fmt.Errorf("the state has version %d, this gateway reads up to %d", s.Version,
			snapshotVersion)
	}
	s.Devices, err = s.Units.read(s.Version, s.Clock)
	return s, err
}

// inheritSaved takes over the firing subjects of a rule that has changed since the state was saved.
func (e *Engine) inheritSaved(r *rule, saved savedRule) {
	for _, k := range sortedKeys(saved.Subjects) {
		x := saved.Subjects[k]
		if x.Phase != firing || r.momentary || r.Per.of(x.Cause) != k {
			continue
		}
		e.carry(r, k, x)
		delete(saved.Subjects, k)
	}
}

// endSaved ends the alerts of removed rules.
func (e *Engine) endSaved(gone map[g.RuleID]savedRule) {
	var ids []string
	for id := range gone {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	for _, id := range ids {
		subjects := gone[g.RuleID(id)].Subjects
		for _, k := range sortedKeys(subjects) {
			if s := subjects[k]; s.Phase == firing && s.Alert != nil {
				s.Alert.Firing = false
				e.out = append(e.out, Effect{
					At:    instant(e.clock),
					Alert: s.Alert,
				})
			}
		}
	}
}

// check refuses times that no engine could have saved: after the clock, or deadlines too far ahead.
// It sets a clock that is up to backEarly behind a time, as earlier versions could save after a
// restart, to that time.
func (s *savedEngine) check() error {
	const latest = 1 << 62
	if s.Clock < 0 || s.Clock > latest-int64(2*MaxDuration) {
		return fmt.Errorf("the clock %d is no time", s.Clock)
	}
	for _, x := range s.Gaps {
		if x.From < -latest || x.From > x.To || x.To > latest-int64(2*MaxDuration) {
			return fmt.Errorf("the gap from %d to %d is no time", x.From, x.To)
		}
	}
	if len(s.Gaps) > maxGaps {
		return fmt.Errorf("%d gaps; there are at most %d", len(s.Gaps), maxGaps)
	}
	times := s.Logs.times()
	for _, u := range s.Devices {
		times = append(times, u.Heard)
		for _, v := range u.Values {
			if v.Ends < 0 || v.Ends > latest {
				return fmt.Errorf("%d is no end of an answer", v.Ends)
			}
			times = append(times, v.At, v.WasAt)
			for _, t := range v.Traces {
				for _, p := range t.points {
					times = append(times, p.at)
				}
			}
		}
	}
	for _, u := range s.Usual {
		times = append(times, u.At, u.Hour)
	}
	for _, r := range s.Rules {
		for _, x := range r.Subjects {
			times = append(times, x.Since, x.ClearSince, x.Touched, x.Fired, x.Told,
				x.Deadline-int64(2*MaxDuration))
			if x.Phase < idle || x.Phase > done {
				return fmt.Errorf("%d is no phase", x.Phase)
			}
			for _, c := range x.Counts {
				times = append(times, c...)
			}
		}
		for _, o := range r.Once {
			times = append(times, o.At)
		}
		for _, p := range r.Passages {
			for _, x := range append(slices.Clone(p.Passes), p.Faces...) {
				times = append(times, x.At)
			}
		}
	}
	clock := s.Clock
	for _, t := range times {
		if t > s.Clock+int64(backEarly) || t < -latest {
			return fmt.Errorf("the time %d is after the clock %d", t, s.Clock)
		}
		clock = max(clock, t)
	}
	s.Clock = clock
	return nil
}

func (u savedUnit) load(id g.DeviceID, clock int64) *device {
	d := &device{
		ID:        id,
		School:    u.School,
		Zone:      u.Zone,
		Kind:      u.Kind,
		Building:  u.Building,
		Floor:     u.Floor,
		Behind:    u.Behind,
		Timezone:  u.Timezone,
		Profile:   u.Profile,
		Type:      u.Type,
		Driver:    u.Driver,
		status:    u.Status,
		statusWas: u.StatusWas,
		statusSeq: u.StatusSeq,
		heard:     u.Heard,
	}
	for _, name := range sortedKeys(u.Values) {
		v := u.Values[name]
		d.addSlot(slot{
			name:   name,
			v:      v.Value,
			was:    v.Was,
			at:     v.At,
			wasAt:  v.WasAt,
			seq:    v.Seq,
			steady: v.Steady,
			ends:   v.Ends,
			traces: v.Traces,
		})
	}
	return d
}

// load takes over a saved subject, except members and deadline.
func (s *subject) load(x savedSubject) {
	r := s.rule
	for i := range s.counts {
		if i >= len(x.Counts) {
			continue
		}
		from := max(0, len(x.Counts[i])-r.counted[i].AtLeast)
		s.counts[i] = x.Counts[i][from:]
		if i < len(x.Names) && len(x.Names[i]) == len(x.Counts[i]) {
			if s.names == nil {
				s.names = make([][]string, len(s.counts))
			}
			s.names[i] = x.Names[i][from:]
		} else if r.counted[i].Distinct != "" {
			s.counts[i] = nil
		}
	}
	s.phase = x.Phase
	s.since = x.Since
	s.clearSince = x.ClearSince
	s.touched = x.Touched
	s.first = x.First
	s.last = x.Last
	s.cause = x.Cause
	s.alert = x.Alert
	s.fired = x.Fired
	s.stage = max(0, min(x.Stage, len(r.Rises)))
	s.answered, s.settled = x.Answered, x.Settled
	s.told = x.Told
	s.muted = x.Muted
}

func (e *Engine) load(r *rule, saved savedRule) {
	for _, k := range sortedKeys(saved.Subjects) {
		x := saved.Subjects[k]
		if r.momentary && x.Phase == firing || x.Phase == done && r.Per != PerTrack {
			continue // never saved
		}
		s := e.subject(r, k)
		s.load(x)
		for _, id := range x.Members {
			if d := e.devices[id]; d != nil {
				s.join(d)
			}
		}
		switch {
		case x.Deadline > 0:
			e.schedule(s, x.Deadline)
		case x.Phase == pending && !x.Muted:
			e.schedule(s, e.clock)
		}
	}
	for k, o := range saved.Once {
		r.once[k] = &repeat{
			at:    o.At,
			alert: o.Alert,
		}
		if s := r.subjects[k]; s != nil && s.alert != nil && o.Alert != nil &&
			s.alert.ID == o.Alert.ID {
			s.alert = r.once[k].alert
		}
	}
	r.loadOwn(saved.Passages)
}
