package gatehouse

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Limits within which a device's own time is believed. Beyond MaxFuture and MaxPast the clock is
// wrong: see Observation.alarming for what is admitted all the same, at the time of its arrival.
const (
	MaxFuture   = 10 * time.Minute     // further ahead is no time
	MaxLive     = 15 * time.Minute     // older is history, which never raises alerts
	MaxCall     = 24 * time.Hour       // as MaxLive, for what happened at a device: see alarming
	MaxPast     = 30 * 24 * time.Hour  // older is no time, unless the source marks it as replayed
	MaxReplayed = 400 * 24 * time.Hour // older is always rejected
)

// MaxEmbedding is the most numbers in a face embedding.
const MaxEmbedding = 2048

// Misfit is one value of a reading that was not admitted, with the reason.
type Misfit struct {
	Property string
	Reason   string
	Unknown  bool // the profile has no such property
	Why      Text // Reason as a translatable text
}

// NewMisfit returns a Misfit with both forms of its reason.
func NewMisfit(property string, why Text) Misfit {
	return Misfit{
		Property: property,
		Reason:   why.String(),
		Why:      why,
	}
}

// Admission is the admitted part of an observation, and what was left out.
type Admission struct {
	Observation Observation
	Late        bool // older than MaxLive, although its source did not mark it as replayed
	// Clock is why the device's own time was not taken, and that time; nil: it was. The observation
	// then has none, and counts at its arrival.
	Clock   *ClockError
	Misfits []Misfit
}

// Said is the time that the device gave, whether or not it can be; zero: it gave none.
func (a *Admission) Said() time.Time {
	if a.Clock != nil {
		return a.Clock.Clock
	}
	return a.Observation.Time
}

// Admit checks the observation against the device and its profile. The values of a reading are
// checked one by one: one that does not fit leaves the others admitted. An observation older than
// MaxLive is admitted as history (Replayed). A detector or a button whose clock is wrong is admitted
// without its time. The error says why nothing is admitted; it is journalled and shown. Admit uses
// no clock and does not change o.
func Admit(d Device, p Profile, o Observation, now time.Time) (Admission, error) {
	a := Admission{Observation: o}
	if o.Device != d.ID {
		return a, Errorf(Invalid, "the observation is of device %q, not %q", o.Device, d.ID)
	}
	if !d.Enabled {
		return a, Errorf(Forbidden, "device %q is disabled", d.ID).as(RejectedDisabled)
	}
	if u := o.Unreadable; u != nil {
		return a, Errorf(Invalid, "%s", u.Reason).as(RejectedUnreadable)
	}
	if err := a.admitTime(now); err != nil {
		return a, err
	}
	set := 0
	for _, b := range []bool{
		o.Reading != nil,
		o.Sighting != nil,
		o.Status != nil,
		o.Occurrence != nil,
	} {
		if b {
			set++
		}
	}
	if set != 1 {
		return a, Errorf(Invalid,
			"an observation holds one of a reading, a sighting, a status and an occurrence; this "+
				"one holds %d",
			set).as(RejectedEmpty)
	}
	switch {
	case o.Reading != nil:
		return a, a.admitReading(p)
	case o.Sighting != nil:
		return a, Rejected(RejectedSighting, admitSighting(p, *o.Sighting))
	case o.Occurrence != nil:
		return a, Rejected(RejectedOccurrence, admitOccurrence(p, *o.Occurrence))
	}
	switch o.Status.State {
	case StateOnline, StateOffline, StateFault, StateDriverDown:
		a.admitWeakness()
		a.admitCauses()
		return a, nil
	}
	return a, Errorf(Invalid, "%q is no state; use online, offline or fault",
		o.Status.State).as(RejectedState)
}

// admitWeakness drops a weakness that this version does not know, as a newer driver may send; the
// state is admitted.
func (a *Admission) admitWeakness() {
	if s := *a.Observation.Status; s.Weak != "" && !s.Weak.Known() {
		s.Weak = ""
		a.Observation.Status = &s
	}
}

// admitCauses drops invalid or surplus causes; the state is admitted.
func (a *Admission) admitCauses() {
	s := *a.Observation.Status
	if kept := fitting(s.Causes); len(kept) != len(s.Causes) {
		s.Causes = kept
		a.Observation.Status = &s
	}
}

func (a *Admission) admitTime(now time.Time) error {
	o := &a.Observation
	if o.Time.IsZero() {
		return nil
	}
	if wrong := wrongClock(*o, now); wrong != nil {
		if !o.alarming() {
			return wrong
		}
		a.Clock, o.Time = wrong, time.Time{}
		return nil
	}
	most := MaxLive
	if o.Occurrence != nil && o.alarming() {
		most = MaxCall
	}
	if now.Sub(o.Time) > most && !o.Replayed {
		o.Replayed, a.Late = true, true
	}
	return nil
}

// alarming reports whether an observation counts although its time cannot be or is past: what a
// detector or a button says just now. A value that is merely late is history, for it may hold no
// longer; what happened does not become untrue, and somebody may wait for help. What was buffered
// (Replayed) is never alarming, nor is what belongs to its own day: who passed and what was sold.
func (o Observation) alarming() bool {
	switch {
	case o.Replayed:
		return false
	case o.Occurrence != nil:
		return o.Occurrence.Kind != OccurrenceSale && o.Occurrence.Kind != OccurrenceUnanswered
	}
	return o.Reading != nil
}

// wrongClock returns why the observation's time cannot be; nil: it can.
func wrongClock(o Observation, now time.Time) *ClockError {
	stamp, bound := o.Time.UTC().Format(time.RFC3339), MaxPast
	if o.Replayed {
		bound = MaxReplayed
	}
	var why *Error
	switch {
	case o.Time.Sub(now) > MaxFuture:
		why = Errorf(Invalid,
			impossibleTime+"%s is %s ahead of the gateway's clock: set the device's clock", stamp,
			o.Time.Sub(now).Round(time.Second)).as(RejectedClockAhead)
	case now.Sub(o.Time) > bound:
		why = Errorf(Invalid,
			impossibleTime+"%s is more than %d days old: set the device's clock", stamp,
			int(bound/(24*time.Hour))).as(RejectedClockBehind)
	default:
		return nil
	}
	return &ClockError{
		Clock: o.Time,
		Why:   why,
	}
}

// admitReading keeps the values that fit.
func (a *Admission) admitReading(p Profile) error {
	r := a.Observation.Reading
	if len(r.Values) == 0 {
		return Errorf(Invalid, "the reading holds no values").as(RejectedEmpty)
	}
	for n, v := range r.Values {
		prop, ok := p.Properties[n]
		if !ok {
			m := NewMisfit(n, Word("no such property"))
			m.Unknown = true
			a.Misfits = append(a.Misfits, m)
		} else if err := prop.Check(v); err != nil {
			a.Misfits = append(a.Misfits, NewMisfit(n, TextOf(err)))
		}
	}
	if len(a.Misfits) == 0 {
		return nil
	}
	sort.Slice(a.Misfits, func(i, j int) bool {
		return a.Misfits[i].Property < a.Misfits[j].Property
	})
	if len(a.Misfits) == len(r.Values) {
		return MisfitError(p, a.Misfits)
	}
	fits := make(map[string]Value, len(r.Values)-len(a.Misfits))
	for n, v := range r.Values {
		fits[n] = v
	}
	for _, m := range a.Misfits {
		delete(fits, m.Property)
	}
	a.Observation.Reading = &Reading{Values: fits}
	return nil
}

// MisfitError is the error that names the values that were not admitted, with their reasons.
func MisfitError(p Profile, misfits []Misfit) error {
	said := Texts{Between: Textf("; ")}
	var unknown []string
	for _, m := range misfits {
		if m.Unknown {
			unknown = append(unknown, m.Property)
		} else {
			said.Add(Textf("%s: %s", m.Property, m.Why))
		}
	}
	if len(unknown) > 0 {
		said.Add(Textf("%s: profile %q has no such property; it has %v",
			strings.Join(unknown, ", "), p.ID, p.PropertyNames()))
	}
	return Errorf(Invalid, "%s", said).as(RejectedMisfit)
}

func admitSighting(p Profile, s Sighting) error {
	if !slices.Contains(p.Sightings, s.Method) {
		return Errorf(Invalid, "profile %q sees nobody by %q; it allows %v", p.ID, s.Method,
			p.Sightings)
	}
	if s.Direction != "" && s.Direction != In && s.Direction != Out {
		return FieldErrorf("direction", "%q is no direction; use in or out", s.Direction)
	}
	if len(s.Embedding) > MaxEmbedding {
		return FieldErrorf("embedding", "%d numbers; at most %d are taken", len(s.Embedding),
			MaxEmbedding)
	}
	if s.Method == ByFace && len(s.Embedding) == 0 && s.Credential == "" {
		return Errorf(Invalid,
			"a face sighting needs an embedding, or the user number that the terminal matched")
	}
	if s.Method != ByFace && s.Credential == "" && s.Person == "" {
		return Errorf(Invalid, "a sighting by %s needs the credential that was shown", s.Method)
	}
	if len(s.Credential) > 256 {
		return Errorf(TooLarge, "the credential has %d bytes; at most 256 are taken",
			len(s.Credential))
	}
	return nil
}
