// Package flapping decides when a device that comes and goes is no longer told of each time: its
// coming and going becomes one state that lasts until the device has kept still for a while.
//
// It stands where states are admitted. While a device flaps, what is said of its state is taken
// and counted and goes no further; the readings and sightings of it do. It does no I/O, has no
// clock and refuses to judge anything but states.
package flapping

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	g "github.com/gatehouse-iot/gatehouse"
)

// Limits say when a device flaps, and when it no longer does. The two are apart, so that a
// device on the border does not flutter between flapping and not.
type Limits struct {
	Changes int           // so many changes of state …
	Within  time.Duration // … within so long begin it
	Quiet   time.Duration // so long without a change ends it
}

// DefaultLimits hold where the configuration says nothing: five outages in ten minutes.
func DefaultLimits() Limits {
	return Limits{
		Changes: 10,
		Within:  10 * time.Minute,
		Quiet:   10 * time.Minute,
	}
}

// Watch counts the changes of every device. It is safe for concurrent use. It holds Changes
// times for each device of which a state was told, until Forget.
type Watch struct {
	limits Limits
	wake   chan struct{} // capacity 1: a device began to flap

	mu      sync.Mutex
	devices map[g.DeviceID]*device
}

// device is what is known of one.
type device struct {
	said    g.Status // the newest
	heard   time.Time
	silent  bool        // said is Silence's
	changes []time.Time // the newest, at most Changes
	program []bool      // which of them came with the driver's program and not with the device

	since time.Time // it flaps; the zero time where it does not
	count int       // changes since the first that counted
	told  bool      // that it flaps is on disk
}

// New makes a watch that knows of nothing yet.
func New(l Limits) *Watch {
	return &Watch{limits: l, wake: make(chan struct{}, 1), devices: map[g.DeviceID]*device{}}
}

// Began receives after a device began to flap.
func (w *Watch) Began() <-chan struct{} { return w.wake }

// Note takes what is said of a device's state. It answers false where the device flaps: then
// nobody else is to be told.
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

// Silence says of a device that flaps whether nothing was heard of it for longer than its
// profile allows. Of others the registry says so itself.
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
		w.say(d, g.Status{State: g.StateOffline, Reason: why.String(), Causes: []g.Reason{why}},
			now)
		d.silent = true
	case !silent && d.silent:
		w.say(d, g.Status{State: g.StateOnline}, now)
		d.silent = false
	}
}

// up says whether the device itself was there.
func up(s g.DeviceState) bool { return s == g.StateOnline || s == g.StateFault }

// change says whether two states are so different that going from one to the other counts.
// That a device cannot be reached and that its driver is gone are the same to whoever waits.
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

// Adopt takes up a device that flapped when the gateway stopped. It changes nothing where a
// state of the device was told since.
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

// Forget lets go of a device that is no more, or is switched off.
func (w *Watch) Forget(id g.DeviceID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.devices, id)
}

// Turn is that a device begins to flap, or ends, as it is to be put on disk; Told says that it is.
type Turn struct {
	Device g.DeviceID
	Begins bool
	Status g.Status
	since  time.Time
}

// Due are the turns that are not on disk yet.
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
			out = append(out, Turn{Device: id, Status: d.ends(), since: d.since})
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
	return g.Status{State: g.StateFlapping, Reason: reason}
}

// ends is the state that was told last. Of a device that was taken up after a start, and of
// which nothing was told since, the rest of the gateway finds out whether it is silent.
func (d *device) ends() g.Status {
	if d.said.State == "" {
		return g.Status{State: g.StateOnline}
	}
	return d.said
}

// Told says that a turn is on disk. What came of the device meanwhile may have it flap again.
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
	// it moved once more: it flaps still, and that is told once more
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

// Flapping lists the devices of which it is on disk that they flap.
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
