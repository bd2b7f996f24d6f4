package host

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
)

// State is the state of a driver program.
type State string

// The states.
const (
	Starting    State = "starting"
	Running     State = "running"     // configured, and serving its devices
	Backoff     State = "backoff"     // ended unexpectedly; restarted after a pause
	Quarantined State = "quarantined" // crashed too often; retried rarely, or by Restart
	Refused     State = "refused"     // not started, or ended for good: invalid; waits for Restart
	Stopped     State = "stopped"     // not run yet, or the host has stopped
)

// Status describes a driver.
type Status struct {
	Name        gatehouse.DriverName
	Path        string
	PID         int // 0 if no program runs
	State       State
	Reason      string // why it is in backoff, quarantined or refused, for people
	Description drivers.Description
	// negotiated contract version; 0 before the handshake
	Contract int
	Pinned   bool   // its checksum was required and is right
	SHA256   string // of the program, at its last start
	// Optional capabilities.
	Probes, Commands, Discovers, Watches bool

	Restarts     int       // starts after the first
	Started      time.Time // of the current run; zero if none
	Devices      int       // assigned to it
	LastError    string    // last crash or refusal, kept after a restart
	LastErrorAt  time.Time
	Observations uint64 // accepted since the host started
	Answered     uint64 // questions answered since the host started
	// unanswered questions: too many at a time, too late, or an error
	Unanswered uint64

	Confined Confined // confinement of the current or the last run

	Memory     int64     // bytes held by its processes; 0: unknown
	MemoryMax  int64     // bytes at which it is ended
	Quarantine time.Time // start of its quarantine; zero: none
	// next start of a program in back-off or quarantine; zero: none planned
	NextAttempt time.Time
}

// Status returns the status of every driver in the order of the specs.
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

// Driver returns the status of one driver.
func (h *Host) Driver(name gatehouse.DriverName) (Status, error) {
	s, err := h.find(name)
	if err != nil {
		return Status{}, err
	}
	return s.snapshot(), nil
}

// Changed returns a channel that is closed at the next change of any driver's status.
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

// Wait blocks until a driver is in one of the states, by default Running, and returns that status,
// or an error when ctx ends. It also waits for a driver that is not known yet because Run has just
// begun.
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
