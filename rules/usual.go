package rules

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits of what is remembered of the usual course of a number.
const (
	MaxUsual     = 50_000 // numbers of devices; of further ones nothing is known
	MaxWeeks     = 8      // that a baseline may ask for
	DefaultWeeks = 2

	weekHours   = 7 * 24
	usualWeeks  = 4                     // the mean of an hour follows about this many weeks
	usualHolds  = int64(time.Hour)      // a value counts for at most this long; a rise for a quarter of its time
	steadyHolds = 24 * int64(time.Hour) // one that is reported on change
)

// usualKey identifies a number whose usual course is remembered: of a property, or of its rise over
// a time.
type usualKey struct {
	property string
	over     time.Duration
	rollover float64
}

func (c Baseline) key() usualKey { return usualKey{c.Property, c.Over, c.Rollover} }

// Learns is how much of the past a rule with a baseline has to know before it finds anything; 0 for
// all others.
func (r Rule) Learns() time.Duration {
	weeks := 0
	r.walk(func(c Condition) {
		if c.Baseline != nil {
			weeks = max(weeks, c.Baseline.Weeks)
		}
	})
	return time.Duration(weeks) * 7 * 24 * time.Hour
}

// text is the key of a device's number in saved states.
func (k usualKey) text(id g.DeviceID) string {
	return strings.Join([]string{
		string(id), k.over.String(), strconv.FormatFloat(k.rollover, 'g', -1, 64), k.property,
	}, " ")
}

// usual is what a number was at each hour of the week, in the school's time zone: the mean over
// time, and for how many weeks it is known. Only hours that are over count, so that an hour is held
// against the weeks before it.
type usual struct {
	key   usualKey
	text  string
	means [weekHours]float32
	weeks [weekHours]uint8

	at    int64   // of the newest value; 0: none
	value float64 // the newest
	hour  int64   // when the hour began that is being measured
	sum   float64 // value times seconds in it
	told  int64   // how much of it is covered

	changed bool // since Saved
	learned bool // an hour of the week has changed since Saved
}

// hourOf is when the hour of a time began in a time zone, and which hour of the week it is.
func hourOf(at int64, in *time.Location) (began int64, index int) {
	t := time.Unix(0, at).In(in)
	_, offset := t.Zone()
	local := at/int64(time.Second) + int64(offset)
	local -= ((local % 3600) + 3600) % 3600
	index = (24*int(t.Weekday()) + t.Hour()) % weekHours
	return (local - int64(offset)) * int64(time.Second), index
}

// add adds the newest value; known is false if there is none at the time.
func (u *usual) add(now int64, value float64, known, steady bool, in *time.Location) {
	if u.at != 0 && u.at < now {
		holds := max(usualHolds, int64(u.key.over)/4)
		if steady {
			holds = steadyHolds
		}
		u.cover(u.at, min(now, u.at+holds), in)
	}
	if u.at, u.value = now, value; !known {
		u.at = 0
	}
}

// cover counts the newest value for the time from..to.
func (u *usual) cover(from, to int64, in *time.Location) {
	for from < to {
		began, _ := hourOf(from, in)
		if began != u.hour {
			u.close(in)
			u.hour, u.sum, u.told = began, 0, 0
		}
		until := min(to, began+int64(time.Hour))
		u.sum += u.value * float64(until-from) / float64(time.Second)
		u.told += until - from
		from = until
	}
}

// close takes the measured hour into its hour of the week if at least half of it is known.
func (u *usual) close(in *time.Location) {
	if u.told < int64(time.Hour)/2 {
		return
	}
	_, i := hourOf(u.hour, in)
	mean := u.sum / (float64(u.told) / float64(time.Second))
	u.weeks[i] = min(u.weeks[i]+1, MaxWeeks)
	u.means[i] += float32((mean - float64(u.means[i])) / float64(min(u.weeks[i], usualWeeks)))
	u.learned = true
}

// usual is the slot's memory of a number; nil if there is none.
func (s *slot) usual(k usualKey) *usual {
	for _, u := range s.usuals {
		if u.key == k {
			return u
		}
	}
	return nil
}

// habits gives the slot the memories that its rules need; those of before are found again.
func (e *Engine) habits(d *device, s *slot) {
	s.usuals = nil
	for _, b := range s.bindings {
		for _, k := range b.rule.usuals {
			if k.property != s.name || s.usual(k) != nil {
				continue
			}
			text := k.text(d.ID)
			u := e.usuals[text]
			if u == nil {
				if len(e.usuals) >= MaxUsual {
					continue
				}
				u = &usual{key: k, text: text, learned: true} // whole in the first delta
				e.usuals[text] = u
				e.touchUsual(u)
			}
			s.usuals = append(s.usuals, u)
		}
	}
}

// learn adds the slot's newest value to its memories.
func (e *Engine) learn(d *device, s *slot) {
	for _, u := range s.usuals {
		f, known := s.v.Float()
		known = known && s.v.Kind() == g.Number
		if known && u.key.over > 0 {
			f, known = 0, false
			if t := s.trace(rateKey(u.key)); t != nil {
				f, _, known = t.rise(e.now, s.steady)
			}
		}
		e.touchUsual(u)
		u.add(e.now, f, known, s.steady, e.hoursOf(d).zone)
	}
}

func (e *Engine) touchUsual(u *usual) {
	if !u.changed {
		u.changed = true
		e.changes.usuals = append(e.changes.usuals, u)
	}
}

// unlearn deletes memories that no rule needs any more.
func (e *Engine) unlearn() {
	needed := map[string]bool{}
	for _, d := range e.devices {
		for i := range d.slots {
			for _, u := range d.slots[i].usuals {
				needed[u.text] = true
			}
		}
	}
	for text := range e.usuals {
		if !needed[text] {
			delete(e.usuals, text)
		}
	}
}

// forgetUsual deletes the memories of a device.
func (e *Engine) forgetUsual(d *device) {
	for i := range d.slots {
		for _, u := range d.slots[i].usuals {
			delete(e.usuals, u.text)
		}
	}
}

// shift moves the times of a memory back.
func (u *usual) shift(delta int64) {
	if u.at != 0 {
		u.at -= delta
	}
	u.hour, u.sum, u.told = 0, 0, 0 // the hour that is measured is lost
}

// usually is the slot's usual value at a time, and for how many weeks that is known.
func (s *slot) usually(k usualKey, at int64, in *time.Location) (mean float64, weeks int) {
	u := s.usual(k)
	if u == nil || in == nil {
		return 0, 0
	}
	_, i := hourOf(at, in)
	return float64(u.means[i]), int(u.weeks[i])
}

// limit is the value at a margin from the usual one.
func (m Margin) limit(usual, sign float64) float64 {
	if m.Percent {
		return usual + sign*m.By/100*math.Abs(usual)
	}
	return usual + sign*m.By
}

func compileBaseline(c Baseline, fresh int64, decisive tri) condition {
	key := c.key()
	return func(m *moment) tri {
		out, doubt := unknown, false
		for _, d := range m.devs {
			s := d.sample(c.Property)
			if s == nil || s.v.Kind() != g.Number || m.hours == nil {
				continue
			}
			until := d.until(s, fresh, m.gaps)
			began, _ := hourOf(m.at, m.hours.zone)
			m.raise = min(m.raise, began+int64(time.Hour))
			at, silent := m.at, m.at >= until
			if silent && !m.keeps {
				continue
			}
			if silent {
				at = s.at
			}
			mean, weeks := s.usually(key, at, m.hours.zone)
			if weeks < c.Weeks {
				continue
			}
			value, _ := s.v.Float()
			if c.Over > 0 {
				t := s.trace(rateKey(key))
				if t == nil {
					continue
				}
				by, next, ok := t.rise(at, s.steady)
				if !ok {
					continue
				}
				if value = by; !silent {
					m.raise = min(m.raise, next)
				}
			}
			truth := known(c.Above != nil && value > c.Above.limit(mean, 1) ||
				c.Below != nil && value < c.Below.limit(mean, -1))
			if silent {
				doubt = doubt || truth == decisive
				continue
			}
			m.stale = min(m.stale, until)
			m.old = m.old || s.at < m.resumed && !s.steady
			if out = truth; out == decisive {
				return out
			}
		}
		return m.unless(doubt, out)
	}
}

// savedUsual is a memory in a state; a delta leaves out the hours where none has changed.
type savedUsual struct {
	At    int64   `json:"t,omitempty"`
	Value float64 `json:"v,omitempty"`
	Hour  int64   `json:"h,omitempty"`
	Sum   float64 `json:"s,omitempty"`
	Told  int64   `json:"c,omitempty"`
	Hours []byte  `json:"w,omitempty"`
}

func (u *usual) save(all bool) savedUsual {
	x := savedUsual{
		At:    u.at,
		Value: u.value,
		Hour:  u.hour,
		Sum:   u.sum,
		Told:  u.told,
	}
	if all || u.learned {
		for i := range u.means {
			x.Hours = binary.LittleEndian.AppendUint32(x.Hours, math.Float32bits(u.means[i]))
			x.Hours = append(x.Hours, u.weeks[i])
		}
	}
	return x
}

var errUsual = errors.New("the usual course of a number does not parse")

// loadUsual is a saved memory.
func loadUsual(text string, x savedUsual) (*usual, error) {
	parts := strings.SplitN(text, " ", 4)
	if len(parts) != 4 || len(x.Hours) != 0 && len(x.Hours) != 5*weekHours {
		return nil, errUsual
	}
	over, err1 := time.ParseDuration(parts[1])
	rollover, err2 := strconv.ParseFloat(parts[2], 64)
	if err1 != nil || err2 != nil {
		return nil, errUsual
	}
	u := &usual{
		key:   usualKey{parts[3], over, rollover},
		text:  text,
		at:    x.At,
		value: x.Value,
		hour:  x.Hour,
		sum:   x.Sum,
		told:  x.Told,
	}
	for i := 0; 5*i < len(x.Hours); i++ {
		u.means[i] = math.Float32frombits(binary.LittleEndian.Uint32(x.Hours[5*i:]))
		u.weeks[i] = min(x.Hours[5*i+4], MaxWeeks)
		if math.IsNaN(float64(u.means[i])) || math.IsInf(float64(u.means[i]), 0) {
			return nil, errUsual
		}
	}
	return u, nil
}

// merge applies a delta to the saved memories.
func mergeUsual(to, changed map[string]savedUsual, gone []g.DeviceID) map[string]savedUsual {
	if to == nil {
		to = map[string]savedUsual{}
	}
	for text := range to {
		id, _, _ := strings.Cut(text, " ")
		if slices.Contains(gone, g.DeviceID(id)) {
			delete(to, text)
		}
	}
	for text, x := range changed {
		if x.Hours == nil {
			x.Hours = to[text].Hours
		}
		to[text] = x
	}
	return to
}
