package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/drivers"
	"github.com/gatehouse-iot/gatehouse/drivers/host"
)

func TestCalls(t *testing.T) {
	h, _ := start(t, host.Options{Crashes: 100}, spec("steady"))
	wait(t, h, "steady")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()

	p, err := h.Probe(ctx, "steady", device("", ""))
	want := drivers.Probe{
		Message: "counts",
		Values: map[string]gatehouse.Value{
			"n":      gatehouse.NumberValue(1),
			"secret": gatehouse.BoolValue(true),
		},
		Snapshot: []byte{0xff, 0xd8},
	}
	if diff := cmp.Diff(want, p, cmp.Comparer(func(a, b gatehouse.Value) bool { return a == b })); err != nil ||
		diff != "" {
		t.Errorf("probe: %v (-want +got):\n%s", err, diff)
	}
	c := drivers.Command{
		ID:     "c1",
		Action: "echo",
		Values: map[string]gatehouse.Value{"a": gatehouse.StringValue("b")},
		Data:   bytes.Repeat([]byte{7}, drivers.MaxData),
	}
	r, err := h.Command(ctx, "steady", c)
	if err != nil || r.Message != "c1" || r.Values["a"] != gatehouse.StringValue("b") ||
		!bytes.Equal(r.Data, c.Data) {
		t.Errorf("command: got %q, %v, %d bytes, %v", r.Message, r.Values, len(r.Data), err)
	}
	var found []drivers.Candidate
	err = h.Discover(ctx, "steady", func(c drivers.Candidate) { found = append(found, c) })
	if err != nil || len(found) != 2 || found[0].Address["host"] != "10.0.0.1" ||
		found[0].Profile != "counter" || found[1].Serial != "A2" {
		t.Errorf("discover: got %+v, %v", found, err)
	}

	short, cancelShort := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancelShort()
	for _, c := range []struct {
		name string
		call func() error
		want gatehouse.Error
	}{
		{"the driver's own words", func() error {
			_, err := h.Probe(ctx, "steady", device("", "refuse"))
			return err
		},
			gatehouse.Error{
				Code:    gatehouse.Invalid,
				Field:   "host",
				Message: "nobody answers at 192.0.2.1",
			}},
		{"a probe that hangs", func() error {
			_, err := h.Probe(short, "steady", device("", "hang"))
			return err
		},
			gatehouse.Error{
				Code:    gatehouse.Unavailable,
				Message: `driver "steady" did not answer in time`,
			}},
		{"a probe that panics", func() error {
			_, err := h.Probe(ctx, "steady", device("", "panic"))
			return err
		},
			gatehouse.Error{
				Code:    gatehouse.Unavailable,
				Message: "the driver panicked in Probe: probe gone wrong", Reason: "panicked",
				Params: map[string]string{"where": "Probe", "detail": "probe gone wrong"},
			}},
		{"an unknown action", func() error {
			_, err := h.Command(ctx, "steady", drivers.Command{Action: "fly"})
			return err
		},
			gatehouse.Error{Code: gatehouse.NotFound, Message: `no action "fly"`}},
		{"too much data", func() error {
			_, err := h.Command(ctx, "steady",
				drivers.Command{Data: make([]byte, drivers.MaxData+1)})
			return err
		}, gatehouse.Error{
			Code:    gatehouse.TooLarge,
			Message: "the command's data has 8388609 bytes; at most 8388608 are taken",
		}},
		{"a driver that dies of the probe", func() error {
			_, err := h.Probe(ctx, "steady", device("", "die"))
			return err
		},
			gatehouse.Error{
				Code:    gatehouse.Unavailable,
				Message: `driver "steady" ended before it answered`,
			}},
	} {
		err := c.call()
		var e *gatehouse.Error
		if !errors.As(err, &e) || !reflect.DeepEqual(bare(e), c.want) {
			t.Errorf("%s: got %#v, want %#v", c.name, err, c.want)
		}
	}
}

func TestCallsWithoutAFunctionOrADriver(t *testing.T) {
	h, _ := start(t, host.Options{Crashes: 1}, spec("idle"), spec("exit"))
	if st := wait(t, h, "idle"); st.Probes || st.Commands || st.Discovers {
		t.Errorf("got %+v, want a driver without calls", st)
	}
	wait(t, h, "exit", host.Quarantined)
	for driver, want := range map[gatehouse.DriverName]gatehouse.Error{
		"idle": {Code: gatehouse.NotFound, Message: `driver "idle" has no such function`},
		"exit": {
			Code:    gatehouse.Unavailable,
			Message: `driver "exit" is not running (quarantined: it ended 1 times within 10m0s and is tried again only now and then; the last time it ended at once and did not greet the gateway: it is no driver, or its main does not call drivers.Serve)`,
		},
	} {
		_, probeErr := h.Probe(t.Context(), driver, device("", ""))
		_, commandErr := h.Command(t.Context(), driver, drivers.Command{})
		discoverErr := h.Discover(t.Context(), driver, func(drivers.Candidate) {})
		for _, err := range []error{probeErr, commandErr, discoverErr} {
			var e *gatehouse.Error
			if !errors.As(err, &e) || !reflect.DeepEqual(bare(e), want) {
				t.Errorf("%s: got %#v, want %#v", driver, err, want)
			}
		}
	}
}

// A program gets nothing of the gateway's environment, and its folder is removed with it.
func TestBareEnvironment(t *testing.T) {
	t.Setenv("GATEHOUSE_MASTER_KEY", "do not leak")
	t.Setenv("TZ", "Asia/Shanghai")
	dir := t.TempDir()
	h, stop := start(t, host.Options{TempDir: dir, Crashes: 100}, spec("steady"))
	st := wait(t, h, "steady")
	p, err := h.Probe(t.Context(), "steady", device("", "environment"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(p.Message) {
		name, _, _ := strings.Cut(line, "=")
		if strings.HasPrefix(name, "GATEHOUSE") || strings.HasPrefix(name, "TMP") ||
			strings.HasPrefix(name, "TZ") || name == "PATH" || name == "HOME" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if want := []string{"GATEHOUSE_DRIVER", "TMPDIR", "TZ"}; !slices.Equal(names, want) ||
		strings.Contains(p.Message, "do not leak") {
		t.Errorf("got %v of\n%s\nwant %v", names, p.Message, want)
	}
	if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, h, "steady", host.Backoff)
	wait(t, h, "steady")
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("while it runs again: got folders %q, want one", left)
	}
	stop()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
		t.Errorf("after the stop: got %q left behind, want nothing", left)
	}
}

// Child processes of a driver end with it, and do not delay its restart.
func TestChildrenEndWithTheDriver(t *testing.T) {
	s := newSink()
	h, _ := start(t, host.Options{Sink: s, Crashes: 100}, spec("steady"))
	st := wait(t, h, "steady")
	put(t, h, "steady", device("dev_1", "child"))
	s.wait(t, "a reading", readings("dev_1", 1))
	if err := syscall.Kill(st.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, h, "steady", host.Backoff)
	if st2 := wait(t, h, "steady"); st2.PID == st.PID {
		t.Errorf("got the same process %d", st.PID)
	}
	if left := groupMembers(t, st.PID); len(left) != 0 {
		t.Errorf("process group %d: got %q alive, want none", st.PID, left)
	}
}

// If the gateway dies, its driver programs end, because their sessions do.
func TestDriverEndsWithItsGateway(t *testing.T) {
	cmd := exec.Command(spec("").Path, "drive=host")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, scanErr := fmt.Fscan(out, &pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if scanErr != nil {
		t.Fatal(scanErr)
	}
	for deadline := time.Now().Add(patience); len(groupMembers(t, pid)) > 0; {
		if time.Now().After(deadline) {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("driver %d still runs %s after its gateway was killed", pid, patience)
		}
		<-time.After(10 * time.Millisecond) // there is no notification of another process's exit
	}
}

// Drivers ignore systemd's stop signal and a terminal's interrupt: the gateway stops them.
func TestDriverLeavesSignalsToItsGateway(t *testing.T) {
	s := newSink()
	h, _ := start(t, host.Options{Sink: s}, spec("steady"))
	st := wait(t, h, "steady")
	put(t, h, "steady", device("dev_1", ""))
	s.wait(t, "a reading", readings("dev_1", 1))
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := syscall.Kill(st.PID, sig); err != nil {
			t.Fatal(err)
		}
	}
	s.set(func(s *sink) { s.got = nil })
	s.wait(t, "more readings", readings("dev_1", 10))
	if now, _ := h.Driver("steady"); now.PID != st.PID || now.Restarts != 0 {
		t.Errorf("got process %d after %d restarts, want still %d", now.PID, now.Restarts, st.PID)
	}
}

// groupMembers lists the live processes of a group, from /proc (proc(5), stat).
func groupMembers(t *testing.T, group int) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		t.Skip("no /proc to look at")
	}
	var out []string
	for _, name := range stats {
		b, _ := os.ReadFile(name)
		_, rest, _ := strings.Cut(string(b), ") ")
		f := strings.Fields(rest) // state, parent, group …
		if len(f) > 2 && f[2] == strconv.Itoa(group) && f[0] != "Z" && f[0] != "X" {
			out = append(out, string(b))
		}
	}
	return out
}

func TestDeviceChanges(t *testing.T) {
	s := newSink()
	early := host.New(host.Options{Sink: s, Logger: slog.New(slog.DiscardHandler)})
	for _, d := range []drivers.Device{
		device("dev_1", "refuse"),
		device("dev_2", "quiet"),
		device("dev_1", "quiet"),
	} {
		put(t, early, "steady", d)
	}
	early.Drop("dev_2")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- early.Run(ctx, []host.Spec{spec("steady")}) }()
	wait(t, early, "steady")
	if st, _ := early.Driver("steady"); st.Devices != 1 {
		t.Errorf("got %d devices, want the one that was put and not dropped", st.Devices)
	}
	put(t, early, "steady", device("dev_1", "refuse"))
	s.wait(t, "offline after the change", hasStates("dev_1", gatehouse.StateOffline))
	put(t, early, "steady", device("dev_1", "")) // does not wait for the back-off
	s.wait(t, "readings after the change", readings("dev_1", 3))
	early.Drop("dev_1")
	put(t, early, "steady", device("dev_3", ""))
	s.wait(t, "the other's readings", readings("dev_3", 3))
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got, want := states(s.got, "dev_1"), []gatehouse.DeviceState{
		gatehouse.StateOffline,
		gatehouse.StateOnline,
	}; !slices.Equal(got, want) {
		t.Errorf("got states %v, want %v", got, want)
	}
}

// A panic in Connect affects that device only.
func TestPanicInConnect(t *testing.T) {
	s := newSink()
	h, _ := start(t, host.Options{Sink: s}, spec("steady"))
	st := wait(t, h, "steady")
	put(t, h, "steady", device("dev_1", "panic"))
	put(t, h, "steady", device("dev_2", ""))
	s.wait(t, "the other's readings", readings("dev_2", 2))
	s.wait(t, "offline with the panic's first line", func(got []gatehouse.Observation) bool {
		return slices.ContainsFunc(got, func(o gatehouse.Observation) bool {
			return o.Device == "dev_1" && o.Status != nil &&
				o.Status.State == gatehouse.StateOffline &&
				o.Status.Reason == `the driver panicked in Connect of device "dev_1": assignment to entry in nil map`
		})
	})
	if now, _ := h.Driver("steady"); now.PID != st.PID {
		t.Errorf("got process %d, want still %d", now.PID, st.PID)
	}
}

// A Connect that never returns delays neither the stop nor other devices.
func TestStubbornConnect(t *testing.T) {
	s := newSink()
	h, stop := start(t, host.Options{Sink: s}, spec("steady"))
	st := wait(t, h, "steady")
	put(t, h, "steady", device("dev_1", "stubborn"))
	put(t, h, "steady", device("dev_2", ""))
	s.wait(t, "the other's readings", readings("dev_2", 1))
	begun := time.Now()
	stop()
	if took := time.Since(begun); took > drivers.StopTimeout+3*time.Second {
		t.Errorf("the stop took %s, want about %s", took, drivers.StopTimeout)
	}
	if err := syscall.Kill(st.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after the stop: got %v, want %v", st.PID, err, syscall.ESRCH)
	}
}

// While the sink refuses, nothing is acknowledged; afterwards the driver continues with the refused
// observation.
func TestSinkThatRefuses(t *testing.T) {
	s := newSink()
	h, _ := start(t, host.Options{Sink: s}, spec("steady"))
	put(t, h, "steady", device("dev_1", ""))
	s.wait(t, "readings", readings("dev_1", 2))
	s.set(func(s *sink) { s.refuse = gatehouse.Errorf(gatehouse.Unavailable, "the disk is full") })
	s.wait(t, "a refusal", func([]gatehouse.Observation) bool { return s.refused > 0 })
	s.set(func(s *sink) { s.refuse, s.got = nil, nil })
	s.wait(t, "readings again", readings("dev_1", 2))
}

func TestLog(t *testing.T) {
	sp := spec("steady")
	sp.Settings = map[string]string{"greeting": "good morning"}
	h, _ := start(t, host.Options{}, sp)
	wait(t, h, "steady")
	put(t, h, "steady", device("dev_9", "refuse"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	want := map[string]slog.Level{
		`configured greeting="good morning"`:                               slog.LevelInfo,
		`device offline device=dev_9 reason="nobody answers at 192.0.2.1"`: slog.LevelWarn,
	}
	for len(want) > 0 {
		lines, err := h.Log("steady")
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if level, ok := want[l.Text]; ok && level == l.Level && !l.Time.IsZero() {
				delete(want, l.Text)
			}
		}
		select {
		case <-time.After(5 * time.Millisecond): // the line is read asynchronously
		case <-ctx.Done():
			t.Fatalf("got %+v, want also %v", lines, want)
		}
	}
	if _, err := h.Log("none"); gatehouse.ErrorCode(err) != gatehouse.NotFound {
		t.Errorf("got %v, want not_found", err)
	}
	secret := device("dev_10", "")
	secret.Secret = map[string]string{"key": "good morning", "pin": "de"}
	put(t, h, "steady", secret)
	for _, when := range []string{"while its device is served", "after it is gone"} {
		lines, err := h.Log("steady")
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprint(lines); strings.Contains(text, "good morning") ||
			!strings.Contains(text, "configured") || !strings.Contains(text, "device offline") {
			t.Errorf("%s: got %s, want the secret hidden and nothing else", when, text)
		}
		h.Drop(secret.ID)
	}
}

func TestInProcessDriver(t *testing.T) {
	s := newSink()
	h, stop := start(t, host.Options{Sink: s}, host.Spec{Name: "here", Driver: testDriver{}})
	if st := wait(t, h, "here"); st.PID != os.Getpid() {
		t.Errorf("got process %d, want our own, %d", st.PID, os.Getpid())
	}
	put(t, h, "here", device("dev_1", ""))
	s.wait(t, "readings", readings("dev_1", 5))
	stop()
}

// bare is the error as it crosses the wire, without Text.
func bare(e *gatehouse.Error) gatehouse.Error {
	out := *e
	out.Text = nil
	return out
}
