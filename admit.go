package gatehouse

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Clock bounds within which a device's own time is believed.
const (
	MaxFuture = 10 * time.Minute    // further ahead is refused
	MaxPast   = 30 * 24 * time.Hour // older is refused
)

// MaxEmbedding bounds a face embedding's length, in numbers.
const MaxEmbedding = 2048

// Admit says whether the observation fits the device and its profile: the error is the
// reason that is journalled and shown. It changes nothing and asks no clock.
func Admit(d Device, p Profile, o Observation, now time.Time) error {
	if o.Device != d.ID {
		return Errorf(Invalid, "the observation is of device %q, not %q", o.Device, d.ID)
	}
	if !d.Enabled {
		return Errorf(Forbidden, "device %q is disabled", d.ID)
	}
	if !o.Time.IsZero() {
		if o.Time.After(now.Add(MaxFuture)) {
			return Errorf(Invalid, impossibleTime+"%s is %s ahead of the gateway's clock: set the device's clock", o.Time.UTC().Format(time.RFC3339), o.Time.Sub(now).Round(time.Second))
		}
		if o.Time.Before(now.Add(-MaxPast)) {
			return Errorf(Invalid, impossibleTime+"%s is more than %d days old: set the device's clock", o.Time.UTC().Format(time.RFC3339), int(MaxPast/(24*time.Hour)))
		}
	}
	set := 0
	for _, b := range []bool{o.Reading != nil, o.Sighting != nil, o.Status != nil} {
		if b {
			set++
		}
	}
	if set != 1 {
		return Errorf(Invalid, "an observation holds one of a reading, a sighting and a status; this one holds %d", set)
	}
	switch {
	case o.Reading != nil:
		return admitReading(p, *o.Reading)
	case o.Sighting != nil:
		return admitSighting(p, *o.Sighting)
	}
	switch o.Status.State {
	case StateOnline, StateOffline, StateFault, StateDriverDown:
		return nil
	}
	return Errorf(Invalid, "%q is no state; use online, offline or fault", o.Status.State)
}

// impossibleTime begins the reason of an observation that was refused for its time.
const impossibleTime = "the time "

// ImpossibleTime is the time for which the observation was refused; false where it was
// refused for something else.
func (r Rejection) ImpossibleTime() (time.Time, bool) {
	rest, ok := strings.CutPrefix(r.Reason, impossibleTime)
	if !ok {
		return time.Time{}, false
	}
	text, _, _ := strings.Cut(rest, " ")
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

func admitReading(p Profile, r Reading) error {
	if len(r.Values) == 0 {
		return Errorf(Invalid, "the reading holds no values")
	}
	names := make([]string, 0, len(r.Values))
	for n := range r.Values {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		prop, ok := p.Properties[n]
		if !ok {
			return FieldErrorf(n, "profile %q has no such property; it has %v", p.ID, p.PropertyNames())
		}
		if err := prop.Check(r.Values[n]); err != nil {
			return FieldErrorf(n, "%v", err)
		}
	}
	return nil
}

func admitSighting(p Profile, s Sighting) error {
	if !slices.Contains(p.Sightings, s.Method) {
		return Errorf(Invalid, "profile %q sees nobody by %q; it allows %v", p.ID, s.Method, p.Sightings)
	}
	if s.Direction != "" && s.Direction != In && s.Direction != Out {
		return FieldErrorf("direction", "%q is no direction; use in or out", s.Direction)
	}
	if len(s.Embedding) > MaxEmbedding {
		return FieldErrorf("embedding", "%d numbers; at most %d are taken", len(s.Embedding), MaxEmbedding)
	}
	if s.Method == ByFace && len(s.Embedding) == 0 && s.Credential == "" {
		return Errorf(Invalid, "a face sighting needs an embedding, or the user number that the terminal matched")
	}
	if s.Method != ByFace && s.Credential == "" && s.Person == "" {
		return Errorf(Invalid, "a sighting by %s needs the credential that was shown", s.Method)
	}
	if len(s.Credential) > 256 {
		return Errorf(TooLarge, "the credential has %d bytes; at most 256 are taken", len(s.Credential))
	}
	return nil
}
