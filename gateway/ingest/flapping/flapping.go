// Package flapping detects devices that change state too often. While a device flaps, its
// changes of state are counted and not passed on; it has the one state "flapping" until it
// has been stable for a while.
//
// It sees every status before that is journalled. Readings and sightings pass unaffected. It does
// no I/O, has no clock and judges nothing but states.
package flapping

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits say when flapping begins and when it ends. The two differ (hysteresis), so that a
// borderline device does not enter and leave it all the time.
type Limits struct {
	Changes int           // so many changes of state …
	Within  time.Duration // … within so long begin it
	Quiet   time.Duration // so long without a change ends it
}

// DefaultLimits apply where the configuration says nothing: five outages in ten minutes.
func DefaultLimits() Limits {
	return Limits{
		Changes: 10,
		Within:  10 * time.Minute,
		Quiet:   10 * time.Minute,
	}
}

// Watch counts the changes of every device. It is safe for concurrent use. For each device it keeps
// the times of up to Limits.Changes changes, until Forget.
type Watch struct {
	limits Limits
	wake   chan struct{} // capacity 1: a device began to flap

	mu      sync.Mutex
	devices map[g.DeviceID]*device
}

type device struct {
	said    g.Status // the newest
	heard   time.Time
	silent  bool        // said was set by Silence
	changes []time.Time // times of the newest changes, at most Limits.Changes
	program []bool      // for each of them: the driver's program came or went, not the device

	since time.Time // when flapping began; zero while it does not flap
	count int       // since flapping began, the changes that began it included
	told  bool      // the beginning is on disk
}

// New makes a watch that knows no device yet.
func New(l Limits) *Watch {
	return &Watch{
		limits:  l,
		wake:    make(chan struct{}, 1),
		devices: map[g.DeviceID]*device{},
	}
}

// Began receives after one or more devices began to flap.
func (w *Watch) Began() <-chan struct{} { return w.wake }

// Note takes a device's new status. It returns false while the device flaps: then the status must
// not be passed on.
func (w *Watch) Note(id g.DeviceID, s g.Status, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.devices[id]
	if d == nil {
		d = &device{}
		w.devices[id] = d
	}
	if up(s.State) {
		d.heard = now
	}
	d.silent = false
	w.say(d, s, now)
	return d.since.IsZero()
}

// Silence makes a flapping device offline where it has not been heard of for longer than its
// profile allows, and online once it is heard of again. For other devices the registry does so.
func (w *Watch) Silence(id g.DeviceID, lastSeen time.Time, allowed time.Duration, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.devices[id]
	if d == nil || d.since.IsZero() {
		return
	}
	if d.heard.After(lastSeen) {
		lastSeen = d.heard
	}
	silent := now.Sub(lastSeen) > allowed
	switch {
	case silent && (up(d.said.State) || d.said.State == ""):
		why := g.Because(g.ReasonSilent, "seconds", allowed.Seconds())
		w.say(d, g.Status{
			State:  g.StateOffline,
			Reason: why.String(),
			Causes: []g.Reason{why},
		},
			now)
		d.silent = true
	case !silent && d.silent:
		w.say(d, g.Status{State: g.StateOnline}, now)
		d.silent = false
	}
}

// up tells whether the device itself responds in this state.
func up(s g.DeviceState) bool { return s == g.StateOnline || s == g.StateFault }

// change tells whether going from a to b counts as a change. Unreachable and
// driver down are the same here.
func change(a, b g.DeviceState) bool { return a != "" && a != b && (up(a) || up(b)) }

func (w *Watch) say(d *device, s g.Status, now time.Time) {
	changed := change(d.said.State, s.State)
	program := s.State == g.StateDriverDown || d.said.State == g.StateDriverDown
	d.said = s
	if !changed {
		return
	}
	if n := len(d.changes); n > 0 && d.changes[n-1].After(now) {
		d.changes, d.program = nil, nil // the clock was set back
	}
	d.changes, d.program = append(d.changes, now), append(d.program, program)
	if over := len(d.changes) - w.limits.Changes; over > 0 {
		d.changes, d.program = d.changes[over:], d.program[over:]
	}
	d.count++
	if !d.since.IsZero() {
		return
	}
	if len(d.changes) < w.limits.Changes || now.Sub(d.changes[0]) > w.limits.Within {
		return
	}
	d.since, d.told, d.count = now, false, len(d.changes)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Adopt takes over a device that was flapping when the gateway stopped. It does nothing where a
// status of the device has come since.
func (w *Watch) Adopt(id g.DeviceID, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.devices[id] != nil {
		return
	}
	w.devices[id] = &device{
		changes: []time.Time{now},
		program: []bool{false},
		since:   now,
		told:    true,
	}
}

// Forget drops a device that was removed or switched off.
func (w *Watch) Forget(id g.DeviceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.devices, id)
}

// Turn is the beginning or the end of a device's flapping. The caller
// journals it and then calls Told.
type Turn struct {
	Device g.DeviceID
	Begins bool
	Status g.Status
	since  time.Time
}

// Due lists the turns that are not on disk yet.
func (w *Watch) Due(now time.Time) []Turn {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Turn
	for id, d := range w.devices {
		switch {
		case d.since.IsZero():
		case !d.told:
			out = append(out, Turn{
				Device: id,
				Begins: true,
				Status: d.begins(),
				since:  d.since,
			})
		case now.Sub(d.changes[len(d.changes)-1]).Abs() >= w.limits.Quiet:
			out = append(out, Turn{
				Device: id,
				Status: d.ends(),
				since:  d.since,
			})
		}
	}
	return out
}

func (d *device) begins() g.Status {
	span := d.since.Sub(d.changes[0]).Round(time.Second)
	reason := fmt.Sprintf("%d changes of state within %s", d.count, span)
	if why := d.said.Reason; why != "" {
		reason += "; the last: " + why
	}
	return g.Status{
		State:  g.StateFlapping,
		Reason: reason,
	}
}

// ends is the device's last status. Where none has come since Adopt, it is online; whether the
// device is silent is found out elsewhere.
func (d *device) ends() g.Status {
	if d.said.State == "" {
		return g.Status{State: g.StateOnline}
	}
	return d.said
}

// Told notes that a turn is on disk. Where the state has changed since an end was written, the
// device still flaps, and its beginning is due again.
func (w *Watch) Told(t Turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.devices[t.Device]
	if d == nil || !d.since.Equal(t.since) {
		return
	}
	if t.Begins {
		d.told = true
		return
	}
	// the state changed while the end was written
	if !reflect.DeepEqual(d.ends(), t.Status) {
		d.told = false
		return
	}
	d.since = time.Time{}
	d.changes = nil
	d.program = nil
	d.count = 0
}

// Flap is a device that flaps.
type Flap struct {
	Device  g.DeviceID
	Since   time.Time
	Changes int
	Last    string // why the device was out of reach the last time, in the driver's words
	Program bool   // its driver's program comes and goes, and the device with it
}

// Flapping lists the devices whose flapping is on disk.
func (w *Watch) Flapping() map[g.DeviceID]Flap {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[g.DeviceID]Flap{}
	for id, d := range w.devices {
		if d.since.IsZero() || !d.told {
			continue
		}
		program := 0
		for _, p := range d.program {
			if p {
				program++
			}
		}
		out[id] = Flap{
			Device:  id,
			Since:   d.since,
			Changes: d.count,
			Last:    d.said.Reason,
			Program: 2*program > len(d.program),
		}
	}
	return out
}
