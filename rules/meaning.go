package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// contentHash identifies the meaning of a rule, on which its state depends, by the words of the
// language. It only covers what the rule says, so that extending the language does not change it.
// What applies after the condition (duration, severity, actions) is not covered: changing it keeps
// the state.
func contentHash(r Rule) string {
	said := struct {
		Where  Where         `json:"where"`
		Per    Subject       `json:"per"`
		When   Condition     `json:"when"`
		Fresh  time.Duration `json:"fresh"`
		Clear  *Condition    `json:"clear,omitempty"`
		Unless *Unless       `json:"unless,omitempty"`
		Rises  []Condition   `json:"rises,omitempty"`
	}{
		Where:  r.Where,
		Per:    r.Per,
		When:   r.When,
		Fresh:  r.Fresh,
		Clear:  r.Clear.When,
		Unless: r.Unless,
	}
	for _, s := range r.Rises {
		if s.When != nil {
			said.Rises = append(said.Rises, *s.When)
		}
	}
	b, _ := json.Marshal(said)
	// A map sorts the keys, so that the order of fields does not matter.
	var words any
	_ = json.Unmarshal(b, &words)
	b, _ = json.Marshal(words)
	return shortHash(b)
}

// mannerHash covers what a rule does with its state: if only that has changed, the state is kept
// and evaluated again.
func mannerHash(r Rule) string {
	b, _ := json.Marshal(struct {
		For      time.Duration
		After    time.Duration
		Unknown  string `json:",omitempty"`
		Once     Once
		Rises    []Stage `json:",omitempty"`
		MutedBy  []Mute  `json:",omitempty"`
		Severity g.Severity
		Title    string
		TitleZH  string
	}{r.For, r.Clear.After, r.Clear.Unknown, r.Once, r.Rises, r.MutedBy, r.Severity, r.Title,
		r.TitleZH})
	return shortHash(b)
}

func shortHash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// legacyHashes are the hashes in states of versions 1 and 2 for a rule with the same meaning; none
// if those versions could not express it. They covered the program's structures, which are frozen
// here.
func legacyHashes(r Rule) []string {
	when, ok := legacyOf(r.When)
	if !ok || len(r.Where.Building) > 0 || len(r.Where.Floor) > 0 ||
		r.Per == PerBuilding || r.Per == PerFloor || r.Clear.Unknown != "" ||
		len(r.Rises) > 0 || len(r.MutedBy) > 0 ||
		r.Unless != nil && r.Unless.Sighting.newer() {
		return nil
	}
	said := legacyRule{
		Where: legacyWhere{
			School:   r.Where.School,
			Zone:     r.Where.Zone,
			ZoneKind: r.Where.ZoneKind,
			Device:   r.Where.Device,
			Profile:  r.Where.Profile,
			Type:     r.Where.Type,
			Driver:   r.Where.Driver,
		},
		Per:    r.Per,
		When:   when,
		For:    r.For,
		Fresh:  r.Fresh,
		Clear:  legacyClear{After: r.Clear.After},
		Unless: (*legacyUnless)(nil),
		Once:   legacyOnce(r.statedOnce()),
	}
	if r.Clear.When != nil {
		c, ok := legacyOf(*r.Clear.When)
		if !ok {
			return nil
		}
		said.Clear.When = &c
	}
	if u := r.Unless; u != nil {
		said.Unless = &legacyUnless{
			Sighting: *legacySightingOf(&u.Sighting),
			Same:     u.Same,
			Before:   u.Before,
			After:    u.After,
			Explains: u.Explains,
		}
	}
	b, _ := json.Marshal(said)
	out := []string{shortHash(b)}
	if r.Fresh == freshFor(r.For) && r.Fresh != DefaultFresh {
		said.Fresh = DefaultFresh // the default of a rule without fresh
		b, _ = json.Marshal(said)
		out = append(out, shortHash(b))
	}
	return out
}

type legacyRule struct {
	Where  legacyWhere
	Per    Subject
	When   legacyCondition
	For    time.Duration
	Fresh  time.Duration
	Clear  legacyClear
	Unless *legacyUnless
	Once   legacyOnce
}

type legacyWhere struct {
	School   []g.SchoolID
	Zone     []g.ZoneID
	ZoneKind []g.ZoneKind
	Device   []g.DeviceID
	Profile  []g.ProfileID
	Type     []g.DeviceType
	Driver   []g.DriverName
}

type legacyCondition struct {
	All      []legacyCondition
	Any      []legacyCondition
	Not      *legacyCondition
	Compare  *legacyCompare
	Status   []g.DeviceState
	Absent   *legacyAbsent
	Count    *legacyCount
	Sighting *legacySighting
	Change   *legacyChange
}

type legacyCompare struct {
	Property string
	Above    *float64
	Below    *float64
	AtLeast  *float64
	AtMost   *float64
	Is       *g.Value
	IsNot    *g.Value
	OneOf    []g.Value
}

type legacyAbsent struct {
	Property string
	For      time.Duration
}

type legacyCount struct {
	Of      legacyCondition
	AtLeast int
	Within  time.Duration
}

type legacySighting struct {
	Person    string
	Method    []g.Method
	Direction g.Direction
	Reason    []string
}

type legacyChange struct {
	Property string
	From, To *g.Value
	By       float64
}

type legacyClear struct {
	After time.Duration
	When  *legacyCondition
}

type legacyUnless struct {
	Sighting legacySighting
	Same     Subject
	Before   time.Duration
	After    time.Duration
	Explains int
}

type legacyOnce struct {
	Every time.Duration
	Per   Subject
}

// legacyOf converts a condition to its form in versions 1 and 2; false if it has newer features.
func legacyOf(c Condition) (out legacyCondition, ok bool) {
	if c.newer() {
		return out, false
	}
	for _, x := range c.All {
		l, ok := legacyOf(x)
		if !ok {
			return out, false
		}
		out.All = append(out.All, l)
	}
	for _, x := range c.Any {
		l, ok := legacyOf(x)
		if !ok {
			return out, false
		}
		out.Any = append(out.Any, l)
	}
	if c.Not != nil {
		l, ok := legacyOf(*c.Not)
		if !ok {
			return out, false
		}
		out.Not = &l
	}
	if c.Count != nil {
		l, ok := legacyOf(c.Count.Of)
		if !ok {
			return out, false
		}
		out.Count = &legacyCount{
			Of:      l,
			AtLeast: c.Count.AtLeast,
			Within:  c.Count.Within,
		}
	}
	out.Compare = (*legacyCompare)(c.Compare)
	out.Status = slices.Clone(c.Status)
	out.Absent = (*legacyAbsent)(c.Absent)
	out.Sighting = legacySightingOf(c.Sighting)
	out.Change = (*legacyChange)(c.Change)
	return out, true
}

func legacySightingOf(s *SightingIs) *legacySighting {
	if s == nil {
		return nil
	}
	return &legacySighting{
		Person:    s.Person,
		Method:    s.Method,
		Direction: s.Direction,
		Reason:    s.Reason,
	}
}
