package host_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

const patience = 20 * time.Second

// sink records what it accepts, in order, and can be told to refuse or to block.
type sink struct {
	mu      sync.Mutex
	got     []gatehouse.Observation
	refuse  error
	refused int
	block   chan struct{} // if not nil, Accept waits until it is closed
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{})} }

func (s *sink) Accept(
	ctx context.Context, _ gatehouse.DriverName, obs []gatehouse.Observation,
) error {
	s.mu.Lock()
	block := s.block
	s.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		close(s.changed)
		s.changed = make(chan struct{})
	}()
	if s.refuse != nil {
		s.refused++
		return s.refuse
	}
	s.got = append(s.got, obs...)
	return nil
}

func (s *sink) set(change func(*sink)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// wait blocks until what was accepted satisfies ok.
func (s *sink) wait(t *testing.T, what string, ok func([]gatehouse.Observation) bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		done, changed := ok(s.got), s.changed
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Fatalf("waited %s for %s; got %d observations, the last %+v", patience, what,
				len(s.got), tail(s.got))
		}
	}
}

func tail(obs []gatehouse.Observation) []gatehouse.Observation { return obs[max(0, len(obs)-3):] }

func readings(device gatehouse.DeviceID, n int) func([]gatehouse.Observation) bool {
	return func(got []gatehouse.Observation) bool {
		for _, o := range got {
			if o.Device == device && o.Reading != nil {
				n--
			}
		}
		return n <= 0
	}
}

// states is the sequence of states reported for a device.
func states(got []gatehouse.Observation, device gatehouse.DeviceID) []gatehouse.DeviceState {
	var out []gatehouse.DeviceState
	for _, o := range got {
		if o.Device == device && o.Status != nil {
			out = append(out, o.Status.State)
		}
	}
	return out
}

func hasStates(
	device gatehouse.DeviceID, want ...gatehouse.DeviceState,
) func([]gatehouse.Observation) bool {
	return func(got []gatehouse.Observation) bool { return slices.Equal(states(got, device), want) }
}

func spec(kind string) host.Spec {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return host.Spec{Name: gatehouse.DriverName(kind), Path: exe, Args: []string{"drive=" + kind}}
}

// start runs a host until the test ends.
func start(t *testing.T, o host.Options, specs ...host.Spec) (*host.Host, func()) {
	t.Helper()
	if o.Sink == nil {
		o.Sink = newSink()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FirstPause == 0 {
		o.FirstPause = 10 * time.Millisecond
	}
	h := host.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx, specs) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return h, stop
}

func wait(
	t *testing.T, h *host.Host, driver gatehouse.DriverName, states ...host.State,
) host.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := h.Wait(ctx, driver, states...)
	if err != nil {
		lines, _ := h.Log(driver)
		t.Fatalf("driver %q is %s (%s), not %v: %v; log %+v", driver, s.State, s.Reason, states,
			err, lines)
	}
	return s
}

func device(id gatehouse.DeviceID, behave string) drivers.Device {
	return drivers.Device{
		ID:     id,
		Serial: "S-" + string(id), Profile: testDriver{}.Describe().Profiles[0],
		Address: map[string]string{"behave": behave, "host": "192.0.2.1"},
		Secret:  map[string]string{"key": "s3cret"},
	}
}

func put(t *testing.T, h *host.Host, driver gatehouse.DriverName, d drivers.Device) {
	t.Helper()
	if err := h.Put(driver, d); err != nil {
		t.Fatal(err)
	}
}

func TestServesDevices(t *testing.T) {
	s := newSink()
	h, stop := start(t, host.Options{Sink: s}, spec("steady"))
	st := wait(t, h, "steady")
	if st.PID == 0 || st.PID == os.Getpid() || st.Contract != drivers.ContractVersion ||
		st.Pinned || len(st.SHA256) != 64 || !st.Probes || !st.Commands || !st.Discovers {
		t.Errorf("got status %+v", st)
	}
	if diff := cmp.Diff(testDriver{}.Describe(), st.Description); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	put(t, h, "steady", device("dev_1", ""))
	put(t, h, "steady", device("dev_2", ""))
	put(t, h, "steady", device("dev_3", "refuse"))
	s.wait(t, "readings of both", func(got []gatehouse.Observation) bool {
		return readings("dev_1", 5)(got) && readings("dev_2", 5)(got)
	})
	s.wait(t, "the third offline", hasStates("dev_3", gatehouse.StateOffline))
	stop()
	for _, id := range []gatehouse.DeviceID{"dev_1", "dev_2"} {
		if got, want := states(s.got, id), []gatehouse.DeviceState{gatehouse.StateOnline}; !slices.Equal(
			got, want) {
			t.Errorf("states of %s: got %v, want %v", id, got, want)
		}
		var n uint64
		for _, o := range s.got {
			if o.Device == id && o.Reading != nil {
				if n++; o.Sequence != n {
					t.Fatalf("%s: got sequence %d, want %d", id, o.Sequence, n)
				}
			}
		}
	}
	if st, _ := h.Driver("steady"); st.State != host.Stopped || st.PID != 0 ||
		st.Observations != uint64(len(s.got)) {
		t.Errorf("after the stop: got %+v, want stopped and %d observations", st, len(s.got))
	}
	if err := syscall.Kill(st.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after the stop: got %v, want %v", st.PID, err, syscall.ESRCH)
	}
}

func TestKilledDriverComesBack(t *testing.T) {
	s := newSink()
	h, stop := start(t, host.Options{Sink: s, Crashes: 100}, spec("steady"))
	put2 := []gatehouse.DeviceID{"dev_1", "dev_2"}
	wait(t, h, "steady")
	for _, id := range put2 {
		put(t, h, "steady", device(id, ""))
	}
	const kills = 5
	for k := range kills {
		for _, id := range put2 {
			s.wait(t, "readings", func(got []gatehouse.Observation) bool {
				last := states(got, id)
				return len(last) == 2*k+1 && last[2*k] == gatehouse.StateOnline &&
					got[len(got)-1].Reading != nil
			})
		}
		st := wait(t, h, "steady")
		if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for _, id := range put2 {
			s.wait(t, "driver_down", func(got []gatehouse.Observation) bool {
				last := states(got, id)
				return len(last) >= 2*k+2 && last[2*k+1] == gatehouse.StateDriverDown
			})
		}
	}
	st := wait(t, h, "steady")
	stop()
	if st.Restarts != kills || st.LastError != "it ended (signal: killed)" {
		t.Errorf("got %d restarts and last error %q, want %d and a kill", st.Restarts,
			st.LastError, kills)
	}
}
