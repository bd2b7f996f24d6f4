package host

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// State is where a driver program is in its life.
type State string

// The states.
const (
	Starting    State = "starting"
	Running     State = "running"     // configured, and serving its devices
	Backoff     State = "backoff"     // ended unasked; started again after a pause
	Quarantined State = "quarantined" // crashed too often; tried again seldom, or by Restart
	Refused     State = "refused"     // not started, or not kept, for what it is; waits for Restart
	Stopped     State = "stopped"     // not run yet, or the host has stopped
)

// Status is what the host knows of a driver.
type Status struct {
	Name        gatehouse.DriverName
	Path        string
	PID         int // 0 where no program runs
	State       State
	Reason      string // why it is in backoff, quarantined or refused, for people
	Description drivers.Description
	// version of the contract that was agreed on; 0 before it has greeted the host
	Contract int
	Pinned   bool   // its checksum was given and is right
	SHA256   string // of the program, as it was before its last start
	// What it can do beside serving devices.
	Probes, Commands, Discovers bool

	Restarts     int       // starts after the first
	Started      time.Time // the present run; zero where none runs
	Devices      int       // that it is to serve
	LastError    string    // of the last crash or refusal, kept while it runs again
	LastErrorAt  time.Time
	Observations uint64 // accepted since the host began

	Confined Confined // how the present run is confined, or the last one was

	Memory     int64     // bytes that the program and what it started hold; 0: not known
	MemoryMax  int64     // at which it is ended
	Quarantine time.Time // since when it is in quarantine, also while it is tried; zero: it is not
	// when a program in a pause is started again; zero: it is not, or not by itself
	NextAttempt time.Time
}

// Status reports every driver in the order of the specs.
func (h *Host) Status() []Status {
	h.mu.Lock()
	order := slices.Clone(h.order)
	h.mu.Unlock()
	out := make([]Status, 0, len(order))
	for _, s := range order {
		out = append(out, s.snapshot())
	}
	return out
}

// Driver reports one driver.
func (h *Host) Driver(name gatehouse.DriverName) (Status, error) {
	s, err := h.find(name)
	if err != nil {
		return Status{}, err
	}
	return s.snapshot(), nil
}

// Changed returns a channel that is closed when the state of any driver changes next.
func (h *Host) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

func (h *Host) notify() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.changed)
	h.changed = make(chan struct{})
}

// Wait blocks until a driver is in one of the states, by default Running, and returns its
// status then. It ends with ctx. A driver that is not known yet, since Run has only just
// been called, is waited for.
func (h *Host) Wait(
	ctx context.Context, driver gatehouse.DriverName, states ...State,
) (Status, error) {
	if len(states) == 0 {
		states = []State{Running}
	}
	for {
		changed := h.Changed()
		s, err := h.Driver(driver)
		if err == nil && slices.Contains(states, s.State) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

func itoa(i int) string { return strconv.Itoa(i) }
